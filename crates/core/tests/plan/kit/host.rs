//! What functions of the language are given in tests.
use ampere_lang::eval::Host;

/// A host that has no files, no clock and no chance.
pub struct NoHost;

impl Host for NoHost {
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
        "/stack".into()
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
