//! What a box installs of OpenClaw: the locks of `deploy/openclaw`.
use std::path::Path;

use ampere_bundle::openclaw::RELEASES;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// Whether every package of a lock is named by its hash. What a package brings inside itself comes under its hash.
fn is_pinned(lock: &Value) -> bool {
    let packages = lock["packages"].as_object().expect("npm's lock, version 3");
    let pinned = |(path, package): (&String, &Value)| {
        path.is_empty()
            || package["inBundle"] == true
            || package["integrity"].as_str().is_some_and(|text| text.starts_with("sha512-"))
    };
    packages.len() > 1 && packages.iter().all(pinned)
}

#[test]
fn every_package_of_every_release_is_named_by_its_hash_and_the_lock_by_its_own() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/openclaw");
    let files = std::fs::read_dir(&directory).unwrap().count();
    assert_eq!(files, RELEASES.len(), "one a release");
    for release in &RELEASES {
        let bytes = std::fs::read(directory.join(format!("{}.json", release.version))).unwrap();
        let found: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(found, release.lock, "{}", release.version);
        let lock: Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(lock["version"], release.version);
        assert_eq!(lock["openclaw"]["package.json"]["dependencies"]["openclaw"], release.version);
        assert!(is_pinned(&lock["openclaw"]["package-lock.json"]), "{}", release.version);
        let plugins = lock["plugins"].as_array().unwrap();
        let names: Vec<&str> = plugins.iter().map(|plugin| plugin["package"].as_str().unwrap()).collect();
        assert_eq!(names, ["@openclaw/discord", "@openclaw/imessage", "@openclaw/signal", "@openclaw/whatsapp"]);
        for plugin in plugins {
            let package = plugin["package"].as_str().unwrap();
            let named = &plugin["package-lock.json"]["packages"][format!("node_modules/{package}")];
            assert_eq!(named["version"], release.version, "{package}");
            assert!(is_pinned(&plugin["package-lock.json"]), "{package} {}", release.version);
        }
    }
}
