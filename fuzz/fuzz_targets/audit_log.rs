//! The audit log: entries as JSON, one a line; whatever was done to a whole log is found.
#![no_main]
use ampere_core::audit::{Entry, Event, Head, verify, verify_against};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let entries: Vec<Entry> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let _ = verify(&entries);
    if let Some(last) = entries.last() {
        let _ = verify_against(&entries, &last.head());
    }
    // The same events as a log of our own: whole, and not whole without any one of them.
    let mut head = Head::default();
    let mut log: Vec<Entry> = Vec::new();
    for event in text.lines().filter_map(|line| serde_json::from_str::<Event>(line).ok()) {
        let entry = head.append(event);
        head = entry.head();
        log.push(entry);
    }
    assert_eq!(verify_against(&log, &head), Ok(log.len() as u64));
    let read: Vec<Entry> = serde_json::from_str(&serde_json::to_string(&log).expect("it can be written")).expect("and read");
    assert_eq!(verify_against(&read, &head), Ok(log.len() as u64), "as it is written, it is read");
    for gone in 0..log.len().min(8) {
        let mut cut = log.clone();
        cut.remove(gone);
        assert!(verify_against(&cut, &head).is_err(), "entry {gone} is missed");
    }
});
