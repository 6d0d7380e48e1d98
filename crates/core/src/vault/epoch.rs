//! Epoch keys: what wraps the keys of accounts, and lives no longer than half a day.
//!
//! An account's key can be destroyed in the state, but not in old copies of it. So it is wrapped by a key that is in no copy:
//! with the epoch, every older copy of every row ends (S1, R2).
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use zeroize::Zeroizing;

use super::SealError;
use super::derive::{KEY_LENGTH, Key, prefixed};
use super::envelope;
use crate::clock::Random;

/// How old an epoch becomes while anything runs.
pub const EPOCH_LENGTH: SignedDuration = SignedDuration::from_hours(12);
/// How far a clock may have been ahead when an epoch was made; beyond, its age cannot be told and it ends.
const CLOCK_ERROR: SignedDuration = SignedDuration::from_hours(1);
/// Account keys that one epoch key wraps. Far below what AES-GCM would allow (2^32 with random nonces).
pub const MAX_WRAPS: u64 = 1 << 24;
/// From here on an epoch is due to end, so that no run meets the limit in its middle.
const MANY_WRAPS: u64 = MAX_WRAPS / 2;

/// What the text form begins with.
const PREFIX: &str = "ampere_epochs1_";
/// Number, time, key.
const ENTRY: usize = 8 + 8 + KEY_LENGTH;

/// A key that wraps keys of accounts.
#[derive(Clone)]
pub(super) struct Epoch {
    pub(super) number: u64,
    pub(super) made_at: Timestamp,
    pub(super) key: Key,
}

/// The epochs that are alive: one, and while keys are rotated the ones before it.
#[derive(Clone, Default)]
pub(super) struct Epochs {
    /// Oldest first.
    alive: Vec<Epoch>,
    /// So many epochs were destroyed, and the log does not say so yet.
    pub(super) untold: Option<u8>,
}

impl Epochs {
    /// The epoch that wraps.
    pub(super) fn newest(&self) -> Option<&Epoch> {
        self.alive.last()
    }

    /// The epoch before which all are destroyed.
    pub(super) fn oldest(&self) -> Option<&Epoch> {
        self.alive.first()
    }

    /// The key of an epoch that is alive.
    pub(super) fn key(&self, number: u64) -> Option<&Key> {
        self.alive.iter().find(|epoch| epoch.number == number).map(|epoch| &epoch.key)
    }

    /// How many are alive.
    pub(super) fn len(&self) -> usize {
        self.alive.len()
    }

    /// These epochs and a new one. Its number is above any that was ever used here, `above` included.
    pub(super) fn with_next(&self, above: u64, now: Timestamp, random: &dyn Random) -> Result<Epochs, SealError> {
        let mut key = Zeroizing::new([0; KEY_LENGTH]);
        random.fill(key.as_mut()).map_err(|_| SealError::NoRandomness)?;
        let last = self.newest().map_or(0, |epoch| epoch.number).max(above);
        let number = last.checked_add(1).ok_or(SealError::NotSealed)?;
        let mut next = self.clone();
        next.alive.push(Epoch { number, made_at: now, key });
        Ok(next)
    }

    /// The newest alone: the others are destroyed with the last text that holds them.
    pub(super) fn without_old(&self) -> Epochs {
        let destroyed = self.len().saturating_sub(1).saturating_add(usize::from(self.untold.unwrap_or(0)));
        // One less than a byte holds, since zero says that all is told.
        let untold = Some(u8::try_from(destroyed).unwrap_or(u8::MAX).min(u8::MAX - 1));
        Epochs { alive: self.newest().cloned().into_iter().collect(), untold }
    }

    /// The same, and the log knows.
    pub(super) fn told(&self) -> Epochs {
        Epochs { alive: self.alive.clone(), untold: None }
    }

    /// Whether the newest has to end: it is old, or has wrapped much, or there is none.
    pub(super) fn is_due(&self, now: Timestamp, wraps: u64) -> bool {
        self.newest().is_none_or(|epoch| {
            let age = now.duration_since(epoch.made_at);
            age >= EPOCH_LENGTH || age < -CLOCK_ERROR || wraps >= MANY_WRAPS
        })
    }

