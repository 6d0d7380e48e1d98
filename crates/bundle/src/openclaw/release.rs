//! The releases of OpenClaw that our configuration was tried on.
use serde::{Deserialize, Serialize};

/// A release of OpenClaw, as a bundle names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Version {
    /// npm's version, such as `2026.9.6`.
    pub version: String,
    /// npm's integrity of the package, `sha512-…`.
    pub integrity: String,
}

/// A release of OpenClaw that our configuration was tried on.
#[derive(Debug, PartialEq, Eq)]
pub struct Release {
    /// npm's version of the package `openclaw`, and of its plugins.
    pub version: &'static str,
    /// npm's integrity of the package `openclaw`.
    pub integrity: &'static str,
    /// The versions of Node.js that it runs on, as npm writes ranges.
    pub node: &'static str,
    /// The plugins of channels, of the same version.
    pub plugins: [Plugin; 4],
}

/// A plugin that is installed beside OpenClaw.
#[derive(Debug, PartialEq, Eq)]
pub struct Plugin {
    /// npm's name of the package.
    pub package: &'static str,
    /// npm's integrity of it.
    pub integrity: &'static str,
}

/// What a new instance gets, unless its configuration names another release.
pub static DEFAULT: &Release = &RELEASES[0];

/// Every release that may be named, the newest first. The tests in `tests/openclaw` hold our configuration against each of them.
pub static RELEASES: [Release; 2] = [
    Release {
        version: "2026.9.6",
        integrity: "sha512-Ie0kyQSCVfFqixsgVg39vevUDq01Ch5u3+7Yu5Y3qARczmdAe+lzp8bVnO9925rHiW/+CFp70zfORCyPmCH31g==",
        node: NODE,
        plugins: [
            plugin(
                "@openclaw/discord",
                "sha512-EjlDGt3+bFDi1y62kPZpXuvITH7VOTXlEBhqpGDSqVfF7JgitYcfrH1X7fZMJ1VFURAljlhWDKBMt3VALlYPBQ==",
            ),
            plugin(
                "@openclaw/imessage",
                "sha512-CM66AnHn53Hhuel2yqmM/gxsTcxc/2DPi4rSPrahWsRue/IPGEUHNda/ZjrhVx1YYhofqTNeH4BbJPUfx5Q3zg==",
            ),
            plugin(
                "@openclaw/signal",
                "sha512-0iKoejjg0eIKbcm8C7hHcSzBWHCOj5Wc4AX4/oMBXUDXO/MCSC0+5gssr9F9RSjh+7GUZKxz6b8A9Ldcmv8JCw==",
            ),
            plugin(
                "@openclaw/whatsapp",
                "sha512-fil4GLL7zk1kHIj+xrUaoFQYI6Jkt0TvyHoI6OjZySl18LeEfIxRiRunOs4071UvWMAyOX0UbWnfQPyjMo0LRA==",
            ),
        ],
    },
    Release {
        version: "2026.9.5",
        integrity: "sha512-TCO/ImVLh5HkF4tdfo7iriIa7kT6iYkIr/jR5ZOkePGFGhUx5Oe7DE716Y1DzzG2teRAVDdCjgJDu1A24Yta7w==",
        node: NODE,
        plugins: [
            plugin(
                "@openclaw/discord",
                "sha512-kPEbPiYAnJqxqLHqBnZCr3zowsxzboW0Q7ZdqX52X7IENLrU4CBdK4+ndqzQf+255ilffrYBTDrHBg8a137cgQ==",
            ),
            plugin(
                "@openclaw/imessage",
                "sha512-+DtLxUhrUYpm+kqXXvmEeiOun+9GTxDOLBSOUbSF8ZsEBwfvVCknDu3do0JwSYMvL9AGDunRpLC0LnAQ1kV8XQ==",
            ),
            plugin(
                "@openclaw/signal",
                "sha512-/13NWVdrlZ7aZ5RtSYeT9+WGFCvNaEkrgb4fpS7i6gfRIRQANkk2r886AQ62ZYDZFk5uj5qIi8vZ4cGG/toGPw==",
            ),
            plugin(
                "@openclaw/whatsapp",
                "sha512-V7o/ckrk0N0iN4fKk5jMBs4nqe4Ftc4/drJWY374fREY8gEMzmdvXMB2pfM2VrmptJfoPMMhI78C+1+mGUtwJw==",
            ),
        ],
    },
];

/// The `engines` of the package.
const NODE: &str = ">=24.16.0 <25 || >=26.1.0";

const fn plugin(package: &'static str, integrity: &'static str) -> Plugin {
    Plugin { package, integrity }
}

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
        Version { version: self.version.into(), integrity: self.integrity.into() }
    }
}
