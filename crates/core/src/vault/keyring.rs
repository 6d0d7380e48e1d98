//! Keys of accounts: random, wrapped by the root key, one row each. Who destroys the row destroys all that was sealed under it.
use std::collections::BTreeMap;

use zeroize::Zeroizing;

use super::SealError;
use super::derive::{KEY_LENGTH, Key, prefixed};
use super::envelope;
use crate::clock::Random;
use crate::snapshot::StoredKey;

/// Uses after which a key seals no more. Far below what AES-GCM would allow (2^32 with random nonces).
pub const MAX_USES: u64 = 1 << 24;
/// Uses are written down in blocks, before they happen: a run that is killed loses some of them, never counts too few.
const BLOCK: u64 = 1 << 12;
/// First byte of a wrapped key.
const VERSION: u8 = 1;

/// The keys of a stack, as far as they were needed opened.
pub(super) struct Keyring {
    wrap: Key,
    keys: BTreeMap<String, AccountKey>,
    /// New and changed rows that no transaction has written yet.
    pending: BTreeMap<String, Vec<u8>>,
}

enum AccountKey {
    Wrapped(Vec<u8>),
    Open { key: Key, used: u64, reserved: u64 },
}

impl Keyring {
    /// The rows as they were stored; nothing is opened yet.
    pub(super) fn new(wrap: Key, rows: &[StoredKey]) -> Keyring {
        let keys = rows.iter().map(|row| (row.id.clone(), AccountKey::Wrapped(row.wrapped.clone()))).collect();
        Keyring { wrap, keys, pending: BTreeMap::new() }
    }

    /// The key of that id for opening.
    pub(super) fn get(&mut self, id: &str) -> Result<Key, SealError> {
        let wrap = &self.wrap;
        let entry = self.keys.get_mut(id).ok_or(SealError::NoKey)?;
        if let AccountKey::Wrapped(wrapped) = entry {
            let (key, reserved) = unwrap(wrap, id, wrapped)?;
            *entry = AccountKey::Open { key, used: reserved, reserved };
        }
        match entry {
            AccountKey::Open { key, .. } => Ok(key.clone()),
            AccountKey::Wrapped(_) => Err(SealError::DoesNotOpen),
        }
    }

    /// The key of that id for sealing once; made if there is none.
    pub(super) fn take(&mut self, id: &str, random: &dyn Random) -> Result<Key, SealError> {
        self.reserve(id, random)?;
        match self.keys.get_mut(id) {
            Some(AccountKey::Open { key, used, .. }) => {
                *used += 1;
                Ok(key.clone())
            }
            _ => Err(SealError::NoKey),
        }
    }

    /// Sees to it that the key of that id is there and may be used at least once more.
    pub(super) fn reserve(&mut self, id: &str, random: &dyn Random) -> Result<(), SealError> {
        if !self.keys.contains_key(id) {
            let mut key = Zeroizing::new([0; KEY_LENGTH]);
            random.fill(key.as_mut()).map_err(|_| SealError::NoRandomness)?;
            self.keys.insert(id.into(), AccountKey::Open { key, used: 0, reserved: 0 });
        }
        self.get(id)?;
        let Some(AccountKey::Open { key, used, reserved }) = self.keys.get_mut(id) else {
            return Err(SealError::NoKey);
        };
        if *used < *reserved {
            return Ok(());
        }
        if *reserved >= MAX_USES {
            return Err(SealError::Exhausted(MAX_USES));
        }
        let wrapped = wrap(&self.wrap, id, key, *reserved + BLOCK, random)?;
        *reserved += BLOCK;
        self.pending.insert(id.into(), wrapped);
        Ok(())
    }

    /// Whether there is a key of that id.
    pub(super) fn holds(&self, id: &str) -> bool {
        self.keys.contains_key(id)
    }

    /// Forgets a key: what was sealed under it opens no more.
    pub(super) fn remove(&mut self, id: &str) {
        self.keys.remove(id);
        self.pending.remove(id);
    }

    /// Rows that the next transaction must write.
    pub(super) fn pending(&self) -> Vec<StoredKey> {
        self.pending.iter().map(|(id, wrapped)| StoredKey { id: id.clone(), wrapped: wrapped.clone() }).collect()
    }

