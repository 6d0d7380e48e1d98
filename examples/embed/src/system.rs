//! What core asks of the machine: it takes none of it by itself.
use std::io;

use ampere_core::clock::{Clock, NoRandomness, Random};
use ampere_core::lang::eval::Host;
use jiff::Timestamp;

/// The system's clock and random source; no files, since no configuration is read.
pub struct System;

impl Clock for System {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

impl Random for System {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), NoRandomness> {
        getrandom::fill(buffer).map_err(|_| NoRandomness)
    }
}

impl Host for System {
    fn read_file(&self, _: &str) -> io::Result<Vec<u8>> {
        Err(io::ErrorKind::NotFound.into())
    }

    fn file_exists(&self, _: &str) -> io::Result<bool> {
        Ok(false)
    }

    fn walk_files(&self, _: &str) -> io::Result<Vec<String>> {
        Ok(Vec::new())
    }

    fn home(&self) -> Option<String> {
        None
    }

    fn current_directory(&self) -> String {
        ".".to_owned()
    }

    fn plan_time(&self) -> Option<String> {
        Some(Timestamp::now().to_string())
    }

    fn now(&self) -> Option<String> {
        Some(Timestamp::now().to_string())
    }

    fn random(&self) -> Option<[u8; 16]> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).ok().map(|()| bytes)
    }
}
