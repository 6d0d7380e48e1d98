//! Command lines that make no sense. Where Terraform has the command, it ends as Terraform does.
use ampere_tests::{Lab, Run};

use super::{ACCOUNT, lab, recovers};

fn misused(run: Run, code: i32, says: &str) {
    run.exits(code).keeps_quiet_about("panicked").says(says);
}

#[test]
fn of_commands_that_terraform_has() {
    let lab = lab(ACCOUNT);
    misused(lab.ampere("plan -frobnicate"), 1, "'-frobnicate'");
    misused(lab.ampere("plan -parallelism=0"), 1, "0 is not in 1..");
    misused(lab.ampere("plan -parallelism=many"), 1, "many");
    misused(lab.ampere("apply -lock-timeout=soon"), 1, "soon");
    misused(lab.ampere("apply one.tfplan two.tfplan"), 1, "two.tfplan");
    misused(lab.ampere("import"), 1, "ADDRESS");
    misused(lab.ampere("plan -destroy -refresh-only"), 1, "exclude each other");
    misused(lab.ampere("plan -target=not..an.address"), 1, "Invalid address in -target");
    misused(lab.ampere("-chdir=nowhere plan"), 1, "nowhere");
    assert!(lab.cloud().ours().is_empty());
    recovers(&lab);
}

#[test]
fn of_commands_of_our_own() {
    let lab = Lab::new();
    misused(lab.ampere("sandbox -frobnicate"), 64, "'-frobnicate'");
    misused(lab.ampere("audit"), 64, "Usage: ampere audit");
    misused(lab.ampere(""), 64, "Usage: ampere");
}

#[test]
fn nobody_is_there_to_say_yes() {
    let lab = lab(ACCOUNT);
    misused(lab.ampere("apply -input=false"), 1, "-auto-approve");
    misused(lab.ampere("apply"), 1, "Apply cancelled");
    misused(lab.ampere("apply -json"), 1, "-auto-approve");
    assert!(lab.cloud().ours().is_empty());
    recovers(&lab);
}
