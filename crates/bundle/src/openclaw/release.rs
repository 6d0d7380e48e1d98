//! The releases of OpenClaw that our configuration was tried on.
use serde::{Deserialize, Serialize};

/// A release of OpenClaw, as a bundle names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Version {
    /// npm's version, such as `2026.9.6`.
    pub version: String,
    /// SHA-256 of its lock, in lower-case hexadecimal digits: see [`Release::lock`].
    pub lock: String,
}

/// A release of OpenClaw that our configuration was tried on.
#[derive(Debug, PartialEq, Eq)]
pub struct Release {
    /// npm's version of the package `openclaw`, and of its plugins.
    pub version: &'static str,
    /// SHA-256 of `deploy/openclaw/VERSION.json`, which names every package that a box installs for it: OpenClaw, its plugins, and
    /// all that these depend on, each by version and hash. `tests/openclaw/lock` writes it.
    pub lock: &'static str,
    /// The versions of Node.js that it runs on, as npm writes ranges.
    pub node: &'static str,
}

/// What a new instance gets, unless its configuration names another release.
pub static DEFAULT: &Release = &RELEASES[0];

/// Every release that may be named, the newest first. The tests in `tests/openclaw` hold our configuration against each of them.
pub static RELEASES: [Release; 2] = [
    Release {
        version: "2026.9.6",
        lock: "e77bd94d83bccfbdd932f11322140521f1bf6e583e6aacdf1be79947146459ed",
        node: NODE,
    },
    Release {
        version: "2026.9.5",
        lock: "8af1eafc43b4ca6b44b137a4501ca439d205707272f278d5e991760639f8ee01",
        node: NODE,
    },
];

/// The `engines` of the package.
const NODE: &str = ">=24.16.0 <25 || >=26.1.0";

impl Release {
    /// The release of that version, if our configuration was tried on it.
    ///
    /// ```
    /// use ampere_bundle::openclaw::Release;
    /// assert!(Release::named("2026.9.6").is_some());
    /// assert!(Release::named("2026.9.7").is_none());
    /// ```
    pub fn named(version: &str) -> Option<&'static Release> {
        RELEASES.iter().find(|release| release.version == version)
    }

    /// It, as a bundle names it.
    pub fn version(&self) -> Version {
        Version { version: self.version.into(), lock: self.lock.into() }
    }
}
