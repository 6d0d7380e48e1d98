//! What customers are told.
use super::{CUSTOMER, Inbox, applied, end_all, once, with_inbox};

#[test]
fn u4_a_customer_who_leaves_is_told_twice_and_once_each() {
    let inbox = Inbox::answering("202 Accepted");
    let mut lab = applied(CUSTOMER);
    with_inbox(&mut lab, &inbox);
    once(&lab).exits(0);
    end_all(&lab);
    once(&lab).exits(0).says("Notices: 1 sent, 1 waiting.");
    assert_eq!(inbox.kinds(), ["cancelled"]);
    lab.ampere("notice list").exits(0).says("held").says("sent").keeps_quiet_about("ada@example.com");
    once(&lab).exits(0).says("1 confirmed");
    once(&lab).exits(0);
    assert_eq!(inbox.kinds(), ["cancelled", "deleted"]);
    let documents = inbox.documents.lock().expect("no panic");
    assert!(documents.iter().all(|document| document["to"] == "ada@example.com"));
    lab.ampere("notice list -waiting -json").exits(0).says("[]");
}

#[test]
fn u4_whom_apply_deletes_is_told_too() {
    let inbox = Inbox::answering("202 Accepted");
    let mut lab = applied(CUSTOMER);
    with_inbox(&mut lab, &inbox);
    end_all(&lab);
    lab.ampere("apply -auto-approve").exits(0).says("3 destroyed");
    assert!(inbox.kinds().is_empty());
    once(&lab).exits(0);
    once(&lab).exits(0);
    // That it would be deleted was overtaken by the word that it is.
    assert_eq!(inbox.kinds(), ["deleted"]);
}

#[test]
fn news_are_sent_once() {
    let inbox = Inbox::answering("202 Accepted");
    let mut lab = applied(CUSTOMER);
    with_inbox(&mut lab, &inbox);
    lab.write("news.txt", "On Sunday everything is down for an hour.\n");
    let send = "notice send -subject=Maintenance -file=news.txt -auto-approve";
    lab.ampere(send).exits(0).says("Queued for 1 accounts.");
    once(&lab).exits(0).says("Notices: 1 sent.");
    lab.ampere(send).exits(0).says("1 have been told before");
    once(&lab).exits(0);
    assert_eq!(inbox.kinds(), ["service_update"]);
    let document = inbox.documents.lock().expect("no panic")[0].clone();
    assert_eq!(document["subject"], "Maintenance");
    assert_eq!(document["text"], "On Sunday everything is down for an hour.\n");
    lab.ampere("notice send -subject=x -file=nowhere.txt -auto-approve").exits(1).says("Invalid text");
}

#[test]
fn r2_a_dead_webhook_and_wrong_settings_cost_notices_and_no_deletion() {
    let mut lab = applied(CUSTOMER);
    lab.set("AMPERE_NOTICE_URL", "http://u:pw-EXAMPLE@127.0.0.1:1/notices");
    lab.set("AMPERE_NOTICE_FROM", "notices@example.com");
    end_all(&lab);
    let run = once(&lab).exits(0).says("Notices were not delivered").says("cannot be reached");
    run.keeps_quiet_about("pw-EXAMPLE");
    assert!(lab.cloud().ours().is_empty());
    lab.set("AMPERE_NOTICE_URL", "carrier-pigeon:pw-EXAMPLE");
    let run = once(&lab).exits(1).says("Notices cannot be sent").says("AMPERE_NOTICE_URL").says("1 confirmed");
    run.keeps_quiet_about("pw-EXAMPLE");
}

#[test]
fn n3_n4_what_others_do_to_a_server_is_told_once() {
    let inbox = Inbox::answering("202 Accepted");
    let mut lab = applied(CUSTOMER);
    with_inbox(&mut lab, &inbox);
    once(&lab).exits(0);
    let server = lab.cloud().objects("hetzner", "servers")[0]["id"].clone();
    let action = serde_json::json!({
        "command": "enable_rescue", "resources": [{ "type": "server", "id": server }],
    });
    lab.cloud().control("POST", "/objects/hetzner/actions", Some(action));
    once(&lab).exits(0).says("Somebody else acted on an object of this stack").says("enable_rescue");
    once(&lab).exits(0).keeps_quiet_about("enable_rescue");
    assert_eq!(inbox.kinds(), ["foreign_action"]);
    assert_eq!(inbox.documents.lock().expect("no panic")[0]["to"], "ops@example.com");
    lab.ampere("audit log -json").exits(0).says("foreign.action").says("enable_rescue");
}
