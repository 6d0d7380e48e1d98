//! Saved plans: the file as it lies there, and what is inside the seal.
#![no_main]
use std::sync::{Arc, LazyLock};

use ampere_core::clock::{NoRandomness, Random};
use ampere_core::planfile;
use ampere_core::vault::{RootKey, Vault};
use libfuzzer_sys::fuzz_target;

struct Fixed;

impl Random for Fixed {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), NoRandomness> {
        buffer.fill(7);
        Ok(())
    }
}

static VAULT: LazyLock<Vault> = LazyLock::new(|| {
    Vault::open(&RootKey::from_bytes([7; 32]), "test", &[], Arc::new(Fixed)).expect("bytes are there")
});

fuzz_target!(|bytes: &[u8]| {
    let _ = planfile::read(bytes, &VAULT);
    if let Ok(saved) = planfile::read_unsealed(bytes) {
        let written = planfile::write(&saved.plan, &saved.sources, &saved.variables, &VAULT);
        if let Ok(written) = written {
            assert!(planfile::read(&written, &VAULT).is_ok(), "what was written can be read");
        }
    }
});
