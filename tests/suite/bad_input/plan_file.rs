//! Saved plans that must not be applied.
use std::fs;

use super::{ACCOUNT, failed, lab, recovers};

fn saved() -> ampere_tests::Lab {
    let lab = lab(ACCOUNT);
    lab.ampere("plan -out=p.tfplan").exits(0);
    lab
}

#[test]
fn stale() {
    let lab = saved();
    lab.ampere("apply -auto-approve").exits(0);
    let before = lab.cloud().holdings();
    failed(lab.ampere("apply p.tfplan"), 4, &["Saved plan is stale", "Plan again"]);
    assert_eq!(lab.cloud().holdings(), before, "a stale plan did something");
    recovers(&lab);
}

#[test]
fn of_another_stack() {
    let (lab, stranger) = (saved(), saved());
    let theirs = fs::read(stranger.path().join("p.tfplan")).expect("read");
    fs::write(lab.path().join("p.tfplan"), theirs).expect("written");
    failed(lab.ampere("apply p.tfplan"), 4, &["Plan of another stack", "p.tfplan", "Plan again"]);
    failed(lab.ampere("show p.tfplan"), 4, &["Plan of another stack"]);
    assert!(lab.cloud().ours().is_empty());
    recovers(&lab);
}

/// The plan is applied with the configuration it was made of, not with another that lies there now.
#[test]
fn with_another_configuration() {
    let lab = saved();
    lab.write("main.tf", &ACCOUNT.replace("ada", "grace"));
    lab.ampere("apply p.tfplan").exits(0).says("ampere_account.ada: Creation complete");
    let accounts = lab.cloud().objects("identity_toolkit", "accounts");
    assert_eq!(accounts.len(), 1);
    assert_eq!(accounts[0]["email"], "ada@example.com");
    recovers(&lab);
    assert_eq!(lab.cloud().objects("identity_toolkit", "accounts")[0]["email"], "grace@example.com");
}

#[test]
fn garbage_cut_and_changed() {
    let lab = saved();
    let good = fs::read(lab.path().join("p.tfplan")).expect("read");
    let mut changed = good.clone();
    let middle = changed.len() / 2;
    changed[middle] ^= 1;
    let cases: [(&[u8], &str); 5] = [
        (b"", "not a saved plan"),
        (b"{}", "not a saved plan"),
        (&[0xff; 2000], "not a saved plan"),
        (&good[..good.len() / 2], "has been cut"),
        (&changed, "was changed after it was written"),
    ];
    for (bytes, why) in cases {
        fs::write(lab.path().join("p.tfplan"), bytes).expect("written");
        failed(lab.ampere("apply p.tfplan"), 1, &["Failed to load plan file", "p.tfplan", why, "Plan again"]);
        assert!(lab.cloud().ours().is_empty(), "a bad plan did something");
    }
    failed(lab.ampere("apply nowhere.tfplan"), 1, &["Failed to load plan file", "nowhere.tfplan"]);
    fs::write(lab.path().join("p.tfplan"), good).expect("written");
    lab.ampere("apply p.tfplan").exits(0);
    recovers(&lab);
}

#[test]
fn variables_cannot_be_changed_later() {
    let lab = lab(
        "variable \"name\" {\n  type    = string\n  default = \"a\"\n}\n\nresource \"terraform_data\" \"a\" {\n  input = var.name\n}\n",
    );
    lab.ampere("plan -out=p.tfplan").exits(0);
    let run = lab.ampere("apply -var=name=b p.tfplan");
    failed(run, 1, &["Can't change variable when applying a saved plan", "\"name\""]);
    lab.ampere("apply -var=name=a p.tfplan").exits(0);
}
