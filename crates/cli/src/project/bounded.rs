//! Files that may be longer than can be handled: a slip of the hand (or a device) must not use up the machine's memory.
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// The bytes of a file.
///
/// # Errors
/// It cannot be read, or it has more than `most` bytes: then it is not read any further.
pub fn read(path: &Path, most: usize) -> io::Result<Vec<u8>> {
    read_from(File::open(path)?, most)
}

/// The bytes of a stream.
///
/// # Errors
/// As [`read`].
pub fn read_from(stream: impl Read, most: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    stream.take(most as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > most {
        let told = format!("it is longer than {} MiB", most >> 20);
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, told));
    }
    Ok(bytes)
}

/// As [`read`], of a file that is text.
///
/// # Errors
/// As [`read`], and if it is not UTF-8.
pub fn read_to_string(path: &Path, most: usize) -> io::Result<String> {
    String::from_utf8(read(path, most)?).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_never_ends_is_not_read_to_its_end() {
        let refused = read(Path::new("/dev/zero"), 1 << 20).unwrap_err();
        assert_eq!(refused.to_string(), "it is longer than 1 MiB");
        assert_eq!(read_from(&b"abc"[..], 3).unwrap(), b"abc");
        assert!(read_from(&b"abcd"[..], 3).is_err());
    }
}
