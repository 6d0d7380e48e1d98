//! Whoever tampers with the audit log is found out.
use ampere_core::audit::{Broken, Entry, Event, Fault, Head, Outcome, verify, verify_against};
use proptest::prelude::*;

fn event(n: usize) -> Event {
    Event {
        at: "2026-01-02T03:04:05Z".parse().unwrap(),
        actor: "ada@example.com".into(),
        action: "create".into(),
        address: Some(format!("ampere_account.a[{n}]")),
        outcome: Outcome::Succeeded,
        details: [("step".to_owned(), format!("s{n}"))].into(),
    }
}

fn log(length: usize) -> Vec<Entry> {
    let mut head = Head::default();
    let mut entries = Vec::new();
    for n in 0..length {
        entries.push(head.append(event(n)));
        head = entries[n].head();
    }
    entries
}

fn broken(entries: &[Entry]) -> Option<(u64, Fault)> {
    verify(entries).err().map(|Broken { sequence, fault }| (sequence, fault))
}

#[test]
fn a_log_as_it_was_written_verifies() {
    assert_eq!(verify(&[]), Ok(0));
    assert_eq!(verify(&log(7)), Ok(7));
}

#[test]
fn the_hash_is_the_documented_one() {
    let canonical = r#"{"action":"create","actor":"ada@example.com","address":"ampere_account.a[0]","at":"2026-01-02T03:04:05Z","details":{"step":"s0"},"outcome":"succeeded"}"#;
    let mut bytes = Vec::new();
    for field in ["0".repeat(64).as_bytes(), &1u64.to_be_bytes(), canonical.as_bytes()] {
        bytes.extend((field.len() as u64).to_be_bytes());
        bytes.extend(field);
    }
    assert_eq!(log(1)[0].hash, blake3::hash(&bytes).to_hex().to_string());
}

#[test]
fn a_changed_entry_is_named() {
    let change: [fn(&mut Event); 6] = [
        |e| e.actor = "eve@example.com".into(),
        |e| e.action = "delete".into(),
        |e| e.address = None,
        |e| e.outcome = Outcome::Failed,
        |e| e.at = "2026-01-02T03:04:06Z".parse().unwrap(),
        |e| drop(e.details.insert("more".into(), String::new())),
    ];
    for change in change {
        let mut entries = log(5);
        change(&mut entries[2].event);
        assert_eq!(broken(&entries), Some((3, Fault::Changed)));
    }
}

#[test]
fn an_entry_whose_hash_was_made_anew_breaks_the_next_one() {
    let mut entries = log(5);
    entries[2] = entries[1].head().append(event(99));
    assert_eq!(broken(&entries), Some((4, Fault::Unlinked)));
}

#[test]
fn dropped_swapped_repeated_and_inserted_entries_are_found() {
    let mut dropped = log(5);
    dropped.remove(2);
    assert_eq!(broken(&dropped), Some((3, Fault::Missing)));

    let mut first = log(5);
    first.remove(0);
    assert_eq!(broken(&first), Some((1, Fault::Missing)));

    let mut swapped = log(5);
    swapped.swap(1, 2);
    assert_eq!(broken(&swapped), Some((2, Fault::Missing)));

    let mut middle = log(9);
    middle.drain(3..6);
    assert_eq!(broken(&middle), Some((4, Fault::Missing)));
    // The same with the numbers made to fit.
    for (n, entry) in middle.iter_mut().enumerate() {
        entry.sequence = n as u64 + 1;
    }
    assert_eq!(broken(&middle), Some((4, Fault::Unlinked)));

    let mut repeated = log(5);
    repeated.insert(2, repeated[1].clone());
    assert_eq!(broken(&repeated), Some((3, Fault::Missing)));
}

#[test]
fn a_log_cut_at_its_end_is_found_by_a_head_kept_elsewhere() {
    let entries = log(5);
    let known = entries[4].head();
    assert_eq!(verify_against(&entries, &known), Ok(5));
    assert_eq!(verify_against(&entries[..3], &known), Err(Broken { sequence: 4, fault: Fault::Missing }));
    // The log went on: an older head is still in it.
    assert_eq!(verify_against(&entries, &entries[2].head()), Ok(5));
    assert_eq!(verify_against(&entries, &Head::default()), Ok(5));
    // The whole log was made anew from some entry on.
    let mut forged = entries[..3].to_vec();
    forged.push(forged[2].head().append(event(99)));
    forged.push(forged[3].head().append(event(4)));
    assert_eq!(verify(&forged), Ok(5));
    assert_eq!(verify_against(&forged, &known), Err(Broken { sequence: 5, fault: Fault::Changed }));
}

proptest! {
    #[test]
    fn no_change_of_the_written_log_goes_unseen(length in 1usize..8, at in 0usize..10_000, byte in any::<u8>()) {
        let entries = log(length);
        let mut text = serde_json::to_vec(&entries).unwrap();
        let at = at % text.len();
        prop_assume!(text[at] != byte);
        text[at] = byte;
        // Either it is no log any more, or it does not verify, or it says the same (`\u0041` for `A`).
        if let Ok(read) = serde_json::from_slice::<Vec<Entry>>(&text) {
            prop_assert!(verify(&read).is_err() || read == entries);
        }
    }
}
