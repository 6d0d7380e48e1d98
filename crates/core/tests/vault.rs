//! What the vault promises about secrets at rest (S1).
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ampere_core::address::Address;
use ampere_core::clock::{NoRandomness, Random};
use ampere_core::kind::Fingerprint;
use ampere_core::secret::Secret;
use ampere_core::vault::{RootKey, RootKeyError, STACK, SealContext, SealError, Sealed, Sealer, Vault, VaultError};
use proptest::prelude::*;

/// Bytes that never repeat, the same in every run.
struct Counting(AtomicU64);

impl Random for Counting {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), NoRandomness> {
        let n = self.0.fetch_add(1, Ordering::Relaxed);
        blake3::Hasher::new().update(&n.to_be_bytes()).finalize_xof().fill(buffer);
        Ok(())
    }
}

struct Broken;

impl Random for Broken {
    fn fill(&self, _: &mut [u8]) -> Result<(), NoRandomness> {
        Err(NoRandomness)
    }
}

fn random() -> Arc<Counting> {
    Arc::new(Counting(AtomicU64::new(0)))
}

fn vault(root: u8) -> Vault {
    Vault::open(&RootKey::from_bytes([root; 32]), "prod", &[], random()).unwrap()
}

const PLACE: SealContext<'static> =
    SealContext { account: "uid-ada", address: "ampere_secret.telegram", attribute: "value_wo", version: 1 };

fn seal(vault: &Vault, text: &str) -> Sealed {
    vault.seal(&PLACE, &Secret::new(text)).unwrap()
}

/// The error of opening; what opened is told apart without being printed.
fn refusal(vault: &Vault, place: &SealContext<'_>, sealed: &Sealed) -> Option<SealError> {
    vault.open_sealed(place, sealed).err()
}

#[test]
fn opens_what_it_sealed_also_in_the_next_run() {
    let first = vault(1);
    let sealed = seal(&first, "123:EXAMPLE-telegram");
    assert!(sealed.0.starts_with("amp1."));
    let rows = first.keys_to_commit();
    let next = Vault::open(&RootKey::from_bytes([1; 32]), "prod", &rows, random()).unwrap();
    assert_eq!(next.open_sealed(&PLACE, &sealed).unwrap().expose(), "123:EXAMPLE-telegram");
}

#[test]
fn another_root_key_or_stack_is_told_at_once() {
    let rows = vault(1).keys_to_commit();
    let open = |root, stack| Vault::open(&RootKey::from_bytes([root; 32]), stack, &rows, random()).err();
    assert_eq!(open(2, "prod"), Some(VaultError::WrongKey));
    assert_eq!(open(1, "test"), Some(VaultError::WrongKey));
    assert_eq!(open(1, "prod"), None);
}

#[test]
fn a_sealed_text_opens_at_its_own_place_only() {
    let vault = vault(1);
    let sealed = seal(&vault, "sk-ant-EXAMPLE-1");
    vault.prepare("uid-bob").unwrap();
    for moved in [
        SealContext { account: "uid-bob", ..PLACE },
        SealContext { address: "ampere_secret.discord", ..PLACE },
        SealContext { attribute: "value", ..PLACE },
        SealContext { version: 2, ..PLACE },
        // The same bytes, cut elsewhere.
        SealContext { address: "ampere_secret.telegramv", attribute: "alue_wo", ..PLACE },
    ] {
        assert_eq!(refusal(&vault, &moved, &sealed), Some(SealError::DoesNotOpen), "{moved:?}");
    }
    assert_eq!(refusal(&vault, &PLACE, &sealed), None);
}

#[test]
fn another_vault_opens_nothing() {
    let sealed = seal(&vault(1), "sk-ant-EXAMPLE-1");
    assert_eq!(refusal(&vault(2), &PLACE, &sealed), Some(SealError::NoKey));
}

#[test]
fn a_cut_text_does_not_open() {
    let vault = vault(1);
    let sealed = seal(&vault, "sk-ant-EXAMPLE-1");
    for length in 0..sealed.0.len() {
        assert!(refusal(&vault, &PLACE, &Sealed(sealed.0[..length].into())).is_some(), "cut to {length}");
    }
    assert_eq!(refusal(&vault, &PLACE, &Sealed("sk-ant-EXAMPLE-1".into())), Some(SealError::NotSealed));
}

#[test]
fn nothing_repeats_when_the_same_text_is_sealed_again() {
    let vault = vault(1);
    let all: BTreeSet<String> = (0..1000).map(|_| seal(&vault, "sk-ant-EXAMPLE-1").0).collect();
    assert_eq!(all.len(), 1000);
    // Salt and nonce stand behind prefix and key id.
    let starts: BTreeSet<&str> = all.iter().map(|s| &s[s.len() - 480..s.len() - 420]).collect();
    assert_eq!(starts.len(), 1000);
}

