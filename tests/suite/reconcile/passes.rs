//! Passes one by one.
use ampere_tests::Lab;

use super::{CUSTOMER, applied, end_all, once, state_of, tombstones};

#[test]
fn r2_an_ended_customer_is_gone_and_it_is_confirmed() {
    let lab = applied(CUSTOMER);
    once(&lab).exits(0).says("Pass complete. Accounts: 1. Resources: 0 added, 0 changed, 0 destroyed.");
    end_all(&lab);
    once(&lab).exits(0).says("Departures: 1 begun").says("ampere_instance.ada: Destruction complete");
    assert!(lab.cloud().ours().is_empty(), "{:?}", lab.cloud().ours());
    assert_eq!(state_of(&lab), "open");
    once(&lab).exits(0).says("Departures: 1 confirmed.");
    assert_eq!(state_of(&lab), "confirmed");
    once(&lab).exits(0).keeps_quiet_about("Departures");
    lab.ampere("audit log").exits(0).says("erasure.begin").says("erasure.confirm");
    lab.ampere("audit verify").exits(0);
    // It does not come back by itself, and may come back when a person says so.
    lab.ampere("apply -auto-approve").exits(0);
    assert!(lab.cloud().ours().is_empty());
    let owner = tombstones(&lab)[0]["owner"].as_str().expect("an owner").to_owned();
    lab.ampere(&format!("tombstone lift {owner} -auto-approve")).exits(0).says("The tombstone is lifted.");
    lab.ampere("plan").exits(0).says("3 to add");
}

#[test]
fn r2_a_broken_configuration_stops_no_deletion() {
    let lab = applied(CUSTOMER);
    end_all(&lab);
    lab.write("main.tf", "resource \"ampere_account\" {");
    let run = once(&lab).exits(3).says("Error: ").says("Only the promises were looked at").says("1 begun");
    run.keeps_quiet_about("panicked");
    assert!(lab.cloud().ours().is_empty());
    once(&lab).exits(1).says("1 confirmed");
    lab.write("main.tf", CUSTOMER);
    once(&lab).exits(0).says("Pass complete.");
}

#[test]
fn without_a_configuration_no_empty_sandbox_is_taken_for_the_clouds() {
    let lab = Lab::embedded();
    lab.write("main.tf", "resource {");
    once(&lab).exits(1).says("The clouds are not known").says("environment").says("main.tf line 1");
    assert!(!lab.path().join(".ampere/sandbox").exists());
}

#[test]
fn a_runaway_waits_for_a_person() {
    let lab = applied(
        r#"resource "ampere_account" "all" {
  count = 7
  email = "c${count.index}@example.com"
}

resource "ampere_subscription" "all" {
  count      = 7
  account    = ampere_account.all[count.index].id
  price      = "price_hosting_monthly"
  trial_days = 14
}
"#,
    );
    end_all(&lab);
    let run = once(&lab).exits(1).says("The deletion guard waits for a person.");
    run.says("ampere reconcile -approve=7");
    assert_eq!(lab.cloud().objects("identity_toolkit", "accounts").len(), 7, "nobody went");
    assert_eq!(state_of(&lab), ["held"; 7].join(" "));
    // Too few, and then enough; said once, it counts once.
    once_approved(&lab, 1).exits(1);
    lab.ampere("reconcile -approve=7").exits(0).says("the next pass may let 7 departures begin");
    once(&lab).exits(0).says("7 begun");
    assert!(lab.cloud().ours().is_empty());
    lab.ampere("audit log").exits(0).says("guard.approve").says("guard.approval_used");
}

fn once_approved(lab: &Lab, count: usize) -> ampere_tests::Run {
    lab.ampere(&format!("reconcile -once -approve={count} -no-color"))
}

#[test]
fn a_pass_is_told_to_programs_in_json() {
    let lab = applied(CUSTOMER);
    end_all(&lab);
    let run = lab.ampere("reconcile -once -json").exits(0);
    let lines: Vec<serde_json::Value> =
        run.stdout.lines().map(|line| serde_json::from_str(line).expect("one document a line")).collect();
    let pass = lines.iter().find(|line| line["type"] == "reconcile_pass").expect("a pass");
    assert_eq!((&pass["departures"]["begun"], &pass["complete"]), (&1.into(), &true.into()));
    assert_eq!(pass["resources"]["destroyed"], 3);
    run.keeps_quiet_about("ada@example.com");
}

#[test]
fn a_locked_state_is_told_and_a_wrong_word_is_64() {
    let lab = applied(CUSTOMER);
    lab.ampere("reconcile -once -lock=false").exits(64);
    lab.ampere("reconcile -interval=1ms").exits(64).says("at least 1s");
    lab.ampere("reconcile -approve=0").exits(64);
    lab.ampere("reconcile -listen=nowhere").exits(64).says("an IP address and a port");
    lab.ampere("tombstone").exits(64);
    lab.ampere("notice send -subject=x").exits(64);
    lab.ampere("erase").exits(64);
    lab.ampere("erase ampere_account.nobody").exits(1).says("No such object");
    lab.ampere("erase ampere_account.ada").exits(1).says("Erase cancelled.");
    lab.ampere("tombstone lift 00").exits(1).says("No such tombstone");
    for help in ["reconcile", "erase", "tombstone list", "tombstone lift", "notice send", "notice list"] {
        lab.ampere(&format!("{help} -help")).exits(0).says("Usage: ampere");
    }
}
