//! Keys of accounts: random, wrapped by an epoch key, one row each. Who destroys the row destroys all that was sealed under
//! it; copies of the row end with the epoch.
use std::collections::BTreeMap;

use zeroize::Zeroizing;

use super::SealError;
use super::derive::{KEY_LENGTH, Key, prefixed};
use super::envelope;
use super::epoch::{Epochs, MAX_WRAPS};
use crate::clock::Random;
use crate::snapshot::StoredKey;

/// Uses after which a key seals no more. Far below what AES-GCM would allow (2^32 with random nonces).
pub const MAX_USES: u64 = 1 << 24;
/// Uses are written down in blocks, before they happen: a run that is killed loses some of them, never counts too few. The
/// first block of a run is small, since most runs seal little; each next one is twice as large.
const FIRST_BLOCK: u64 = 1 << 4;
const LARGEST_BLOCK: u64 = 1 << 12;
/// First byte of a key that the root key wraps, as before there were epochs.
const BY_ROOT: u8 = 1;
/// First byte of a key that an epoch wraps; its number and the number of the wrap follow.
const BY_EPOCH: u8 = 2;
/// The root key in the place of an epoch.
pub(super) const ROOT: u64 = 0;

/// The keys of a stack, as far as they were needed opened.
pub(super) struct Keyring {
    /// The root's wrapping key, for states that had no epochs.
    root: Key,
    pub(super) epochs: Epochs,
    /// Wraps by the newest epoch, as far as the rows tell.
    wraps: u64,
    keys: BTreeMap<String, AccountKey>,
    /// New and changed rows that no transaction has written yet.
    pending: BTreeMap<String, Vec<u8>>,
}

enum AccountKey {
    Wrapped(Vec<u8>),
    Open { key: Key, used: u64, reserved: u64, block: u64, by: u64 },
}

impl AccountKey {
    fn by(&self) -> u64 {
        match self {
            AccountKey::Wrapped(wrapped) => wrapped_by(wrapped).map_or(ROOT, |(epoch, _)| epoch),
            AccountKey::Open { by, .. } => *by,
        }
    }
}

impl Keyring {
    /// The rows as they were stored; nothing is opened yet.
    pub(super) fn new(root: Key, epochs: Epochs, rows: &[StoredKey]) -> Keyring {
        let keys = rows.iter().map(|row| (row.id.clone(), AccountKey::Wrapped(row.wrapped.clone()))).collect();
        let wraps = match epochs.newest() {
            Some(newest) => {
                let by_newest = rows.iter().filter_map(|row| wrapped_by(&row.wrapped));
                by_newest.filter(|(epoch, _)| *epoch == newest.number).map(|(_, wrap)| wrap).max().unwrap_or(0)
            }
            None => 0,
        };
        Keyring { root, epochs, wraps, keys, pending: BTreeMap::new() }
    }