#[test]
fn length_tells_nothing_of_a_token() {
    let vault = vault(1);
    let lengths: BTreeSet<usize> = (0..=200).map(|n| seal(&vault, &"x".repeat(n)).0.len()).collect();
    assert_eq!(lengths.len(), 1);
}

#[test]
fn destroying_an_account_key_destroys_what_was_sealed_under_it_and_nothing_else() {
    let vault = vault(1);
    let sealed = seal(&vault, "sk-ant-EXAMPLE-1");
    let other = SealContext { account: "uid-bob", ..PLACE };
    let others = vault.seal(&other, &Secret::new("sk-EXAMPLE-2")).unwrap();
    let id = vault.destroy(PLACE.account);
    assert_eq!(refusal(&vault, &PLACE, &sealed), Some(SealError::NoKey));
    assert_eq!(refusal(&vault, &other, &others), None);
    assert!(vault.keys_to_commit().iter().all(|row| row.id != id));
    // A new customer under the same name gets a new key: the old text stays shut.
    seal(&vault, "new");
    assert_eq!(refusal(&vault, &PLACE, &sealed), Some(SealError::DoesNotOpen));
}

#[test]
fn keys_are_handed_out_until_they_are_committed() {
    let vault = vault(1);
    let first = vault.keys_to_commit();
    assert_eq!(first.iter().map(|row| row.id.clone()).collect::<Vec<_>>(), [vault.key_id(STACK)]);
    vault.prepare("uid-ada").unwrap();
    let both = vault.keys_to_commit();
    assert_eq!(both.len(), 2);
    vault.keys_committed(&first);
    assert_eq!(vault.keys_to_commit(), vault.keys_to_commit());
    vault.keys_committed(&both);
    assert!(vault.keys_to_commit().is_empty());
    seal(&vault, "sk-ant-EXAMPLE-1");
    assert!(vault.keys_to_commit().is_empty(), "a prepared key needs no further row");
}

#[test]
fn a_row_that_was_exchanged_for_another_accounts_row_does_not_open() {
    let first = vault(1);
    let sealed = seal(&first, "sk-ant-EXAMPLE-1");
    first.prepare("uid-bob").unwrap();
    let mut rows = first.keys_to_commit();
    let (ada, bob) = (first.key_id("uid-ada"), first.key_id("uid-bob"));
    let bobs = rows.iter().find(|r| r.id == bob).unwrap().wrapped.clone();
    rows.iter_mut().find(|r| r.id == ada).unwrap().wrapped = bobs;
    let next = Vault::open(&RootKey::from_bytes([1; 32]), "prod", &rows, random()).unwrap();
    assert_eq!(refusal(&next, &PLACE, &sealed), Some(SealError::DoesNotOpen));
}

#[test]
fn a_moved_object_is_sealed_anew() {
    let vault = vault(1);
    let there = SealContext { address: "ampere_secret.tg", ..PLACE };
    let moved = vault.reseal(&PLACE, &there, &seal(&vault, "sk-ant-EXAMPLE-1")).unwrap();
    assert_eq!(vault.open_sealed(&there, &moved).unwrap().expose(), "sk-ant-EXAMPLE-1");
    assert_eq!(refusal(&vault, &PLACE, &moved), Some(SealError::DoesNotOpen));
}

#[test]
fn without_randomness_nothing_is_sealed() {
    let rows = vault(1).keys_to_commit();
    let vault = Vault::open(&RootKey::from_bytes([1; 32]), "prod", &rows, Arc::new(Broken)).unwrap();
    assert_eq!(vault.seal(&PLACE, &Secret::new("x")).unwrap_err(), SealError::NoRandomness);
    let new = Vault::open(&RootKey::from_bytes([1; 32]), "prod", &[], Arc::new(Broken));
    assert_eq!(new.err(), Some(VaultError::NoRandomness));
    assert!(RootKey::generate(&Broken).is_err());
}

#[test]
fn debug_prints_no_key() {
    let vault = vault(0x41);
    seal(&vault, "sk-ant-EXAMPLE-1");
    let id = vault.key_id(STACK);
    vault.keys_committed(&vault.keys_to_commit().into_iter().filter(|row| row.id != id).collect::<Vec<_>>());
    let text = format!("{vault:?} {:?}", vault.keys_to_commit());
    assert_eq!(text, format!("Vault {{ stack: {:?}, .. }} [StoredKey {{ id: {id:?}, .. }}]", vault.stack_id()));
}

