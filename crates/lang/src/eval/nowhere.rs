//! A host that has nothing.
use super::Host;

/// No files, no home, no clock and no chance: for configurations that are not of any machine.
///
/// ```
/// use ampere_lang::eval::{Host, Nowhere};
/// assert!(Nowhere.read_file("main.tf").is_err());
/// assert_eq!((Nowhere.home(), Nowhere.now()), (None, None));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Nowhere;

impl Host for Nowhere {
    fn read_file(&self, _: &str) -> std::io::Result<Vec<u8>> {
        Err(std::io::ErrorKind::NotFound.into())
    }

    fn file_exists(&self, _: &str) -> std::io::Result<bool> {
        Ok(false)
    }

    fn walk_files(&self, _: &str) -> std::io::Result<Vec<String>> {
        Ok(Vec::new())
    }

    fn home(&self) -> Option<String> {
        None
    }

    fn current_directory(&self) -> String {
        "/".into()
    }

    fn plan_time(&self) -> Option<String> {
        None
    }

    fn now(&self) -> Option<String> {
        None
    }

    fn random(&self) -> Option<[u8; 16]> {
        None
    }
}