    /// The key of that id for opening.
    pub(super) fn get(&mut self, id: &str) -> Result<Key, SealError> {
        let entry = self.keys.get_mut(id).ok_or(SealError::NoKey)?;
        if let AccountKey::Wrapped(wrapped) = entry {
            let (key, reserved) = unwrap(&self.root, &self.epochs, id, wrapped)?;
            let by = wrapped_by(wrapped).map_or(ROOT, |(epoch, _)| epoch);
            *entry = AccountKey::Open { key, used: reserved, reserved, block: FIRST_BLOCK, by };
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
            let new = AccountKey::Open { key, used: 0, reserved: 0, block: FIRST_BLOCK, by: self.wraps_by() };
            self.keys.insert(id.into(), new);
        }
        let key = self.get(id)?;
        let Some(AccountKey::Open { used, reserved, block, .. }) = self.keys.get(id) else {
            return Err(SealError::NoKey);
        };
        if used < reserved {
            return Ok(());
        }
        if *reserved >= MAX_USES {
            return Err(SealError::Exhausted(MAX_USES));
        }
        let (now, next) = ((*reserved + *block).min(MAX_USES), (*block * 2).min(LARGEST_BLOCK));
        let wrapped = self.wrap(id, &key, now, random)?;
        let newest = self.wraps_by();
        if let Some(AccountKey::Open { reserved, block, by, .. }) = self.keys.get_mut(id) {
            (*reserved, *block, *by) = (now, next, newest);
        }
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

    /// From now on these epochs are alive. Rows that nobody has written yet are wrapped by the newest.
    pub(super) fn enter(&mut self, epochs: Epochs, random: &dyn Random) -> Result<(), SealError> {
        if epochs.newest().map(|epoch| epoch.number) != self.epochs.newest().map(|epoch| epoch.number) {
            self.wraps = 0;
        }
        self.epochs = epochs;
        for id in self.pending.keys().cloned().collect::<Vec<_>>() {
            let wrapped = self.rewrapped(&id, random)?;
            self.pending.insert(id, wrapped);
        }
        Ok(())
    }

    /// Ids of the keys that another than the newest epoch wraps, `first` in front.
    pub(super) fn outdated(&self, first: &str) -> Vec<String> {
        let newest = self.wraps_by();
        let old = self.keys.iter().filter(|(_, key)| key.by() != newest).map(|(id, _)| id.clone());
        let mut old: Vec<String> = old.collect();
        old.sort_by_key(|id| id != first);
        old
    }

    /// The row of a key, wrapped by the newest epoch.
    pub(super) fn rewrapped(&mut self, id: &str, random: &dyn Random) -> Result<Vec<u8>, SealError> {
        let newest = self.wraps_by();
        match self.keys.get(id).ok_or(SealError::NoKey)? {
            AccountKey::Open { key, reserved, .. } => {
                let (key, reserved) = (key.clone(), *reserved);
                let wrapped = self.wrap(id, &key, reserved, random)?;
                if let Some(AccountKey::Open { by, .. }) = self.keys.get_mut(id) {
                    *by = newest;
                }
                Ok(wrapped)
            }
            AccountKey::Wrapped(wrapped) => {
                let (key, reserved) = unwrap(&self.root, &self.epochs, id, wrapped)?;
                let wrapped = self.wrap(id, &key, reserved, random)?;
                self.keys.insert(id.into(), AccountKey::Wrapped(wrapped.clone()));
                Ok(wrapped)
            }
        }
    }

    /// Number of wraps by the newest epoch.
    pub(super) fn wraps(&self) -> u64 {
        self.wraps
    }

    /// The epoch that wraps.
    fn wraps_by(&self) -> u64 {
        self.epochs.newest().map_or(ROOT, |epoch| epoch.number)
    }

    fn wrap(&mut self, id: &str, key: &Key, reserved: u64, random: &dyn Random) -> Result<Vec<u8>, SealError> {
        let mut plaintext = Zeroizing::new([0; KEY_LENGTH + 8]);
        plaintext[..KEY_LENGTH].copy_from_slice(key.as_ref());
        plaintext[KEY_LENGTH..].copy_from_slice(&reserved.to_be_bytes());
        let Some(epoch) = self.epochs.newest() else {
            let mut wrapped = vec![BY_ROOT];
            wrapped.extend(envelope::seal(&self.root, &root_context(id), plaintext.as_ref(), random)?);
            return Ok(wrapped);
        };
        if self.wraps >= MAX_WRAPS {
            return Err(SealError::Exhausted(MAX_WRAPS));
        }
        let wrap = self.wraps + 1;
        let mut wrapped = vec![BY_EPOCH];
        wrapped.extend_from_slice(&epoch.number.to_be_bytes());
        wrapped.extend_from_slice(&wrap.to_be_bytes());
        let context = epoch_context(id, epoch.number, wrap);
        wrapped.extend(envelope::seal(&epoch.key, &context, plaintext.as_ref(), random)?);
        self.wraps = wrap;
        Ok(wrapped)
    }
}

/// The epoch that a row says it is wrapped by ([`ROOT`] for none), and the number of that wrap.
pub(super) fn wrapped_by(wrapped: &[u8]) -> Option<(u64, u64)> {
    match wrapped.split_first()? {
        (&BY_ROOT, _) => Some((ROOT, 0)),
        (&BY_EPOCH, rest) => {
            let (epoch, rest) = rest.split_first_chunk::<8>()?;
            let wrap = rest.first_chunk::<8>()?;
            Some((u64::from_be_bytes(*epoch), u64::from_be_bytes(*wrap)))
        }
        _ => None,
    }
}

fn root_context(id: &str) -> Zeroizing<Vec<u8>> {
    prefixed(&[b"ampere account key v1", id.as_bytes(), envelope::ALGORITHM])
}

fn epoch_context(id: &str, epoch: u64, wrap: u64) -> Zeroizing<Vec<u8>> {
    let (epoch, wrap) = (epoch.to_be_bytes(), wrap.to_be_bytes());
    prefixed(&[b"ampere account key v2", id.as_bytes(), &epoch, &wrap, envelope::ALGORITHM])
}

fn unwrap(root: &Key, epochs: &Epochs, id: &str, wrapped: &[u8]) -> Result<(Key, u64), SealError> {
    let plaintext = match wrapped_by(wrapped).ok_or(SealError::NotSealed)? {
        (ROOT, _) if wrapped.first() == Some(&BY_ROOT) => envelope::open(root, &root_context(id), &wrapped[1..])?,
        (epoch, wrap) => {
            let key = epochs.key(epoch).ok_or(SealError::EpochGone)?;
            envelope::open(key, &epoch_context(id, epoch, wrap), &wrapped[17..])?
        }
    };
    let (key, reserved) = plaintext.split_first_chunk::<KEY_LENGTH>().ok_or(SealError::NotSealed)?;
    let reserved = u64::from_be_bytes(reserved.try_into().map_err(|_| SealError::NotSealed)?);
    Ok((Zeroizing::new(*key), reserved))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::NoRandomness;
    use jiff::Timestamp;

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

    fn root(byte: u8) -> Key {
        Zeroizing::new([byte; 32])
    }

    fn ring(epochs: &Epochs, rows: &[StoredKey]) -> Keyring {
        Keyring::new(root(9), epochs.clone(), rows)
    }

    fn row(id: &str, wrapped: Vec<u8>) -> StoredKey {
        StoredKey { id: id.into(), wrapped }
    }

    #[test]
    fn a_key_stops_at_its_limit_of_uses_also_across_runs() {
        let (none, random) = (Epochs::default(), random());
        let almost = ring(&none, &[]).wrap("a", &root(1), MAX_USES - 40, &random).unwrap();
        let mut ring_now = ring(&none, &[row("a", almost)]);
        for _ in 0..40 {
            ring_now.take("a", &random).unwrap();
        }
        assert_eq!(ring_now.take("a", &random).unwrap_err(), SealError::Exhausted(MAX_USES));
        let mut next_run = ring(&none, &ring_now.pending());
        assert_eq!(next_run.take("a", &random).unwrap_err(), SealError::Exhausted(MAX_USES));
        assert!(next_run.get("a").is_ok(), "an exhausted key still opens");
    }

    #[test]
    fn a_killed_run_never_counts_too_few() {
        let (none, random) = (Epochs::default(), random());
        let mut ring = ring(&none, &[]);
        let reserved = |rows: &[StoredKey]| unwrap(&root(9), &Epochs::default(), "a", &rows[0].wrapped).unwrap().1;
        let (mut used, mut written) = (0, 0);
        for _ in 0..20_000 {
            ring.take("a", &random).unwrap();
            used += 1;
            let rows = ring.pending();
            if !rows.is_empty() {
                assert!(reserved(&rows) >= used, "what is used was written down before");
                ring.committed(&rows);
                written += 1;
            }
        }
        assert!(written < 16, "one row a block, not one a use: {written}");
    }

    #[test]
    fn a_wrapped_key_does_not_open_under_another_id_root_epoch_or_number() {
        let (none, random) = (Epochs::default(), random());
        let by_root = ring(&none, &[]).wrap("a", &root(1), 1, &random).unwrap();
        let refusal = |root: &Key, epochs: &Epochs, id: &str, row: &[u8]| unwrap(root, epochs, id, row).unwrap_err();
        assert_eq!(refusal(&root(9), &none, "b", &by_root), SealError::DoesNotOpen);
        assert_eq!(refusal(&root(8), &none, "a", &by_root), SealError::DoesNotOpen);
        let one = none.with_next(0, Timestamp::UNIX_EPOCH, &random).unwrap();
        let two = one.with_next(0, Timestamp::UNIX_EPOCH, &random).unwrap();
        let mut by_epoch = ring(&one, &[]).wrap("a", &root(1), 1, &random).unwrap();
        assert!(unwrap(&root(8), &two, "a", &by_epoch).is_ok(), "the root key has no part in it");
        assert_eq!(refusal(&root(9), &one, "b", &by_epoch), SealError::DoesNotOpen);
        assert_eq!(refusal(&root(9), &two.without_old(), "a", &by_epoch), SealError::EpochGone);
        by_epoch[8] = 2;
        assert_eq!(refusal(&root(9), &two, "a", &by_epoch), SealError::DoesNotOpen);
        assert_eq!(refusal(&root(9), &two, "a", &[3, 1, 2]), SealError::NotSealed);
        assert_eq!(refusal(&root(9), &two, "a", &[2, 0, 0]), SealError::NotSealed);
    }

    #[test]
    fn an_epoch_stops_at_its_limit_of_wraps_also_across_runs() {
        let random = random();
        let epochs = Epochs::default().with_next(0, Timestamp::UNIX_EPOCH, &random).unwrap();
        let mut first = ring(&epochs, &[]);
        first.wraps = MAX_WRAPS - 1;
        let last = first.wrap("a", &root(1), 16, &random).unwrap();
        assert_eq!(first.reserve("b", &random).unwrap_err(), SealError::Exhausted(MAX_WRAPS));
        let mut next_run = ring(&epochs, &[row("a", last)]);
        assert_eq!(next_run.reserve("b", &random).unwrap_err(), SealError::Exhausted(MAX_WRAPS));
        assert!(next_run.get("a").is_ok());
        let next = epochs.with_next(0, Timestamp::UNIX_EPOCH, &random).unwrap();
        next_run.enter(next, &random).unwrap();
        assert!(next_run.reserve("b", &random).is_ok(), "the next epoch begins to count anew");
    }

    #[test]
    fn what_is_not_written_yet_is_wrapped_by_the_epoch_that_begins() {
        let (none, random) = (Epochs::default(), random());
        let mut ring = ring(&none, &[]);
        let before = ring.take("a", &random).unwrap();
        let epochs = none.with_next(0, Timestamp::UNIX_EPOCH, &random).unwrap();
        ring.enter(epochs.clone(), &random).unwrap();
        let rows = ring.pending();
        assert_eq!(wrapped_by(&rows[0].wrapped), Some((1, 1)));
        assert_eq!(*unwrap(&root(0), &epochs, "a", &rows[0].wrapped).unwrap().0, *before);
        assert!(ring.outdated("a").is_empty());
    }
}
