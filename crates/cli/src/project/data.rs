//! The data directory: key, state, sandbox.
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use ampere_core::secret::Secret;
use ampere_core::vault::RootKey;

use super::FileEpochs;
use super::settings::RootKeySettings;
use crate::failure::Failure;
use crate::world::SystemRandom;

/// Gives the key in place of the key file, for machines that get it from elsewhere.
const KEY_VARIABLE: &str = "AMPERE_ROOT_KEY";
/// Moves the directory.
const DIRECTORY_VARIABLE: &str = "AMPERE_DATA_DIR";

/// Where a stack keeps what must not be lost.
#[derive(Clone, Debug)]
pub struct DataDirectory {
    path: PathBuf,
}

impl DataDirectory {
    /// The directory of this run: `AMPERE_DATA_DIR`, or `.ampere`.
    pub fn of_environment() -> DataDirectory {
        let path = std::env::var_os(DIRECTORY_VARIABLE).filter(|v| !v.is_empty()).unwrap_or_else(|| ".ampere".into());
        DataDirectory { path: path.into() }
    }

    /// The state, unless a `backend "local"` block says otherwise.
    pub fn state_path(&self) -> PathBuf {
        self.path.join("state.db")
    }

    /// What the sandbox keeps.
    pub fn sandbox_path(&self) -> PathBuf {
        self.path.join("sandbox")
    }

    /// Which backend `init` has prepared.
    pub fn backend_path(&self) -> PathBuf {
        self.path.join("backend.json")
    }

    /// The root key's file.
    pub fn key_path(&self) -> PathBuf {
        self.path.join("key")
    }

    /// The epoch keys.
    pub fn epochs(&self, settings: &RootKeySettings) -> FileEpochs {
        FileEpochs::at(settings.epochs.clone().unwrap_or_else(|| self.path.join("epochs")))
    }

    /// Where the root key comes from, for messages.
    pub fn key_place(&self, settings: &RootKeySettings) -> String {
        let given = std::env::var_os(KEY_VARIABLE).filter(|text| !text.is_empty());
        match (given, settings.command.as_ref().and_then(|command| command.first())) {
            (Some(_), _) => KEY_VARIABLE.to_owned(),
            (None, Some(program)) => format!("the command {program:?}"),
            (None, None) => self.key_path().display().to_string(),
        }
    }

    /// Makes the directory, readable by its owner only.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn create(&self) -> Result<(), Failure> {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.path).map_err(|error| {
            let detail = format!(
                "The data directory {} cannot be made: {error}. Choose a writable place with {DIRECTORY_VARIABLE}.",
                self.path.display()
            );
            Failure::error("Data directory unusable", detail)
        })
    }

    /// Whether there is a root key already.
    pub fn has_key(&self, settings: &RootKeySettings) -> bool {
        let given = std::env::var_os(KEY_VARIABLE).is_some_and(|text| !text.is_empty());
        given || settings.command.is_some() || self.key_path().exists()
    }

    /// The root key; it is made when there is none. The second part says whether it was made now.
    ///
    /// # Errors
    /// The file cannot be read or written, can be read by others, or holds no key.
    pub fn root_key(&self, settings: &RootKeySettings) -> Result<(RootKey, bool), Failure> {
        if let Some(text) = std::env::var(KEY_VARIABLE).ok().filter(|text| !text.is_empty()) {
            let text = Secret::new(text);
            return parse(&text, KEY_VARIABLE).map(|key| (key, false));
        }
        if let Some(command) = &settings.command {
            return printed(command).and_then(|text| parse(&text, &self.key_place(settings))).map(|key| (key, false));
        }
        let path = self.key_path();
        match std::fs::metadata(&path) {
            Ok(found) if found.permissions().mode() & 0o077 != 0 => Err(readable_by_others(&path)),
            Ok(_) => self.read_key(&path).map(|key| (key, false)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                self.create()?;
                self.make_key(&path).map(|key| (key, true))
            }
            Err(error) => Err(unusable(&path, &error)),
        }
    }

    fn read_key(&self, path: &Path) -> Result<RootKey, Failure> {
        let text = std::fs::read_to_string(path).map(Secret::new).map_err(|error| unusable(path, &error))?;
        parse(&text, &path.display().to_string())
    }

    fn make_key(&self, path: &Path) -> Result<RootKey, Failure> {
        let key = RootKey::generate(&SystemRandom).map_err(|error| {
            Failure::error("No key could be made", format!("{error}. Without it nothing can be sealed."))
        })?;
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        let written = file.and_then(|mut file| {
            file.write_all(key.to_text().expose().as_bytes())?;
            file.write_all(b"\n")?;
            file.sync_all()
        });
        match written {
            Ok(()) => Ok(key),
            // Another run was faster: its key is the stack's.
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => self.read_key(path),
            Err(error) => Err(unusable(path, &error)),
        }
    }
}

