//! Bad input and bad weather. Each is told with its place and what to do next, harms nothing, and the next good run works.
mod configuration;
mod connection;
mod dashboard;
mod interrupt;
mod listing;
mod lock;
mod plan_file;
mod refusals;
mod state;
mod usage;
mod values;

use std::path::Path;

use ampere_tests::{Lab, Run};

/// An account and nothing else.
const ACCOUNT: &str = r#"resource "ampere_account" "ada" {
  email = "ada@example.com"
}
"#;

/// One customer's account, subscription and instance.
const CUSTOMER: &str = r#"resource "ampere_account" "ada" {
  email = "ada@example.com"
}

resource "ampere_subscription" "ada" {
  account    = ampere_account.ada.id
  price      = "price_hosting_monthly"
  trial_days = 14
}

resource "ampere_instance" "ada" {
  account      = ampere_account.ada.id
  subscription = ampere_subscription.ada.id
  location     = "nbg1"
  server_type  = "cx23"
  model        = "anthropic/claude-sonnet-4-6"
}
"#;

/// A directory with that configuration.
fn lab(configuration: &str) -> Lab {
    let lab = Lab::new();
    lab.write("main.tf", configuration);
    lab
}

/// The run failed like this, without a panic.
fn failed(run: Run, code: i32, says: &[&str]) -> Run {
    let run = run.exits(code).keeps_quiet_about("panicked").keeps_quiet_about("RUST_BACKTRACE").says("Error: ");
    says.iter().fold(run, |run, text| run.says(text))
}

/// A good run works, there is nothing left to do after it, and no file lies about.
fn recovers(lab: &Lab) {
    lab.ampere("apply -auto-approve -input=false").exits(0);
    lab.ampere("plan -detailed-exitcode -input=false").exits(0).says("No changes.");
    no_litter(lab.path());
}

/// Only the configuration, plans that were asked for, the keys, the state and its journal lie in the directory.
fn no_litter(directory: &Path) {
    for entry in std::fs::read_dir(directory).expect("the directory is there") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().and_then(|n| n.to_str()).expect("a name").to_owned();
        if path.is_dir() {
            assert_eq!(name, ".ampere", "a stray directory");
            no_litter(&path);
        } else {
            let known = ["key", "epochs", "state.db", "state.db-wal", "state.db-shm"].contains(&name.as_str());
            assert!(known || name.ends_with(".tf") || name.ends_with(".tfplan"), "a stray file: {name}");
        }
    }
}
