//! What lies on a box where, and the settings that it is born with.
use serde::{Deserialize, Serialize};

/// Where things lie on the box.
pub mod paths {
    /// The agent's settings: [`AgentSettings`](super::AgentSettings), written by cloud-init.
    pub const SETTINGS: &str = "/etc/ampere/agent.json";
    /// The agent's own directory (0700).
    pub const STATE: &str = "/var/lib/ampere-agent";
    /// The single-use enrolment token, by cloud-init. The agent deletes it.
    pub const TOKEN: &str = "/var/lib/ampere-agent/token";
    /// Which server this is: [`Identity`](super::Identity), by root at boot.
    pub const IDENTITY: &str = "/run/ampere/identity.json";
    /// What root found: [`Inspection`](crate::Inspection), by `ampere-agent inspect`.
    pub const INSPECTION: &str = "/run/ampere/inspection.json";
    /// What OpenClaw's user says: [`OpenClawStatus`](super::OpenClawStatus).
    pub const OPENCLAW_STATUS: &str = "/run/ampere/openclaw/audit.json";
    /// Where the agent answers the resolver.
    pub const SOCKET: &str = "/run/ampere/agent.sock";
    /// Rewritten with the sequence number when a bundle was applied.
    pub const CHANGED: &str = "/run/ampere/changed";
    /// The version of OpenClaw that the bundle in force wants: [`Version`](crate::openclaw::Version).
    pub const UPGRADE: &str = "/run/ampere/upgrade";
}

/// What a box is born with: whose it is, where its mailbox is, and whom it believes. No secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgentSettings {
    /// The instance: the mailbox's id, which is the uid of the box's Firebase user too.
    pub instance: String,
    /// The Firebase project.
    pub project: String,
    /// The project's web API key. It identifies, and authorises nothing.
    pub api_key: String,
    /// Base URL of Identity Toolkit, such as `https://identitytoolkit.googleapis.com`.
    pub identity_toolkit: String,
    /// Base URL of the token service, such as `https://securetoken.googleapis.com`.
    pub secure_token: String,
    /// Base URL of Firestore, such as `https://firestore.googleapis.com`.
    pub firestore: String,
    /// Whose bundles it takes: Ed25519, base64url.
    pub verification_key: String,
    /// The user that OpenClaw runs as, and the only one who gets secrets.
    pub openclaw_user: String,
}

/// Which server this is, as the metadata service says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// Hetzner's number of the server.
    pub server: String,
    /// Its IPv4 address.
    pub ipv4: Option<String>,
    /// Its IPv6 address.
    pub ipv6: Option<String>,
}

/// What OpenClaw's user says about OpenClaw. All of it is optional, and none of it is believed beyond its form.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct OpenClawStatus {
    /// When, in seconds since 1970.
    pub at: i64,
    /// OpenClaw's version.
    pub openclaw: Option<String>,
    /// Node's version.
    pub node: Option<String>,
    /// Whether the gateway answered `/readyz` with 200.
    pub gateway: Option<bool>,
    /// systemd's `NRestarts` of the gateway.
    pub restarts: Option<u32>,
    /// The output of `openclaw security audit --json`, as it came.
    pub security: serde_json::Value,
    /// The exit code of `openclaw secrets audit --check`.
    pub secrets: Option<i32>,
}
