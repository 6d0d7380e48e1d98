//! Chance that can be repeated: everything random in a run comes from its seed.
use std::sync::Mutex;

use ampere_core::clock::{NoRandomness, Random};
use jiff::SignedDuration;

/// A generator (splitmix64): small, and the same everywhere.
pub struct Chance(u64);

impl Chance {
    /// The stream of a seed and a name: streams of different names are independent, so that a decision more in one of them
    /// does not change all others.
    pub fn new(seed: u64, stream: &str) -> Chance {
        let name = blake3::hash(stream.as_bytes());
        let name = u64::from_le_bytes(name.as_bytes()[..8].try_into().expect("a hash is longer"));
        Chance(seed ^ name)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit.max(1)
    }

    /// Whether something of this probability happens.
    pub fn percent(&mut self, percent: f64) -> bool {
        (self.next() >> 11) as f64 / ((1_u64 << 53) as f64) < percent / 100.0
    }

    /// A time between two, to the second.
    pub fn between(&mut self, least: SignedDuration, most: SignedDuration) -> SignedDuration {
        let span = (most.as_secs() - least.as_secs()).max(0);
        least + SignedDuration::from_secs(self.below(span.unsigned_abs() + 1).cast_signed())
    }

    /// One of these, by weight.
    pub fn pick<T: Copy>(&mut self, choices: &[(u64, T)]) -> T {
        let all = choices.iter().map(|(weight, _)| weight).sum();
        let mut left = self.below(all);
        for (weight, choice) in choices {
            if left < *weight {
                return *choice;
            }
            left -= weight;
        }
        choices[0].1
    }
}

/// Bytes for keys that never repeat, the same in every run.
pub struct Bytes(Mutex<Chance>);

impl Bytes {
    /// Those of a seed.
    pub fn new(seed: u64) -> Bytes {
        Bytes(Mutex::new(Chance::new(seed, "bytes")))
    }
}

impl Random for Bytes {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), NoRandomness> {
        let mut chance = self.0.lock().expect("nobody panics with it");
        buffer.chunks_mut(8).for_each(|part| part.copy_from_slice(&chance.next().to_le_bytes()[..part.len()]));
        Ok(())
    }
}
