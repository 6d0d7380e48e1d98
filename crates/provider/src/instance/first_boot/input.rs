//! What differs between two boxes.
use std::collections::BTreeSet;

use ampere_bundle::installed::AgentSettings;
use ampere_bundle::openclaw::Release;
use reqwest::Url;
use thiserror::Error;

/// Why there is no user data.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum FirstBootError {
    /// A value has not the form of what it is. It is not repeated: the token is among them.
    #[error("{what} is not {form}")]
    Unfit {
        /// Which value.
        what: &'static str,
        /// What it would have to be.
        form: &'static str,
    },
    /// Hetzner would refuse it.
    #[error(
        "the user data of the server would be {bytes} bytes long, and Hetzner Cloud takes at most {}",
        super::MOST_BYTES
    )]
    TooLong {
        /// Its length.
        bytes: usize,
    },
}

/// Everything that the first boot of one box is given.
pub struct FirstBoot<'a> {
    /// What the agent reads: `/etc/ampere/agent.json`.
    pub agent: AgentSettings,
    /// The custom token of this instance: good for one sign-in within 15 minutes.
    pub token: &'a str,
    /// The agent, built for the architecture of the server type.
    pub agent_program: Download,
    /// OpenClaw's way to ask the agent, built for the same architecture.
    pub resolver_program: Download,
    /// Where the locks of OpenClaw's releases are: `openclaw-VERSION.json` below it.
    pub locks: String,
    /// The Node.js that OpenClaw runs on.
    pub node: Node,
    /// The OpenClaw to install first. Later ones come with bundles.
    pub openclaw: &'a Release,
    /// Where npm packages come from: [`FirstBoot::NPM_REGISTRY`] or a mirror.
    pub npm_registry: String,
    /// Where Node.js comes from: [`FirstBoot::NODE_MIRROR`] or a mirror with the same paths.
    pub node_mirror: String,
}

/// A file to fetch, and its hash.
#[derive(Clone)]
pub struct Download {
    /// Where it is.
    pub url: String,
    /// SHA-256, in lower-case hexadecimal digits.
    pub sha256: String,
}

/// A version of Node.js, with the hash of its `.tar.xz` for each architecture.
#[derive(Clone)]
pub struct Node {
    /// The version, without `v`.
    pub version: String,
    /// SHA-256 of `node-vVERSION-linux-x64.tar.xz`.
    pub sha256_amd64: String,
    /// SHA-256 of `node-vVERSION-linux-arm64.tar.xz`.
    pub sha256_arm64: String,
}

impl Node {
    /// The Node.js of a new box, with the hashes of `https://nodejs.org/dist/v24.21.0/SHASUMS256.txt`.
    pub fn pinned() -> Self {
        Self {
            version: "24.21.0".into(),
            sha256_amd64: "fd8e59d5a511510f6a298afb548f18c7d2b1be404d8b4a27d94fbe49f56cb2d6".into(),
            sha256_arm64: "6ad1325edbdb5649c379b75a237147a666c95d4f9ae8d340fef2d1575d289ad2".into(),
        }
    }
}

const URL: &str = "an http or https URL of printable ASCII without quotes";

impl FirstBoot<'_> {
    /// npm's own registry.
    pub const NPM_REGISTRY: &'static str = "https://registry.npmjs.org";
    /// Where Node.js is published by its makers.
    pub const NODE_MIRROR: &'static str = "https://nodejs.org/dist";

    /// Whether every value has its form. All of them meet a shell, so none may hold a quote, a blank or a line's end.
    pub(super) fn check(&self) -> Result<(), FirstBootError> {
        let urls = [
            ("the agent's URL", &self.agent_program.url),
            ("the resolver's URL", &self.resolver_program.url),
            ("the URL of OpenClaw's locks", &self.locks),
            ("the npm registry", &self.npm_registry),
            ("the Node.js mirror", &self.node_mirror),
        ];
        for (what, url) in urls {
            hold(is_url(url), what, URL)?;
        }
        let hashes = [
            ("the agent's hash", &self.agent_program.sha256),
            ("the resolver's hash", &self.resolver_program.sha256),
            ("the hash of Node.js for amd64", &self.node.sha256_amd64),
            ("the hash of Node.js for arm64", &self.node.sha256_arm64),
        ];
        const SHA256: &str = "a SHA-256 of 64 lower-case hexadecimal digits";
        for (what, hash) in hashes {
            hold(is_sha256(hash), what, SHA256)?;
        }
        hold(is_sha256(self.openclaw.lock), "the hash of OpenClaw's lock", SHA256)?;
        const VERSION: &str = "a version of digits, letters, points and hyphens";
        hold(is_word(&self.node.version), "the version of Node.js", VERSION)?;
        hold(is_word(self.openclaw.version), "the version of OpenClaw", VERSION)?;
        let is_jwt =
            !self.token.is_empty() && self.token.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
        hold(is_jwt, "the custom token", "a JSON web token")
    }
}

impl FirstBoot<'_> {
    /// The ports at which the mailbox answers: 443, unless a base URL names another.
    pub(super) fn ports(&self) -> Result<BTreeSet<u16>, FirstBootError> {
        let urls = [
            ("the base URL of Identity Toolkit", &self.agent.identity_toolkit),
            ("the base URL of Secure Token", &self.agent.secure_token),
            ("the base URL of Firestore", &self.agent.firestore),
        ];
        let port = |(what, url): (&'static str, &String)| {
            let parsed = Url::parse(url).ok().filter(|_| is_url(url));
            parsed.and_then(|url| url.port_or_known_default()).ok_or(FirstBootError::Unfit { what, form: URL })
        };
        urls.into_iter().map(port).collect()
    }
}

fn hold(fits: bool, what: &'static str, form: &'static str) -> Result<(), FirstBootError> {
    if fits { Ok(()) } else { Err(FirstBootError::Unfit { what, form }) }
}

fn is_url(text: &str) -> bool {
    let plain = text.bytes().all(|b| b.is_ascii_graphic() && !b"'\"\\`$".contains(&b));
    plain && (text.starts_with("https://") || text.starts_with("http://")) && Url::parse(text).is_ok()
}

fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

fn is_word(text: &str) -> bool {
    text.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b))
}
