//! Nobody answers, or not in the way that was agreed.
use ampere_tests::Lab;

use super::{CUSTOMER, failed, lab, recovers};

/// With that endpoint of Hetzner nothing is planned; with the right one everything works.
fn unreachable(endpoint: impl Fn(&str) -> String, says: &[&str]) {
    let mut lab = lab(CUSTOMER);
    let environment = lab.cloud().environment();
    let (_, good) = environment.iter().find(|(name, _)| *name == "HCLOUD_ENDPOINT").expect("there is one").clone();
    lab.set("HCLOUD_ENDPOINT", &endpoint(&good));
    failed(lab.ampere("plan"), 1, says);
    failed(lab.ampere("apply -auto-approve"), 1, says);
    assert!(lab.cloud().objects("hetzner", "servers").is_empty());
    lab.set("HCLOUD_ENDPOINT", &good);
    recovers(&lab);
}

#[test]
fn tls_failure() {
    unreachable(|good| good.replace("http://", "https://"), &["Hetzner Cloud", "TLS"]);
}

#[test]
fn refused_connection() {
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
    unreachable(|_| format!("http://127.0.0.1:{port}/hetzner/v1"), &["Hetzner Cloud", "refused"]);
}

#[test]
fn credentials_never_leave_in_the_clear() {
    unreachable(|_| "http://cloud.example.com/v1".to_owned(), &["HCLOUD_ENDPOINT", "in the clear", "use https"]);
}

#[test]
fn one_setting_without_the_others() {
    let lab = Lab::embedded();
    lab.write("main.tf", CUSTOMER);
    let run = lab.command(["plan"]).env("HCLOUD_TOKEN", "EXAMPLE-token").output().expect("ampere runs");
    let said = String::from_utf8_lossy(&run.stderr).into_owned();
    assert_eq!(run.status.code(), Some(1), "{said}");
    for name in ["STRIPE_API_KEY", "GOOGLE_CLOUD_PROJECT", "AMPERE_SANDBOX"] {
        assert!(said.contains(name), "{name} is not named in {said}");
    }
    assert!(!said.contains("EXAMPLE-token"), "the token is repeated");
}

#[test]
fn an_endpoint_that_is_no_url() {
    unreachable(|_| "not a url".to_owned(), &["HCLOUD_ENDPOINT"]);
}