    /// The text to keep, sealed under a key of the root.
    pub(super) fn to_text(&self, key: &Key, stack: &str, random: &dyn Random) -> Result<String, SealError> {
        let mut plain = Zeroizing::new(Vec::with_capacity(1 + self.alive.len() * ENTRY));
        plain.push(self.untold.map_or(0, |destroyed| destroyed + 1));
        for epoch in &self.alive {
            plain.extend_from_slice(&epoch.number.to_be_bytes());
            plain.extend_from_slice(&epoch.made_at.as_millisecond().to_be_bytes());
            plain.extend_from_slice(epoch.key.as_ref());
        }
        let sealed = envelope::seal(key, &context(stack), &plain, random)?;
        Ok(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(sealed)))
    }

    /// Reads what [`Epochs::to_text`] wrote with this key for this stack; white space around it does not matter.
    pub(super) fn parse(text: &str, key: &Key, stack: &str) -> Result<Epochs, SealError> {
        let encoded = text.trim().strip_prefix(PREFIX).ok_or(SealError::NotSealed)?;
        let sealed = URL_SAFE_NO_PAD.decode(encoded).map_err(|_| SealError::NotSealed)?;
        let plain = envelope::open(key, &context(stack), &sealed)?;
        let (&untold, entries) = plain.split_first().ok_or(SealError::NotSealed)?;
        let (entries, rest) = entries.as_chunks::<ENTRY>();
        let alive: Option<Vec<Epoch>> = entries.iter().map(entry).collect();
        let alive = alive.filter(|alive| rest.is_empty() && alive.is_sorted_by(|a, b| a.number < b.number));
        Ok(Epochs { alive: alive.ok_or(SealError::NotSealed)?, untold: untold.checked_sub(1) })
    }
}

fn entry(bytes: &[u8; ENTRY]) -> Option<Epoch> {
    let (number, rest) = bytes.split_first_chunk::<8>()?;
    let (made_at, key) = rest.split_first_chunk::<8>()?;
    Some(Epoch {
        number: u64::from_be_bytes(*number),
        made_at: Timestamp::from_millisecond(i64::from_be_bytes(*made_at)).ok()?,
        key: Zeroizing::new(key.try_into().ok()?),
    })
}

fn context(stack: &str) -> Zeroizing<Vec<u8>> {
    prefixed(&[b"ampere epochs v1", stack.as_bytes(), envelope::ALGORITHM])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::NoRandomness;

    struct Same(u8);
    impl Random for Same {
        fn fill(&self, buffer: &mut [u8]) -> Result<(), NoRandomness> {
            buffer.fill(self.0);
            Ok(())
        }
    }

    fn at(hours: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH.checked_add(SignedDuration::from_hours(hours)).unwrap()
    }

    #[test]
    fn the_text_comes_back_for_this_root_and_stack_only() {
        let epochs = Epochs::default().with_next(0, at(1), &Same(1)).unwrap().with_next(6, at(2), &Same(2)).unwrap();
        let (root, other) = (Zeroizing::new([7; 32]), Zeroizing::new([8; 32]));
        let text = epochs.to_text(&root, "prod", &Same(3)).unwrap();
        let read = Epochs::parse(&format!("{text}\n"), &root, "prod").unwrap();
        let facts = |e: &Epochs| e.alive.iter().map(|e| (e.number, e.made_at, e.key.to_vec())).collect::<Vec<_>>();
        assert_eq!(facts(&read), facts(&epochs));
        assert_eq!(read.alive.iter().map(|e| e.number).collect::<Vec<_>>(), [1, 7]);
        for (text, root, stack) in [
            (text.as_str(), &other, "prod"),
            (&text, &root, "test"),
            (&text[..text.len() - 4], &root, "prod"),
            ("sk-ant-EXAMPLE", &root, "prod"),
            ("", &root, "prod"),
        ] {
            assert!(Epochs::parse(text, root, stack).is_err());
        }
    }

    #[test]
    fn an_epoch_ends_by_age_by_use_and_when_its_age_cannot_be_told() {
        let none = Epochs::default();
        assert!(none.is_due(at(0), 0));
        let one = none.with_next(0, at(100), &Same(1)).unwrap();
        let due: Vec<bool> = [100, 111, 112, 99, 98].map(|hour| one.is_due(at(hour), 0)).into();
        assert_eq!(due, [false, false, true, false, true]);
        assert!(one.is_due(at(100), MAX_WRAPS / 2) && !one.is_due(at(100), MAX_WRAPS / 2 - 1));
    }

    #[test]
    fn the_newest_alone_is_left() {
        let two = Epochs::default().with_next(0, at(0), &Same(1)).unwrap().with_next(0, at(12), &Same(2)).unwrap();
        let one = two.without_old();
        assert_eq!((one.len(), one.key(1).is_some(), one.key(2).is_some(), one.untold), (1, false, true, Some(1)));
        assert_eq!((one.without_old().untold, one.told().untold), (Some(1), None));
    }
}
