//! Ten thousand reorderings, replays, truncations and bit flips.
use std::sync::Arc;

use ampere_agent::files::Machine;
use ampere_agent::holder::{Holder, Served};
use ampere_bundle::{BoxKeys, Issuer, Outcome};
use tempfile::TempDir;

use crate::google::NOW;
use crate::played::{INSTANCE, bundle_for, issuer, value};

/// A generator with a seed that is printed (SplitMix64). `AMPERE_SEED=n` repeats a run.
pub struct Chance(u64);

impl Chance {
    pub fn seeded() -> Chance {
        let seed = match std::env::var("AMPERE_SEED") {
            Ok(seed) => seed.parse().expect("AMPERE_SEED is a number"),
            Err(_) => getrandom::u64().unwrap(),
        };
        println!("AMPERE_SEED={seed}");
        Chance(seed)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len() as u64) as usize]
    }
}

fn holder(directory: &TempDir) -> Holder {
    let mut holder = Holder {
        instance: INSTANCE.into(),
        issuer: issuer().verifying_key(),
        keys: BoxKeys::generate(&[2; 64]),
        file: directory.path().join("bundle"),
        disk: Arc::new(Machine),
        gateway_token: "EXAMPLE-token".to_owned().into(),
        served: Served::default(),
        current: None,
    };
    holder.restore().unwrap();
    holder
}

/// A text as somebody between us and the box could have made it.
fn mangled(chance: &mut Chance, texts: &[String], others: &[String]) -> String {
    let text = chance.pick(texts).clone();
    match chance.below(8) {
        0 => text[..chance.below(text.len() as u64) as usize].to_owned(),
        1 | 2 => {
            let mut bytes = text.into_bytes();
            for _ in 0..=chance.below(3) {
                let at = chance.below(bytes.len() as u64) as usize;
                bytes[at] ^= 1 << chance.below(7);
            }
            String::from_utf8_lossy(&bytes).into_owned()
        }
        3 => {
            let (other, at) = (chance.pick(texts), chance.below(text.len() as u64) as usize);
            format!("{}{}", &text[..at], &other[at.min(other.len())..])
        }
        4 => format!("{}.{}", text.split_once('.').unwrap().0, chance.pick(texts).split_once('.').unwrap().1),
        5 => chance.pick(others).clone(),
        6 => [text.as_str(), ["", "=", " ", "\n", "A", "\0"][chance.below(6) as usize]].concat(),
        _ => format!("{text}{text}"),
    }
}

#[test]
fn ten_thousand_times_the_sequence_only_grows() {
    let mut chance = Chance::seeded();
    let directory = TempDir::new().unwrap();
    let mut holder = holder(&directory);
    let mine = holder.keys.public();
    let theirs = BoxKeys::generate(&[3; 64]).public();
    let good: Vec<String> = (1..=800).map(|n| bundle_for(&mine, INSTANCE, n, NOW + 60, &issuer())).collect();
    let others: Vec<String> = (1..=200)
        .flat_map(|n| {
            [
                bundle_for(&theirs, INSTANCE, n, NOW + 60, &issuer()),
                bundle_for(&mine, "ampere-9999", n, NOW + 60, &issuer()),
                bundle_for(&mine, INSTANCE, n, NOW, &issuer()),
                bundle_for(&mine, INSTANCE, n, NOW + 60, &Issuer::from_seed(&[4; 32])),
            ]
        })
        .collect();
    let (mut applied, mut refused, mut restarts, mut advances) = (0, 0, 0, 0);
    for round in 0..10_000 {
        let before = holder.sequence();
        // Mostly old ones and those that come next, so that there is always a way on.
        let near = &good[(before as usize).saturating_sub(6)..good.len().min(before as usize + 2)];
        let text = match chance.below(3) {
            0 if chance.below(4) == 0 => chance.pick(near).clone(),
            _ => mangled(&mut chance, near, &others),
        };
        let genuine = good.iter().position(|good| *good == text).map(|at| at as u64 + 1);
        let outcome = holder.take(&text, NOW).unwrap();
        let after = holder.sequence();
        assert!(after >= before, "round {round}: {after} after {before}");
        if outcome == Outcome::Applied {
            assert_eq!(Some(after), genuine, "round {round}: what was applied is what we sent");
            applied += 1;
            advances += u64::from(after > before);
        } else {
            assert_eq!(after, before, "round {round}");
            assert!(genuine.is_none_or(|genuine| genuine < before), "round {round}: {genuine:?} refused at {before}");
            refused += 1;
        }
        if chance.below(50) == 0 {
            holder = self::holder(&directory);
            assert_eq!(holder.sequence(), after, "round {round}: a restart");
            restarts += 1;
        }
        let expected = (after > 0).then(|| value(after));
        assert_eq!(holder.served.secret("anthropic").map(|value| value.to_string()), expected, "round {round}");
    }
    println!("{applied} applied, {advances} of them new, {refused} refused, {restarts} restarts");
    assert!(advances > 200 && refused > 3_000 && restarts > 100);
}
