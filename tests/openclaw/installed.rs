//! The releases of OpenClaw that `tests/tools` installs.
use std::path::PathBuf;

use ampere_bundle::openclaw::{RELEASES, Release};
use ampere_tests::programs::tool;
use serde_json::Value;

/// A release as it lies on the disk.
#[derive(Clone, Copy)]
pub struct Installed {
    pub release: &'static Release,
    directory: &'static str,
}

/// The newest, and the one before it.
pub const ALL: [Installed; 2] = [
    Installed { release: &RELEASES[0], directory: "openclaw" },
    Installed { release: &RELEASES[1], directory: "openclaw-before" },
];

impl Installed {
    pub fn package(self) -> PathBuf {
        tool("openclaw/stamp");
        tool(&format!("openclaw/node_modules/{}", self.directory))
    }

    /// A home directory in which the plugins of the channels are installed.
    pub fn home(self) -> PathBuf {
        tool(&format!("openclaw/homes/{}", self.directory))
    }
}

pub fn node() -> PathBuf {
    tool("openclaw/node/node")
}

fn read(path: PathBuf) -> Value {
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).expect("JSON")
}

/// What a box installs by.
const LOCKS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/openclaw");

/// A box installs by version and hash, from our locks. It is npm that says whether they are right.
#[test]
fn the_locks_of_the_releases_are_what_npm_serves() {
    let lock = read(tool("openclaw/package-lock.json"));
    for installed in ALL {
        let release = installed.release;
        let package = &lock["packages"][format!("node_modules/{}", installed.directory)];
        assert_eq!(package["version"], release.version);
        let shipped = read(PathBuf::from(format!("{LOCKS}/{}.json", release.version)));
        assert_eq!(
            package["integrity"],
            shipped["openclaw"]["package-lock.json"]["packages"]["node_modules/openclaw"]["integrity"]
        );
        assert_eq!(package["engines"]["node"], release.node);
        let projects = installed.home().join(".openclaw/npm/projects");
        for plugin in shipped["plugins"].as_array().expect("plugins") {
            let package = plugin["package"].as_str().expect("a name");
            let project = projects.join(plugin["project"].as_str().expect("a directory"));
            let path = format!("node_modules/{package}");
            let entry = &read(project.join("package-lock.json"))["packages"][&path];
            assert_eq!(entry["version"], release.version, "{package}");
            assert_eq!(entry["integrity"], plugin["package-lock.json"]["packages"][&path]["integrity"], "{package}");
        }
    }
}
