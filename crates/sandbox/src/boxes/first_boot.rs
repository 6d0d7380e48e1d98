//! First boot: the `write_files` of user data, as cloud-init writes them
//! (<https://cloudinit.readthedocs.io/en/latest/reference/modules.html#write-files>). Owners are left out, since the sandbox is not root;
//! packages, commands and users too.

use std::io::{Read, Write};
use std::path::{Component, Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::read::GzDecoder;
use serde::Deserialize;

/// Where cloud-init notes that it is done.
const FINISHED: &str = "var/lib/cloud/instance/boot-finished";
/// The longest file that is unpacked, in bytes: far more than user data could mean.
const LONGEST: u64 = 1024 * 1024;

/// Why a box does not come up.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotBooted {
    #[error("the server has no user data")]
    NoUserData,
    #[error("the user data is no #cloud-config in JSON")]
    NotUnderstood,
    #[error("the path of file {index} does not lead into the box")]
    Outside { index: usize },
    #[error("the content of file {index} is not encoded as it says")]
    Encoding { index: usize },
    #[error("the permissions of file {index} are no octal number")]
    Permissions { index: usize },
    #[error("the box's disk cannot be written ({0})")]
    Disk(std::io::ErrorKind),
    #[error("it was ordered that it never boots")]
    Ordered,
}

impl From<std::io::Error> for NotBooted {
    fn from(error: std::io::Error) -> NotBooted {
        NotBooted::Disk(error.kind())
    }
}

/// The part of user data that is played.
#[derive(Deserialize)]
struct CloudConfig {
    #[serde(default)]
    write_files: Vec<File>,
}

#[derive(Deserialize)]
struct File {
    path: String,
    #[serde(default)]
    content: String,
    encoding: Option<String>,
    permissions: Option<String>,
    #[serde(default)]
    append: bool,
}

/// Writes the files of the user data below `root`, once in the life of a box.
///
/// # Errors
///
/// [`NotBooted`]: the user data is not understood, or the disk is full. What was written stays, as on a real box.
pub(crate) fn first_boot(root: &Path, user_data: Option<&str>) -> Result<(), NotBooted> {
    let finished = root.join(FINISHED);
    if finished.exists() {
        return Ok(());
    }
    let user_data = user_data.ok_or(NotBooted::NoUserData)?;
    let config = user_data.strip_prefix("#cloud-config").ok_or(NotBooted::NotUnderstood)?;
    // JSON is YAML; a whole YAML reader for files that we alone write would be one more thing to trust.
    let config: CloudConfig = serde_json::from_str(config.trim_start()).map_err(|_| NotBooted::NotUnderstood)?;
    for (index, file) in config.write_files.iter().enumerate() {
        file.write(root, index)?;
    }
    super::files::write(&finished, b"", 0o644)?;
    Ok(())
}

/// What the agent of a box calls itself; none while it was not told.
pub(crate) fn instance(root: &Path) -> Option<String> {
    let settings = std::fs::read(root.join("etc/ampere/agent.json")).ok()?;
    let settings: serde_json::Value = serde_json::from_slice(&settings).ok()?;
    settings["instance"].as_str().map(str::to_owned)
}

impl File {
    fn decoded(&self, index: usize) -> Result<Vec<u8>, NotBooted> {
        let text: String = self.content.split_whitespace().collect();
        STANDARD.decode(text).map_err(|_| NotBooted::Encoding { index })
    }

    fn write(&self, root: &Path, index: usize) -> Result<(), NotBooted> {
        let path = inside(root, &self.path).ok_or(NotBooted::Outside { index })?;
        let content = match self.encoding.as_deref() {
            None | Some("text/plain") => self.content.clone().into_bytes(),
            Some("b64" | "base64") => self.decoded(index)?,
            Some("gz+b64") => {
                let mut content = Vec::new();
                let packed = self.decoded(index)?;
                let unpacked = GzDecoder::new(&*packed).take(LONGEST + 1).read_to_end(&mut content);
                unpacked.ok().filter(|length| *length as u64 <= LONGEST).ok_or(NotBooted::Encoding { index })?;
                content
            }
            Some(_) => return Err(NotBooted::Encoding { index }),
        };
        let mode = match self.permissions.as_deref() {
            None => 0o644,
            Some(text) => u32::from_str_radix(text, 8).map_err(|_| NotBooted::Permissions { index })?,
        };
        if self.append {
            return Ok(std::fs::File::options().append(true).create(true).open(path)?.write_all(&content)?);
        }
        Ok(super::files::write(&path, &content, mode)?)
    }
}

/// An absolute path of the box, below its root.
fn inside(root: &Path, path: &str) -> Option<PathBuf> {
    let below = Path::new(path).strip_prefix("/").ok()?;
    let plain = below.components().all(|part| matches!(part, Component::Normal(_)));
    (plain && below.components().next().is_some()).then(|| root.join(below))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use serde_json::json;

    use super::*;

    fn config(files: serde_json::Value) -> String {
        format!("#cloud-config\n{}\n", json!({"runcmd": [["true"]], "write_files": files}))
    }

    #[test]
    fn files_are_written_once_with_their_modes() {
        let root = tempfile::tempdir().expect("a directory");
        let files = json!([
            {"path": "/etc/ampere/agent.json", "content": "{}", "owner": "root:root", "permissions": "0640"},
            {"path": "/bin/tool", "content": "AAEC", "encoding": "b64", "permissions": "0500"},
            {"path": "/bin/packed", "content": "H4sIAAAAAAACA0tMSgYAwkEkNQMAAAA=", "encoding": "gz+b64"},
        ]);
        first_boot(root.path(), Some(&config(files))).expect("it boots");
        let mode = |path: &str| std::fs::metadata(root.path().join(path)).expect("a file").permissions().mode() & 0o777;
        assert_eq!((mode("etc/ampere/agent.json"), mode("bin/tool")), (0o640, 0o500));
        assert_eq!(std::fs::read(root.path().join("bin/tool")).expect("a file"), [0, 1, 2]);
        assert_eq!(std::fs::read(root.path().join("bin/packed")).expect("a file"), *b"abc");
        std::fs::remove_file(root.path().join("bin/tool")).expect("it goes");
        first_boot(root.path(), Some("anything")).expect("the second boot is not the first");
        assert!(!root.path().join("bin/tool").exists());
    }

    #[test]
    fn what_is_not_understood_does_not_boot() {
        let boots = |user_data: Option<&str>| {
            let root = tempfile::tempdir().expect("a directory");
            first_boot(root.path(), user_data).map_err(|error| error.to_string())
        };
        for bad in [None, Some("#!/bin/sh"), Some("#cloud-config\nwrite_files: []")] {
            assert!(boots(bad).is_err(), "{bad:?}");
        }
        for path in ["relative", "/", "/a/../../b", "/../a", ""] {
            assert!(boots(Some(&config(json!([{"path": path}])))).is_err(), "{path}");
        }
        for other in
            [json!({"encoding": "gzip"}), json!({"encoding": "b64", "content": "ä"}), json!({"permissions": "rw"})]
        {
            let mut file = json!({"path": "/a"});
            file.as_object_mut().expect("a file").extend(other.as_object().cloned().expect("more"));
            assert!(boots(Some(&config(json!([file])))).is_err());
        }
        assert!(boots(Some("#cloud-config\n{}")).is_ok());
    }
}
