//! An owner asks to be forgotten (R3, A3).
use super::{CUSTOMER, applied, once, state_of, tombstones};

#[test]
fn r3_the_wish_is_written_down_and_carried_out() {
    let lab = applied(CUSTOMER);
    let before = lab.cloud().ours().len();
    let run = lab.ampere("erase ampere_account.ada -auto-approve").exits(0);
    run.says("- ampere_instance.ada").says("- ampere_account.ada").says("The next apply or reconcile deletes it.");
    let tombstone = &tombstones(&lab)[0];
    assert_eq!((&tombstone["cause"], &tombstone["state"]), (&"erasure_requested".into(), &"open".into()));
    assert_eq!(lab.cloud().ours().len(), before, "nothing is deleted yet");
    lab.ampere("erase ampere_instance.ada -auto-approve").exits(0).says("on its way out already");
    lab.ampere("apply -auto-approve").exits(0).says("3 destroyed");
    assert!(lab.cloud().ours().is_empty(), "{:?}", lab.cloud().ours());
    once(&lab).exits(0).says("1 confirmed");
    lab.ampere("audit log").exits(0).says("erasure.request").keeps_quiet_about("ada@example.com");
}

#[test]
fn r3_at_once_when_asked() {
    let lab = applied(CUSTOMER);
    lab.ampere("erase ampere_instance.ada -auto-approve -now").exits(0).says("3 destroyed");
    assert!(lab.cloud().ours().is_empty());
    once(&lab).exits(0).says("1 confirmed");
    assert_eq!(state_of(&lab), "confirmed");
    once(&lab).exits(0).says("0 added");
}
