//! Notices by SMTP, to a mail server that others wrote (aiosmtpd).
//!
//! `tests/run` runs it; by hand: `tests/tools && cargo test -p ampere-tests-clouds --test mail`.
mod server;

use std::sync::Arc;

use ampere_core::notice::{Message, Messenger, MessengerError, NoticeId, NoticeKind};
use ampere_provider::messenger::{NoticeSettings, messenger};
use ampere_tests::{Lab, Run};

use server::Server;

const CUSTOMER: &str = "resource \"ampere_account\" \"ada\" {\n  email = \"ada@example.com\"\n}\n";

fn message(to: &str) -> Message {
    Message {
        id: NoticeId("7f3a9c".into()),
        kind: NoticeKind::ServiceUpdate,
        to: to.into(),
        subject: "Grüße – news".into(),
        text: "Hello,\n\n.a line with a dot, and Grüße.\n".into(),
    }
}

fn to(url: String) -> Arc<dyn Messenger> {
    let environment = |name: &str| match name {
        "AMPERE_NOTICE_URL" => Some(url.clone()),
        "AMPERE_NOTICE_FROM" => Some("Ampere Grüße <notices@example.com>".to_owned()),
        _ => None,
    };
    messenger(&NoticeSettings::of_environment(&environment).expect("settings").expect("a URL")).expect("a messenger")
}

#[tokio::test]
async fn a_mail_arrives_as_it_was_meant() {
    let mut server = Server::start(&["none"]);
    to(server.url("smtp", "")).send(&message("ada@example.com")).await.expect("it is taken");
    let mail = server.mail();
    assert_eq!(mail["mail_from"], "notices@example.com");
    assert_eq!(mail["rcpt_tos"], serde_json::json!(["ada@example.com"]));
    let headers = &mail["headers"];
    assert_eq!(headers["from"], "Ampere Grüße <notices@example.com>");
    assert_eq!((&headers["to"], &headers["subject"]), (&"ada@example.com".into(), &"Grüße – news".into()));
    assert_eq!(headers["message-id"], "<7f3a9c@example.com>");
    assert_eq!(headers["auto-submitted"], "auto-generated");
    let body = mail["body"].as_str().expect("a text").replace("\r\n", "\n");
    assert_eq!(body.trim_end(), "Hello,\n\n.a line with a dot, and Grüße.");
}

#[tokio::test]
async fn a_refusal_means_what_it_says() {
    let mut server = Server::start(&["none"]);
    let post = to(server.url("smtp", ""));
    let error = post.send(&message("refused@example.com")).await.expect_err("no such mailbox");
    assert_eq!(error, MessengerError::Refused("the mail server refused the recipient (code 550)".into()));
    let error = post.send(&message("greylisted@example.com")).await.expect_err("greylisted");
    assert_eq!(error, MessengerError::Later("the mail server asked to come again (code 451)".into()));
    post.send(&message("greylisted@example.com")).await.expect("the second time");
    assert_eq!(server.mail()["headers"]["message-id"], "<7f3a9c@example.com>", "the same mail");
    let error = post.send(&message("full@example.com")).await.expect_err("full");
    assert_eq!(error, MessengerError::Later("the mail server asked to come again (code 452)".into()));
    let error = post.send(&message("ada@example.com\r\nRCPT TO:<eve@example.com>")).await.expect_err("no address");
    assert!(matches!(error, MessengerError::Refused(_)), "{error}");
    drop(server);
    let error = post.send(&message("ada@example.com")).await.expect_err("nobody is there");
    assert_eq!(error, MessengerError::Down("the mail server cannot be reached".into()));
}

/// A stack with one account and news for it, sent by one pass.
fn sends(server: &Server, scheme: &str, login: &str, trusts: bool) -> Run {
    let mut lab = Lab::new();
    lab.write("main.tf", CUSTOMER);
    lab.write("news.txt", "News.\n");
    lab.ampere("apply -auto-approve").exits(0);
    lab.ampere("notice send -subject=News -file=news.txt -auto-approve").exits(0);
    lab.set("AMPERE_NOTICE_URL", &server.url(scheme, login));
    lab.set("AMPERE_NOTICE_FROM", "notices@example.com");
    if trusts {
        lab.set("SSL_CERT_FILE", &server.authority().display().to_string());
    }
    lab.ampere("reconcile -once").exits(0).keeps_quiet_about("pw-").keeps_quiet_about("ada@example.com")
}

#[test]
fn mail_goes_by_tls_and_with_a_login() {
    for (kind, scheme) in [("starttls", "smtp"), ("implicit", "smtps")] {
        let mut server = Server::start(&[kind, "login"]);
        sends(&server, scheme, "ada:pw-EXAMPLE@", true).says("Notices: 1 sent.");
        let mail = server.mail();
        assert_eq!((&mail["encrypted"], &mail["login"]), (&true.into(), &"ada".into()), "{kind}");
    }
}

#[test]
fn a_wrong_login_loses_no_notice() {
    let server = Server::start(&["starttls", "login"]);
    sends(&server, "smtp", "ada:pw-WRONG@", true).says("refused the login (code 535)").says("Notices: 1 waiting.");
}

#[test]
fn nothing_is_said_to_a_server_that_nobody_vouches_for() {
    for (kind, scheme) in [("starttls", "smtp"), ("implicit", "smtps")] {
        let server = Server::start(&[kind, "login"]);
        sends(&server, scheme, "ada:pw-EXAMPLE@", false).says("no trusted connection").says("1 waiting");
    }
}

#[test]
fn encryption_that_is_asked_for_is_not_given_up() {
    let server = Server::start(&["none", "login"]);
    let run = sends(&server, "smtp", "ada:pw-EXAMPLE@", false);
    run.says("the mail server offers no encryption").says("1 waiting");
}
