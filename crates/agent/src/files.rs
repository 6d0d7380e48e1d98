//! Files that are whole or absent, whatever happens meanwhile.
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use zeroize::Zeroizing;

/// The directory that the box's paths lie below: `/`, or another one in which a box is played.
#[derive(Clone, Debug)]
pub struct Root(PathBuf);

impl Root {
    /// A root.
    pub fn new(directory: impl Into<PathBuf>) -> Root {
        Root(directory.into())
    }

    /// Where an absolute path of the box lies.
    pub fn at(&self, path: &str) -> PathBuf {
        self.0.join(path.trim_start_matches('/'))
    }

    /// Whether it is the machine's own.
    pub fn is_machine(&self) -> bool {
        self.0 == Path::new("/")
    }
}

/// The few things that are done to a disk. A test's own disk is full, or loses its power, at any of them.
pub trait Disk: Send + Sync {
    /// Writes a new file with these permissions, through to the disk. What was there is overwritten.
    ///
    /// # Errors
    /// Those of the system.
    fn create(&self, path: &Path, bytes: &[u8], mode: u32) -> io::Result<()>;

    /// Puts a file in another's place, at once.
    ///
    /// # Errors
    /// Those of the system.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file; none is no error.
    ///
    /// # Errors
    /// Those of the system.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Has the directory's entries reach the disk.
    ///
    /// # Errors
    /// Those of the system.
    fn sync(&self, directory: &Path) -> io::Result<()>;
}

/// The machine's disk.
#[derive(Clone, Copy, Debug)]
pub struct Machine;

impl Disk for Machine {
    fn create(&self, path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
        // What a killed run left here: with other permissions, or a link that somebody made.
        self.remove(path)?;
        let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
        // Past the umask.
        file.set_permissions(fs::Permissions::from_mode(mode))?;
        file.write_all(bytes)?;
        file.sync_all()
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn sync(&self, directory: &Path) -> io::Result<()> {
        File::open(directory)?.sync_all()
    }
}

/// Writes a file so that after a crash at any moment it is there as it was, or as it shall be.
///
/// # Errors
/// Those of the system; the file is then as it was.
pub fn save(disk: &dyn Disk, path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let directory = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    let new = path.with_extension("new");
    if let Err(error) = disk.create(&new, bytes, mode) {
        // A full disk shall not stay full of our half file.
        return disk.remove(&new).and(Err(error));
    }
    disk.rename(&new, path)?;
    disk.sync(directory)
}

/// Removes a file for good.
///
/// # Errors
/// Those of the system.
pub fn discard(disk: &dyn Disk, path: &Path) -> io::Result<()> {
    disk.remove(path)?;
    disk.sync(path.parent().ok_or(io::ErrorKind::InvalidInput)?)
}

/// The bytes of a file, if there is one. It is no link, no device and no pipe, and not longer than `longest`.
///
/// # Errors
/// Those of the system, and `FileTooLarge`.
pub fn read(path: &Path, longest: usize) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    let flags = i32::try_from((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits()).map_err(io::Error::other)?;
    let file = match OpenOptions::new().read(true).custom_flags(flags).open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    if !file.metadata()?.is_file() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    // Room for all at once: a buffer that grows leaves copies behind.
    let length = usize::try_from(file.metadata()?.len()).map_err(io::Error::other)?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(length.min(longest) + 1));
    file.take(longest as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > longest {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(Some(bytes))
}

/// The text of a file, if there is one.
///
/// # Errors
/// As [`read`], and `InvalidData` when it is not UTF-8.
pub fn read_text(path: &Path, longest: usize) -> io::Result<Option<Zeroizing<String>>> {
    let Some(bytes) = read(path, longest)? else { return Ok(None) };
    let text = str::from_utf8(&bytes).map_err(|_| io::ErrorKind::InvalidData)?;
    Ok(Some(Zeroizing::new(text.trim_end().to_owned())))
}

/// The JSON of a file, if there is one.
///
/// # Errors
/// As [`read`], and `InvalidData` when it is something else. (The parser's own error quotes the file.)
pub fn read_json<T: serde::de::DeserializeOwned>(path: &Path, longest: usize) -> io::Result<Option<T>> {
    let Some(bytes) = read(path, longest)? else { return Ok(None) };
    serde_json::from_slice(&bytes).map(Some).map_err(|_| io::ErrorKind::InvalidData.into())
}
