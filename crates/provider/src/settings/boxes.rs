//! What boxes are given: where their mailbox is for them, and what they install.
use std::collections::{BTreeMap, BTreeSet};

use reqwest::Url;
use serde::Deserialize;

use crate::first_boot::Node;

/// Settings that every box is born with. Nothing in them is secret.
#[derive(Clone, Debug)]
pub(crate) struct BoxSettings {
    /// The project's web API key: it identifies the project, and authorises nothing.
    pub api_key: String,
    /// Identity Toolkit, as a box reaches it.
    pub identity_toolkit: Url,
    /// The token service, as a box reaches it.
    pub secure_token: Url,
    /// Firestore, as a box reaches it.
    pub firestore: Url,
    /// The agent's release.
    pub agent: Release,
    /// Where packages come from.
    pub npm_registry: Url,
    /// Where Node.js comes from.
    pub node_mirror: Url,
}

/// A release of the agent: where its files lie, and what they must be.
///
/// ```json
/// {"url": "https://downloads.example.com/ampere-agent/0.1.0",
///  "files": {"amd64": {"ampere-agent": "SHA-256 in hex", "ampere-resolver": "SHA-256 in hex"}}}
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Release {
    /// The directory that the files lie in, each as `NAME-ARCHITECTURE`.
    pub url: String,
    /// Another Node.js than the one that Ampere names, if `node_mirror` has its own build.
    #[serde(default)]
    pub node: Option<NodeRelease>,
    /// SHA-256 of each file, by Debian's name of the architecture (`amd64`, `arm64`) and the file's name.
    pub files: BTreeMap<String, BTreeMap<String, String>>,
}

/// A build of Node.js.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NodeRelease {
    version: String,
    sha256_amd64: String,
    sha256_arm64: String,
}

/// In place of a hash: there is nothing to install.
const NOT_INSTALLED: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The files of a release.
const FILES: [&str; 2] = ["ampere-agent", "ampere-resolver"];

impl Release {
    /// Reads a manifest.
    ///
    /// # Errors
    ///
    /// What is wrong with it, as the end of a sentence.
    pub fn read(text: &str) -> Result<Release, String> {
        let release: Release = serde_json::from_str(text).map_err(|error| {
            format!("is no manifest of an agent's release (line {}, column {})", error.line(), error.column())
        })?;
        if release.files.is_empty() {
            return Err("names no file".into());
        }
        for (architecture, files) in &release.files {
            let whole = FILES.iter().all(|name| files.get(*name).is_some_and(|hash| is_sha256(hash)));
            if !whole || files.len() != FILES.len() {
                return Err(format!("must name the SHA-256 of {} for {architecture}", FILES.join(" and ")));
            }
        }
        Ok(release)
    }

    /// The Node.js that goes with it.
    pub fn node(&self) -> Node {
        self.node.as_ref().map_or_else(Node::pinned, |node| Node {
            version: node.version.clone(),
            sha256_amd64: node.sha256_amd64.clone(),
            sha256_arm64: node.sha256_arm64.clone(),
        })
    }

    /// SHA-256 of the agents of all architectures; none if nobody downloads them.
    pub fn agents(&self) -> BTreeSet<String> {
        let agents = self.files.values().filter_map(|files| files.get(FILES[0]));
        agents.filter(|hash| **hash != NOT_INSTALLED).cloned().collect()
    }

    /// A release that nobody downloads: boxes of a sandbox have their agent already.
    pub fn of_sandbox() -> Release {
        let files = FILES.map(|name| (name.to_owned(), NOT_INSTALLED.to_owned()));
        let files = ["amd64", "arm64"].map(|architecture| (architecture.to_owned(), files.clone().into()));
        Release { url: "https://agent.example.com".into(), node: None, files: files.into() }
    }
}

fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_names_every_file_by_its_hash() {
        let hash = "0".repeat(64);
        let whole = format!(
            r#"{{"url": "https://x.example", "files": {{"amd64": {{"ampere-agent": "{hash}", "ampere-resolver": "{hash}"}}}}}}"#
        );
        assert_eq!(Release::read(&whole).unwrap().files["amd64"].len(), 2);
        for broken in [
            whole.replace(&hash, "abc"),
            whole.replace("ampere-resolver", "other"),
            whole.replace("files", "parts"),
            r#"{"url": "https://x.example", "files": {}}"#.to_owned(),
            "not JSON".to_owned(),
        ] {
            assert!(Release::read(&broken).is_err(), "{broken}");
        }
    }
}
