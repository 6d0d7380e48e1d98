//! `ampere apply` while the server or the command itself is killed.
use std::time::Duration;

use ampere_tests::{Lab, Postgres};

use crate::kit::new_schema;

const MANY: &str = r#"
resource "terraform_data" "a" {
  count = 300
  input = "one ${count.index}"
}
output "last" {
  value = terraform_data.a[299].output
}
"#;

fn lab(server: &Postgres) -> Lab {
    let mut lab = Lab::embedded();
    lab.write("main.tf", MANY);
    lab.set("AMPERE_STATE_URL", &server.url());
    lab.set("PG_SCHEMA_NAME", &new_schema());
    lab
}

/// How many objects the state has; none while it has no tables.
fn objects(lab: &Lab) -> usize {
    lab.ampere("state list").stdout.lines().count()
}

/// Starts an apply and waits until it is in the middle of it.
fn under_way(lab: &Lab) -> ampere_tests::Running {
    let running = lab.start("apply -auto-approve -parallelism=2");
    while objects(lab) < 20 {
        std::thread::sleep(Duration::from_millis(20));
    }
    running
}

/// Everything is there once, and nobody has to do anything.
fn is_whole(lab: &Lab) {
    lab.ampere("plan -detailed-exitcode").exits(0).says("No changes");
    assert_eq!(objects(lab), 300);
    lab.ampere("audit verify").exits(0);
}

#[test]
fn a_server_that_is_killed_in_the_middle_and_comes_back_costs_nothing() {
    let mut server = Postgres::start();
    let lab = lab(&server);
    let running = under_way(&lab);
    server.kill();
    server.run();
    running.end().exits(0).says("300 added");
    is_whole(&lab);
}

#[test]
fn a_server_that_stays_away_is_told_and_the_next_run_goes_on() {
    let mut server = Postgres::start();
    let lab = lab(&server);
    let running = under_way(&lab);
    server.kill();
    running.end().exits(3).says("cannot be used");
    server.run();
    let made = objects(&lab);
    assert!((20..300).contains(&made), "{made}");
    // Its lock was not given back; it ends by itself.
    lab.ampere("apply -auto-approve -lock-timeout=60s").exits(0);
    is_whole(&lab);
}

#[test]
fn a_command_that_is_killed_blocks_nobody() {
    let server = Postgres::start();
    let lab = lab(&server);
    let running = under_way(&lab);
    running.kill();
    lab.ampere("apply -auto-approve").exits(4).says("frees itself");
    lab.ampere("apply -auto-approve -lock-timeout=60s").exits(0);
    is_whole(&lab);
}