/// What a program prints. What it says on standard error its user sees.
fn printed(command: &[String]) -> Result<Secret, Failure> {
    let failed = |what: String| {
        let detail = format!("The command in [root_key] of ampere.toml {what}. Nothing was opened.");
        Failure::error("No root key", detail)
    };
    let (program, arguments) = command.split_first().ok_or_else(|| failed("is empty".to_owned()))?;
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).stderr(Stdio::inherit()).output();
    let output = output.map_err(|error| failed(format!("cannot be run: {error}")))?;
    if !output.status.success() {
        return Err(failed(format!("failed ({})", output.status)));
    }
    let text = String::from_utf8(output.stdout).map_err(|_| failed("printed no text".to_owned()))?;
    Ok(Secret::new(text))
}

fn parse(text: &Secret, place: &str) -> Result<RootKey, Failure> {
    RootKey::parse(text.expose().trim()).map_err(|error| {
        let detail = format!("{place} does not hold a root key: {error}. Put the key back from your backup.");
        Failure::error("Invalid root key", detail)
    })
}

fn unusable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::error("Root key unusable", format!("The key file {} cannot be used: {error}.", path.display()))
}

fn readable_by_others(path: &Path) -> Failure {
    let detail = format!(
        "Others than you may read the key file {0}, and with it every secret of the stack. Run: chmod 600 {0}",
        path.display()
    );
    Failure::error("Root key readable by others", detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory() -> (tempfile::TempDir, DataDirectory) {
        let temporary = tempfile::tempdir().unwrap();
        let data = DataDirectory { path: temporary.path().join("data") };
        (temporary, data)
    }

    #[test]
    fn a_key_is_made_once_and_for_its_owner_only() {
        let (_guard, data) = directory();
        let (first, made) = data.root_key(&RootKeySettings::default()).unwrap();
        let (second, again) = data.root_key(&RootKeySettings::default()).unwrap();
        assert!(made && !again);
        assert_eq!(first.to_text().expose(), second.to_text().expose());
        assert_eq!(std::fs::metadata(data.key_path()).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_key_that_others_may_read_is_refused() {
        let (_guard, data) = directory();
        data.root_key(&RootKeySettings::default()).unwrap();
        std::fs::set_permissions(data.key_path(), std::fs::Permissions::from_mode(0o644)).unwrap();
        let failure = data.root_key(&RootKeySettings::default()).err().unwrap();
        assert_eq!(failure.findings.iter().next().unwrap().summary, "Root key readable by others");
    }

    #[test]
    fn a_damaged_key_is_not_repeated() {
        let (_guard, data) = directory();
        data.create().unwrap();
        std::fs::write(data.key_path(), "EXAMPLE-damaged").unwrap();
        std::fs::set_permissions(data.key_path(), std::fs::Permissions::from_mode(0o600)).unwrap();
        assert!(
            !format!("{:?}", data.root_key(&RootKeySettings::default()).err().unwrap()).contains("EXAMPLE-damaged")
        );
    }
}
