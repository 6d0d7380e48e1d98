//! A fleet: four resources a customer, ten steps at a time, killed somewhere.
use std::error::Error;

use super::kills::{self, Reference, Suite, Tally};
use super::rig::{Rig, RigError};
use super::scenario::Scenario;
use super::{Arguments, Ground};
use crate::say::say;

/// Steps in flight: the command's default.
const PARALLELISM: usize = 10;
const APPLY: &str = "apply -auto-approve";

/// Kills the making of a fleet at a sample of its points, before and after calls and in its commits.
///
/// # Errors
/// The harness itself fails.
pub fn strike(arguments: &Arguments, ground: &Ground) -> Result<Tally, Box<dyn Error>> {
    let customers = arguments.fleet;
    let prepare = move |rig: &Rig| write(rig, customers);
    let scenario = Scenario {
        name: "fleet",
        about: "a fleet made from nothing",
        prepare: &prepare,
        command: APPLY,
        again: &[APPLY],
        keeps: false,
        boxes: false,
        parallelism: PARALLELISM,
        idle: "plan -detailed-exitcode",
    };
    let reference = Reference::of(&scenario, ground)?;
    say(&format!("fleet: {} resources, {} calls", customers * 4, reference.calls()));
    let mut total = Tally::default();
    let sample = Arguments { sample: arguments.fleet_sample, exhaustive: false, point: None, ..arguments.clone() };
    for suite in [Suite::Calls, Suite::Commits] {
        let tally = kills::strike(&scenario, suite, &reference, &sample, ground)?;
        total.points += tally.points;
        total.failed += tally.failed;
    }
    Ok(total)
}

fn write(rig: &Rig, customers: usize) -> Result<(), RigError> {
    let text = format!(
        r#"variable "key" {{
  type      = string
  ephemeral = true
}}

locals {{
  customers = toset([for n in range({customers}) : format("c%05d", n)])
}}

resource "ampere_account" "all" {{
  for_each = local.customers
  email    = "${{each.key}}@example.com"
}}

resource "ampere_subscription" "all" {{
  for_each   = local.customers
  account    = ampere_account.all[each.key].id
  price      = "price_hosting_monthly"
  trial_days = 14
}}

resource "ampere_secret" "all" {{
  for_each = local.customers
  account  = ampere_account.all[each.key].id
  kind     = "anthropic"
  value_wo = var.key
}}

resource "ampere_instance" "all" {{
  for_each     = local.customers
  account      = ampere_account.all[each.key].id
  subscription = ampere_subscription.all[each.key].id
  location     = "nbg1"
  server_type  = "cx23"
  model        = "anthropic/claude-sonnet-4-6"
  secrets      = [ampere_secret.all[each.key].id]
}}
"#
    );
    rig.write("main.tf", &text)?;
    rig.write("key.auto.tfvars", "key = \"sk-ant-EXAMPLE-fleet\"\n")
}
