//! S1, C2: a secret that was given is found nowhere, in no usual encoding.
use std::fs;
use std::path::Path;

use ampere_tests::Lab;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

const CANARY: &str = "sk-ant-CANARY/7f3a+9c=\"e1\\d5\"-4b82-nobody-may-see-this";

/// The canary as it might look in a file, a body or a line.
fn needles() -> Vec<Vec<u8>> {
    let raw = CANARY.as_bytes();
    let mut needles = vec![raw.to_vec(), serde_json::to_string(CANARY).expect("JSON").trim_matches('"').into()];
    needles.push(raw.iter().map(|b| format!("{b:02x}")).collect::<String>().into_bytes());
    needles.push(raw.iter().map(|b| format!("{b:02X}")).collect::<String>().into_bytes());
    needles.push(raw.iter().rev().copied().collect());
    needles.push(raw.iter().flat_map(|b| u16::from(*b).to_le_bytes()).collect());
    let percent = |b: &u8| {
        if b.is_ascii_alphanumeric() || b"-._".contains(b) { (*b as char).to_string() } else { format!("%{b:02X}") }
    };
    needles.push(raw.iter().map(percent).collect::<String>().into_bytes());
    // Base64 depends on where in a text it begins: three forms, each without its uncertain first and last letters.
    for skip in 0..3 {
        for engine in [STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
            let text = engine.encode(&raw[skip..]);
            needles.push(text[..text.len() - 4].into());
        }
    }
    needles
}

fn holds(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

fn clean(place: &str, bytes: &[u8]) {
    for (n, needle) in needles().iter().enumerate() {
        assert!(!holds(bytes, needle), "{place} holds the canary (form {n})");
    }
}

fn clean_files(directory: &Path, but: &str) {
    for entry in fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            clean_files(&path, but);
        } else if path.file_name().is_some_and(|n| n != but) {
            clean(&path.display().to_string(), &fs::read(&path).expect("readable"));
        }
    }
}

/// The search itself finds what it looks for, in each form.
#[test]
fn the_needles_are_sharp() {
    let json = serde_json::json!({ "key": CANARY }).to_string();
    let base64 = STANDARD_NO_PAD.encode(format!("x{CANARY}"));
    for text in [CANARY, &json, &base64] {
        assert!(needles().iter().any(|n| holds(text.as_bytes(), n)), "a form is not found");
    }
}

#[test]
fn a_secret_is_found_nowhere() {
    let mut lab = Lab::new().with_example("quickstart");
    fs::remove_file(lab.path().join("example-keys.auto.tfvars")).expect("the fake keys are there");
    for name in ["anthropic_api_key", "telegram_bot_token", "discord_bot_token"] {
        lab.set(&format!("TF_VAR_{name}"), CANARY);
    }
    lab.set("AMPERE_LOG", "trace");
    lab.cloud().control("POST", "/recording", Some(serde_json::json!({ "record_bodies": true })));

    let runs = [
        "plan -out=p.tfplan",
        "show p.tfplan",
        "show -json p.tfplan",
        "apply p.tfplan",
        "plan -json",
        "show",
        "show -json",
        "output -json",
        "state pull",
        "state show ampere_secret.anthropic",
        "audit log -json",
        "graph",
    ];
    for arguments in runs {
        let run = lab.ampere(arguments).exits(0);
        clean(arguments, run.text().as_bytes());
    }
    // A failure in the middle must not tell either.
    lab.cloud().control(
        "POST",
        "/faults",
        Some(serde_json::json!({ "cloud": "firestore", "effect": { "status": { "code": 500 } }, "times": 100 })),
    );
    lab.set("TF_VAR_telegram_bot_token", &format!("{CANARY}-rotated"));
    let run = lab.ampere("apply -auto-approve");
    assert_ne!(run.code, 0, "the fault was not felt: {}", run.text());
    clean("a failing apply", run.text().as_bytes());

    clean_files(lab.path(), "no file is left out");
    let requests = lab.cloud().control("GET", "/requests", None).to_string();
    assert!(requests.contains("sealedValue"), "the bodies were recorded");
    clean("what was sent to the clouds", requests.as_bytes());
}
