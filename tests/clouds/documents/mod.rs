//! What went over the line to the sandbox, held against the documents that Hetzner Cloud, Stripe and Google publish.
use std::io::Write;
use std::path::PathBuf;
use std::process::Command;

use ampere_tests::programs::tool;
use ampere_tests::project_root;
use ampere_tests_clouds::Recording;

/// What the checks said, and whether one failed.
pub fn check(recording: &Recording) -> (String, bool) {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    for exchange in recording.exchanges() {
        let line = serde_json::to_string(&exchange).expect("JSON");
        writeln!(file, "{line}").expect("written");
    }
    let (mut text, mut failed) = (String::new(), false);
    let hetzner = project_root().join("../shared/openapi/hcloud.json");
    if hetzner.exists() {
        failed |= validate(file.path(), "hetzner", hetzner, &mut text);
    } else if std::env::var_os("CI").is_some() {
        text.push_str(&format!("error: Hetzner's document is missing at {}\n", hetzner.display()));
        failed = true;
    } else {
        text.push_str(
            "left out: requests to and answers of Hetzner Cloud against its document (it is not part of this repository; \
             expected at ../shared/openapi/hcloud.json)\n",
        );
    }
    for (cloud, document) in [
        ("stripe", "stripe_spec.py"),
        ("identity_toolkit", "identitytoolkit.v1.json"),
        ("firestore", "firestore.v1.json"),
    ] {
        failed |= validate(file.path(), cloud, tool(&format!("python/documents/{document}")), &mut text);
    }
    (text, failed)
}

fn validate(recording: &std::path::Path, cloud: &str, document: PathBuf, text: &mut String) -> bool {
    let mut command = Command::new(tool("python/bin/python"));
    command.arg(project_root().join("tests/clouds/documents/validate.py")).arg(recording).arg(cloud).arg(document);
    let output = command.env("PYTHONDONTWRITEBYTECODE", "1").output().expect("Python runs");
    text.push_str(&String::from_utf8_lossy(&output.stdout));
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    !output.status.success()
}
