//! docs/providers.md names every call that we make to a cloud, and no other.
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use ampere_tests::Lab;
use regex::Regex;
use serde_json::json;

/// Calls of the page that this tour does not make: after a refusal, after a kill, for an object that moves. They have tests in
/// `crates/provider/tests/clouds`.
const ELSEWHERE: [&str; 10] = [
    "GET /server_types",
    "GET /locations",
    "GET /firewalls/{id}",
    "PUT /servers/{id}",
    "PUT /firewalls/{id}",
    "DELETE /primary_ips/{id}",
    "DELETE /volumes/{id}",
    "DELETE /v1/subscriptions/{id}",
    "GET /v1/prices/{id}",
    "GET /v1/charges",
];

/// The calls that the page names. Those of boxes are not ours to make.
fn documented() -> BTreeSet<String> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/providers.md");
    let text = fs::read_to_string(page).expect("docs/providers.md");
    let (text, _) = text.split_once("## What a box asks").expect("the part about boxes comes last");
    let call = Regex::new("`((?:GET|POST|PUT|DELETE) /[^` ]+)`").expect("an expression");
    call.captures_iter(text).map(|found| found[1].to_owned()).collect()
}

/// The calls made since the last time, as the page writes them.
fn made(lab: &Lab) -> BTreeSet<String> {
    let rules = [
        (r"/hetzner/v1|/stripe/|/identitytoolkit\.googleapis\.com|/firestore/", "/"),
        (r"projects/[^/]+/databases/\(default\)/documents", "D"),
        (r"projects/[^/:]+", "projects/P"),
        (r"/actions/[a-z_]+", "/actions/{command}"),
        (r"/(\d+|(sub|cus|price|ch|in)_\w+|(ampere|secret)-[\w-]+)", "/{id}"),
        (r"//", "/"),
    ];
    let rules = rules.map(|(from, to)| (Regex::new(from).expect("an expression"), to));
    let requests = lab.cloud().requests().into_iter().map(|(call, _)| call);
    requests.map(|call| rules.iter().fold(call, |call, (from, to)| from.replace_all(&call, *to).into_owned())).collect()
}

#[test]
fn the_page_of_calls_is_true() {
    let lab = Lab::new().with_example("quickstart");
    lab.cloud().requests();
    lab.ampere("apply -auto-approve").exits(0);
    let main = fs::read_to_string(lab.path().join("main.tf")).expect("read");
    lab.write(
        "main.tf",
        &main.replace("cx23", "cx33").replace("monthly", "yearly").replace("ada@example.com", "ada@example.org"),
    );
    let holdings = lab.cloud().holdings();
    let firewall = holdings["hetzner/firewalls"][0]["id"].to_string();
    let rule = json!({"direction": "in", "protocol": "tcp", "port": "22", "source_ips": ["0.0.0.0/0"]});
    lab.cloud().control("PATCH", &format!("/objects/hetzner/firewalls/{firewall}"), Some(json!({"rules": [rule]})));
    lab.ampere("apply -auto-approve").exits(0);
    lab.ampere("plan -target=ampere_instance.ada").exits(0);
    let subscription = holdings["stripe/subscriptions"][0]["id"].as_str().expect("an id").to_owned();
    lab.cloud().control("POST", &format!("/stripe/subscriptions/{subscription}/end"), None);
    lab.ampere("reconcile -once").exits(0);
    lab.ampere("destroy -auto-approve").exits(0);
    let (made, documented) = (made(&lab), documented());
    let unknown: Vec<_> = made.difference(&documented).collect();
    assert!(unknown.is_empty(), "not on the page: {unknown:#?}");
    let elsewhere = ELSEWHERE.map(str::to_owned).into();
    let idle: Vec<_> = documented.difference(&made).filter(|call| !BTreeSet::contains(&elsewhere, *call)).collect();
    assert!(idle.is_empty(), "on the page, and not made: {idle:#?}\nmade: {made:#?}");
}
