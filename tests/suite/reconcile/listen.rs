//! The loop with its listener: events in, metrics and health out, and an end in good order.
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::{CUSTOMER, Loop, applied, end_all};

const SECRET: &str = "whsec_EXAMPLE";
const SOON: Duration = Duration::from_secs(20);

/// Sends a request and reads all of the answer.
fn ask(address: &str, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).expect("it listens");
    stream.set_read_timeout(Some(SOON)).expect("a time limit");
    stream.write_all(request).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

fn get(address: &str, path: &str) -> String {
    ask(address, format!("GET {path} HTTP/1.1\r\nhost: {address}\r\n\r\n").as_bytes())
}

/// An event as Stripe signs it.
fn event(id: &str, secret: &str) -> Vec<u8> {
    let body = format!(
        r#"{{"id":"{id}","object":"event","type":"customer.subscription.deleted","data":{{"object":{{"id":"sub_unknown","object":"subscription","customer":"cus_unknown"}}}}}}"#
    );
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any length");
    mac.update(format!("{now}.{body}").as_bytes());
    let signature: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    let head = format!(
        "POST /webhooks/stripe HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\nstripe-signature: t={now},v1={signature}\r\n\r\n",
        body.len()
    );
    [head.into_bytes(), body.into_bytes()].concat()
}

fn status(answer: &str) -> &str {
    answer.split_whitespace().nth(1).unwrap_or_default()
}

/// A loop that listens, after its first pass, and where.
fn listening(lab: &ampere_tests::Lab, interval: &str) -> (Loop, String) {
    let mut running = Loop::start(lab, &format!("reconcile -no-color -interval={interval} -listen=127.0.0.1:0"));
    let line = running.waits_for("Listening on http://", SOON);
    let address = line.rsplit("http://").next().expect("an address").to_owned();
    running.waits_for("Pass complete.", SOON);
    (running, address)
}

#[test]
fn an_event_brings_the_next_pass_forward_and_only_that() {
    let mut lab = applied(CUSTOMER);
    lab.set("STRIPE_WEBHOOK_SECRET", SECRET);
    let (mut running, address) = listening(&lab, "40s");
    end_all(&lab);
    let asked = Instant::now();
    assert_eq!(status(&ask(&address, &event("evt_1", SECRET))), "200");
    running.waits_for("1 begun", SOON);
    assert!(asked.elapsed() >= Duration::from_secs(2), "events that come together make one pass");
    assert!(lab.cloud().ours().is_empty());
    // Known, forged, unsigned, too large.
    assert_eq!(status(&ask(&address, &event("evt_1", SECRET))), "200");
    assert_eq!(status(&ask(&address, &event("evt_2", "whsec_other"))), "400");
    let unsigned = b"POST /webhooks/stripe HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}";
    assert_eq!(status(&ask(&address, unsigned)), "400");
    let large =
        b"POST /webhooks/stripe HTTP/1.1\r\nhost: x\r\nstripe-signature: t=1,v1=00\r\ncontent-length: 2097152\r\n\r\n";
    assert_eq!(status(&ask(&address, large)), "413", "told before a byte of it was sent");
    let metrics = get(&address, "/metrics");
    for line in [
        "ampere_webhook_events_total{state=\"accepted\"} 1",
        "ampere_webhook_events_total{state=\"repeated\"} 1",
        "ampere_webhook_events_total{state=\"refused\"} 3",
        "ampere_departures_begun_total 1",
        "ampere_departures{state=\"open\"} 1",
        "ampere_reconcile_passes_total{result=\"success\"} 2",
        "ampere_deletion_guard_tripped 0",
    ] {
        assert!(metrics.contains(&format!("{line}\n")), "no {line} in\n{metrics}");
    }
    assert!(!metrics.contains("ada") && metrics.ends_with("# EOF\n"), "{metrics}");
    running.signal("-TERM");
    assert_eq!(running.ends(), 0);
}

#[test]
fn without_a_secret_no_event_is_taken() {
    let lab = applied(CUSTOMER);
    let (mut running, address) = listening(&lab, "1h");
    assert_eq!(status(&ask(&address, &event("evt_1", SECRET))), "404");
    assert_eq!(status(&get(&address, "/healthz")), "200");
    // Who says nothing is shown out, and holds up nobody.
    let mut idle = TcpStream::connect(&address).expect("it listens");
    idle.set_read_timeout(Some(SOON)).expect("a time limit");
    let begun = Instant::now();
    assert_eq!(idle.read(&mut [0; 64]).unwrap_or(0), 0);
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    running.signal("-INT");
    running.waits_for("Stopped.", SOON);
    assert_eq!(running.ends(), 0);
}

#[test]
fn a_loop_survives_bad_weather_and_says_how_it_is() {
    let lab = applied(CUSTOMER);
    let (mut running, address) = listening(&lab, "1s");
    lab.cloud().fault(serde_json::json!({
        "cloud": "hetzner", "method": "GET", "effect": { "status": { "code": 503 } }, "times": 1000,
    }));
    running.waits_for("Pass incomplete.", SOON);
    let since = Instant::now();
    while status(&get(&address, "/healthz")) != "503" {
        assert!(since.elapsed() < SOON, "it says it is well");
        std::thread::sleep(Duration::from_millis(200));
    }
    lab.cloud().control("DELETE", "/faults", None);
    running.waits_for("Pass complete.", SOON);
    assert_eq!(status(&get(&address, "/healthz")), "200");
    // A faulty configuration is told, and read anew when it is sound again.
    lab.write("more.tf", "resource {");
    running.waits_for("Only the promises were looked at", SOON);
    lab.remove("more.tf");
    running.waits_for("Pass complete.", SOON);
    running.signal("-INT");
    assert_eq!(running.ends(), 0);
}
