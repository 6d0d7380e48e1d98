//! Rows of a state: objects, outputs, tombstones, notices, marks.
#![no_main]
use std::sync::{Arc, LazyLock};

use ampere_core::clock::{NoRandomness, Random};
use ampere_core::notice::Outbox;
use ampere_core::snapshot::{RecordKind, StoredObject, StoredOutput, StoredRecord, StoredSnapshot};
use ampere_core::vault::rows::{decode_object, decode_output, encode_object, snapshot};
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

fuzz_target!(|text: &str| {
    let mut parts = text.splitn(3, '\0');
    let (address, id, body) =
        (parts.next().unwrap_or_default(), parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let object = StoredObject {
        address: address.into(),
        deposed: String::new(),
        external_id: id.into(),
        body: body.into(),
    };
    if let Ok((key, read)) = decode_object(&object, &VAULT) {
        let written = encode_object(&key, &read, &VAULT).expect("what was read can be written");
        assert!(decode_object(&written, &VAULT).is_ok(), "and read again");
    }
    let output = StoredOutput { name: id.into(), body: body.into() };
    let _ = decode_output(&output, &VAULT);
    let records: Vec<StoredRecord> = RecordKind::ALL
        .into_iter()
        .map(|kind| StoredRecord { kind, id: id.into(), body: body.into() })
        .collect();
    let _ = Outbox::read(&records);
    let stored = StoredSnapshot { serial: 1, objects: vec![object], outputs: vec![output], records, ..Default::default() };
    let _ = snapshot(&stored, &VAULT);
});