    /// Takes note of rows that were written.
    pub(super) fn committed(&mut self, rows: &[StoredKey]) {
        for row in rows {
            if self.pending.get(&row.id) == Some(&row.wrapped) {
                self.pending.remove(&row.id);
            }
        }
    }
}

fn context(id: &str) -> Zeroizing<Vec<u8>> {
    prefixed(&[b"ampere account key v1", id.as_bytes(), envelope::ALGORITHM])
}

fn wrap(wrap: &Key, id: &str, key: &Key, reserved: u64, random: &dyn Random) -> Result<Vec<u8>, SealError> {
    let mut plaintext = Zeroizing::new([0; KEY_LENGTH + 8]);
    plaintext[..KEY_LENGTH].copy_from_slice(key.as_ref());
    plaintext[KEY_LENGTH..].copy_from_slice(&reserved.to_be_bytes());
    let mut wrapped = vec![VERSION];
    wrapped.extend(envelope::seal(wrap, &context(id), plaintext.as_ref(), random)?);
    Ok(wrapped)
}

fn unwrap(wrap: &Key, id: &str, wrapped: &[u8]) -> Result<(Key, u64), SealError> {
    let Some((&VERSION, sealed)) = wrapped.split_first() else { return Err(SealError::NotSealed) };
    let plaintext = envelope::open(wrap, &context(id), sealed)?;
    let (key, reserved) = plaintext.split_first_chunk::<KEY_LENGTH>().ok_or(SealError::NotSealed)?;
    let reserved = u64::from_be_bytes(reserved.try_into().map_err(|_| SealError::NotSealed)?);
    Ok((Zeroizing::new(*key), reserved))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::NoRandomness;

    struct Counting(std::sync::atomic::AtomicU64);
    impl Random for Counting {
        fn fill(&self, buffer: &mut [u8]) -> Result<(), NoRandomness> {
            let n = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            blake3::Hasher::new().update(&n.to_be_bytes()).finalize_xof().fill(buffer);
            Ok(())
        }
    }

    fn random() -> Counting {
        Counting(Default::default())
    }

    #[test]
    fn a_key_stops_at_its_limit_of_uses_also_across_runs() {
        let (wrapping, random) = (Zeroizing::new([9; 32]), random());
        let almost = wrap(&wrapping, "a", &Zeroizing::new([1; 32]), MAX_USES - BLOCK, &random).unwrap();
        let mut ring = Keyring::new(wrapping.clone(), &[StoredKey { id: "a".into(), wrapped: almost }]);
        for _ in 0..BLOCK {
            ring.take("a", &random).unwrap();
        }
        assert_eq!(ring.take("a", &random).unwrap_err(), SealError::Exhausted(MAX_USES));
        let rows = ring.pending();
        let mut next_run = Keyring::new(wrapping, &rows);
        assert_eq!(next_run.take("a", &random).unwrap_err(), SealError::Exhausted(MAX_USES));
        assert!(next_run.get("a").is_ok(), "an exhausted key still opens");
    }

    #[test]
    fn a_killed_run_never_counts_too_few() {
        let (wrapping, random) = (Zeroizing::new([9; 32]), random());
        let mut ring = Keyring::new(wrapping.clone(), &[]);
        ring.take("a", &random).unwrap();
        let rows = ring.pending();
        let (_, reserved) = unwrap(&wrapping, "a", &rows[0].wrapped).unwrap();
        assert_eq!(reserved, BLOCK);
        ring.committed(&rows);
        ring.take("a", &random).unwrap();
        assert!(ring.pending().is_empty(), "one row a block, not one a use");
    }

    #[test]
    fn a_wrapped_key_does_not_open_under_another_id_or_root() {
        let random = random();
        let wrapped = wrap(&Zeroizing::new([9; 32]), "a", &Zeroizing::new([1; 32]), 1, &random).unwrap();
        assert_eq!(unwrap(&Zeroizing::new([9; 32]), "b", &wrapped).unwrap_err(), SealError::DoesNotOpen);
        assert_eq!(unwrap(&Zeroizing::new([8; 32]), "a", &wrapped).unwrap_err(), SealError::DoesNotOpen);
    }
}
