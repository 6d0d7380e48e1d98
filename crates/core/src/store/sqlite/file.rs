//! The file: made for its owner alone.
use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

/// Makes the file and the directories it lies in, if they are not there; readable for nobody but their owner (S1).
pub(super) fn create(path: &Path) -> io::Result<()> {
    if path.exists() {
        return Ok(());
    }
    if let Some(parent) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
        directories().create(parent).map_err(|e| match e.kind() {
            // That is what the system says where a file stands in the way.
            ErrorKind::AlreadyExists => ErrorKind::NotADirectory.into(),
            _ => e,
        })?;
    }
    match private().create_new(true).open(path) {
        // Another process was faster.
        Err(e) if e.kind() == ErrorKind::AlreadyExists => Ok(()),
        other => other.map(drop),
    }
}

fn directories() -> fs::DirBuilder {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

fn private() -> fs::OpenOptions {
    let mut options = fs::OpenOptions::new();
    options.read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// What an error of the file system means to a person.
pub(super) fn explain(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::PermissionDenied => "permission denied; make the directory writable for this user".into(),
        ErrorKind::ReadOnlyFilesystem => "the file system is read-only".into(),
        ErrorKind::StorageFull => "the disk is full; free some space and try again".into(),
        ErrorKind::NotADirectory => "a part of its path is a file, not a directory".into(),
        kind => format!("the file cannot be made ({kind})"),
    }
}
