//! The epoch keys as a file: beside the root key, never in the state, never in a backup.
use std::fs::{File, OpenOptions};
use std::io::{Error, ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use ampere_core::rotation::{EpochStore, EpochStoreError};
use async_trait::async_trait;

/// A text of this many bytes holds thousands of epochs; a longer file is none of ours.
const LONGEST: u64 = 1 << 20;

/// The epochs in a file of mode 0600.
#[derive(Clone, Debug)]
pub struct FileEpochs {
    path: PathBuf,
}

impl FileEpochs {
    /// The epochs in this file, which need not be there.
    pub fn at(path: PathBuf) -> FileEpochs {
        FileEpochs { path }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn fail(&self, what: impl ToString) -> EpochStoreError {
        EpochStoreError { place: self.path.display().to_string(), what: what.to_string() }
    }

    fn read(&self) -> Result<Option<String>, EpochStoreError> {
        let file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.fail(error)),
        };
        let found = file.metadata().map_err(|error| self.fail(error))?;
        if found.permissions().mode() & 0o077 != 0 {
            return Err(self.fail(format!("others than you may read it; run: chmod 600 {}", self.path.display())));
        }
        let mut text = String::new();
        file.take(LONGEST).read_to_string(&mut text).map_err(|error| self.fail(error))?;
        Ok(Some(text))
    }

    /// Writes a file beside it, puts that in its place, and overwrites what was there: also where another name (a backup made
    /// of hard links) still leads to it.
    fn replace(&self, text: &str) -> Result<(), Error> {
        let directory = self.path.parent().filter(|path| !path.as_os_str().is_empty()).unwrap_or(Path::new("."));
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
        let before = match OpenOptions::new().write(true).open(&self.path) {
            Ok(file) => Some(file),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let fresh = directory.join(".epochs.new");
        // What a killed run left there is nobody's.
        match std::fs::remove_file(&fresh) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh)?;
        file.write_all(text.as_bytes())?;
        file.write_all(b"\n")?;
        file.sync_all()?;
        std::fs::rename(&fresh, &self.path)?;
        File::open(directory)?.sync_all()?;
        match before {
            Some(file) => wipe(file),
            None => Ok(()),
        }
    }
}

/// Overwrites a file that has lost its name.
fn wipe(mut file: File) -> Result<(), Error> {
    let length = file.metadata()?.len().min(LONGEST);
    file.seek(SeekFrom::Start(0))?;
    file.write_all(&vec![0; usize::try_from(length).unwrap_or(0)])?;
    file.sync_all()
}

#[async_trait]
impl EpochStore for FileEpochs {
    async fn load(&self) -> Result<Option<String>, EpochStoreError> {
        self.read()
    }

    async fn save(&self, text: &str) -> Result<(), EpochStoreError> {
        self.replace(text).map_err(|error| self.fail(error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn epochs() -> (tempfile::TempDir, FileEpochs) {
        let directory = tempfile::tempdir().unwrap();
        let epochs = FileEpochs::at(directory.path().join("epochs"));
        (directory, epochs)
    }

    #[tokio::test]
    async fn a_text_takes_the_place_of_the_one_before_which_is_overwritten() {
        let (directory, epochs) = epochs();
        assert_eq!(epochs.load().await.unwrap(), None);
        epochs.save("ampere_epochs1_EXAMPLE-one").await.unwrap();
        let linked = directory.path().join("linked");
        std::fs::hard_link(epochs.path(), &linked).unwrap();
        std::fs::write(directory.path().join(".epochs.new"), "left by a killed run").unwrap();
        epochs.save("ampere_epochs1_EXAMPLE-two").await.unwrap();
        assert_eq!(epochs.load().await.unwrap().unwrap().trim(), "ampere_epochs1_EXAMPLE-two");
        assert!(std::fs::read(&linked).unwrap().iter().all(|byte| *byte == 0));
        let mode = std::fs::metadata(epochs.path()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 2, "nothing is left beside it");
    }

    #[tokio::test]
    async fn what_others_may_read_or_nobody_may_write_is_told() {
        let (_guard, epochs) = epochs();
        epochs.save("ampere_epochs1_EXAMPLE").await.unwrap();
        std::fs::set_permissions(epochs.path(), std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(epochs.load().await.unwrap_err().to_string().contains("chmod 600"));
        let nowhere = FileEpochs::at("/proc/no-such-directory/epochs".into());
        assert!(nowhere.save("x").await.unwrap_err().to_string().contains("/proc/no-such-directory/epochs"));
    }
}
