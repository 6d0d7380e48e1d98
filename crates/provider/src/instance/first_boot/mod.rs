//! What a box does at its first boot: cloud-init's user data (promises S3, S4, S5, N4).
//!
//! [`user_data`] is a pure function. Everything it says lies beside it, in files of the kind that the box will have: shell
//! scripts, systemd units, settings. What differs between two boxes is [`FirstBoot`]: the mailbox, the single-use token, and
//! what is to be installed, by hash. No setting of the customer is among it, no person, and no secret but the token, since
//! Hetzner's metadata service shows user data to any process of the box until the box has closed it.
mod files;
mod input;

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use files::File;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value as Json, json};

pub use input::{Download, FirstBoot, FirstBootError, Node};

/// How long Hetzner lets user data be, in bytes (`POST /servers`, API reference: "user_data … limited to 32KiB").
pub const MOST_BYTES: usize = 32 * 1024;

/// What every box is told; the files are added to it.
const CLOUD_CONFIG: &str = include_str!("settings/cloud-config.json");

/// The user data of a box: a `#cloud-config` whose YAML is JSON.
///
/// # Errors
///
/// [`FirstBootError::Unfit`] for a value that has not its form, [`FirstBootError::TooLong`] above [`MOST_BYTES`].
///
/// ```
/// use ampere_bundle::{installed::AgentSettings, openclaw};
/// use ampere_provider::first_boot::{Download, FirstBoot, Node, user_data};
///
/// let program = |name: &str| Download { url: format!("https://get.example.com/{name}"), sha256: "00".repeat(32) };
/// let text = user_data(&FirstBoot {
///     agent: AgentSettings {
///         instance: "ampere-0011-2233".into(),
///         project: "example".into(),
///         api_key: "AIzaEXAMPLE".into(),
///         identity_toolkit: "https://identitytoolkit.googleapis.com".into(),
///         secure_token: "https://securetoken.googleapis.com".into(),
///         firestore: "https://firestore.googleapis.com".into(),
///         verification_key: "EXAMPLE".into(),
///         openclaw_user: "openclaw".into(),
///     },
///     token: "header.EXAMPLE.signature",
///     agent_program: program("ampere-agent"),
///     resolver_program: program("ampere-resolver"),
///     locks: "https://get.example.com".into(),
///     node: Node::pinned(),
///     openclaw: openclaw::DEFAULT,
///     npm_registry: FirstBoot::NPM_REGISTRY.into(),
///     node_mirror: FirstBoot::NODE_MIRROR.into(),
/// })?;
/// assert!(text.starts_with("#cloud-config\n"));
/// # Ok::<(), ampere_provider::first_boot::FirstBootError>(())
/// ```
pub fn user_data(input: &FirstBoot<'_>) -> Result<String, FirstBootError> {
    input.check()?;
    let mut config: Json = serde_json::from_str(CLOUD_CONFIG).expect("the file is JSON, a test reads it");
    let of_all = files::fixed().map(|file| shortest(&file));
    let own = files::of(input)?.into_iter().map(|file| plain(&file));
    config["write_files"] = of_all.chain(own).collect();
    let text = format!("#cloud-config\n{config}\n");
    match text.len() {
        bytes if bytes > MOST_BYTES => Err(FirstBootError::TooLong { bytes }),
        _ => Ok(text),
    }
}

fn plain(file: &File) -> Json {
    json!({"path": file.path, "owner": "root:root", "permissions": file.permissions, "content": file.content})
}

/// A file as it is, or packed as cloud-init unpacks it, whichever is shorter.
fn shortest(file: &File) -> Json {
    let mut packer = GzEncoder::new(Vec::new(), Compression::best());
    let packed = packer.write_all(file.content.as_bytes()).and_then(|()| packer.finish());
    let packed = STANDARD.encode(packed.expect("a vector takes everything"));
    let (plain, mut short) = (plain(file), plain(file));
    short["encoding"] = "gz+b64".into();
    short["content"] = packed.into();
    if short.to_string().len() < plain.to_string().len() { short } else { plain }
}

#[cfg(test)]
mod tests;