#[test]
fn markers_depend_on_key_stack_and_address() {
    let address = Address::new("ampere_account", "ada");
    let open = |root: u8, stack: &str| Vault::open(&RootKey::from_bytes([root; 32]), stack, &[], random()).unwrap();
    let marker = open(1, "prod").marker(&address);
    assert_eq!((marker.stack.0.len(), marker.address.0.len()), (16, 32));
    assert!(marker.stack.0.chars().chain(marker.address.0.chars()).all(|c| matches!(c, '0'..='9' | 'a'..='f')));
    assert_eq!(marker, open(1, "prod").marker(&address));
    let others = [
        open(2, "prod").marker(&address),
        open(1, "test").marker(&address),
        open(1, "prod").marker(&Address::new("ampere_account", "bob")),
    ];
    assert!(others.iter().all(|m| m.address != marker.address));
    assert_eq!(others.map(|m| m.stack == marker.stack), [false, false, true]);
}

#[test]
fn a_stack_signs_with_one_key_for_ever_and_no_other_stack_has_it() {
    let open = |root: u8, stack: &str| Vault::open(&RootKey::from_bytes([root; 32]), stack, &[], random()).unwrap();
    let seed = open(1, "prod").signing_seed();
    assert_eq!(seed, open(1, "prod").signing_seed());
    assert_ne!(seed, open(2, "prod").signing_seed());
    assert_ne!(seed, open(1, "test").signing_seed());
}

#[test]
fn fingerprints_are_equal_for_equal_secrets_of_one_place_and_stack() {
    let (a, b) = (vault(1), vault(2));
    let print = |v: &Vault, context, secret| v.fingerprint(context, secret);
    assert_eq!(print(&a, "x", "s").len(), 16);
    assert_eq!(print(&a, "x", "s"), print(&vault(1), "x", "s"));
    assert_ne!(print(&a, "x", "s"), print(&a, "x", "t"));
    assert_ne!(print(&a, "x", "s"), print(&a, "y", "s"));
    assert_ne!(print(&a, "xs", ""), print(&a, "x", "s"));
    assert_ne!(print(&a, "x", "s"), print(&b, "x", "s"));
}

#[test]
fn the_root_keys_text_form_comes_back_and_tells_what_is_wrong() {
    let text = RootKey::from_bytes([0x5a; 32]).to_text();
    let text = text.expose();
    let again = RootKey::parse(&format!("\n {text} \n")).unwrap();
    assert_eq!(again.to_text().expose(), text);
    let changed = text.replacen("WlpaWlpa", "WlpaWlpb", 1);
    assert_ne!(changed, text);
    let wrong = |t: &str| RootKey::parse(t).err();
    assert_eq!(wrong(&changed), Some(RootKeyError::Checksum));
    assert_eq!(wrong(&text[..40]), Some(RootKeyError::Length));
    assert_eq!(wrong(&format!("{text}AAAA")), Some(RootKeyError::Length));
    assert_eq!(wrong(&text.replace('W', "!")), Some(RootKeyError::Encoding));
    assert_eq!(wrong("sk-ant-EXAMPLE-not-a-root-key"), Some(RootKeyError::NotAKey));
    assert_eq!(wrong(""), Some(RootKeyError::NotAKey));
    for e in [RootKeyError::Checksum, RootKeyError::Length, RootKeyError::Encoding, RootKeyError::NotAKey] {
        assert!(!e.to_string().contains("Wlpa"));
    }
}

proptest! {
    #[test]
    fn whatever_is_sealed_opens(text in ".{0,600}") {
        let vault = vault(1);
        let sealed = seal(&vault, &text);
        let opened = vault.open_sealed(&PLACE, &sealed).unwrap();
        prop_assert_eq!(opened.expose(), &text);
    }

    #[test]
    fn a_flipped_bit_does_not_open(at in 0usize..10_000, bit in 0u8..6) {
        let vault = vault(1);
        let sealed = seal(&vault, "sk-ant-EXAMPLE-1");
        let mut bytes = sealed.0.into_bytes();
        let at = at % bytes.len();
        // Flip within the alphabet, so that the text still decodes.
        const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        match ALPHABET.iter().position(|c| *c == bytes[at]) {
            Some(n) => bytes[at] = ALPHABET[n ^ (1 << bit)],
            None => bytes[at] ^= 1,
        }
        let changed = Sealed(String::from_utf8(bytes).unwrap());
        prop_assert!(refusal(&vault, &PLACE, &changed).is_some());
    }
}
