//! The canary proof (S1, C2, G3): forty values live a whole life, and then everything that anybody but their owner could have
//! seen of it is looked through. The scanner proves itself first: with one seeded leak missed the proof is void.
//!
//! `cargo xtask canary` runs it; it needs `gcore` (Debian package gdb).
#![expect(clippy::print_stdout, reason = "figures are for people, who read what a test prints")]

mod life;
mod needles;
mod process;
mod scan;
mod seeds;

use std::collections::BTreeMap;

use life::{CREDENTIAL, Life, PERSONAL, SECRET};
use needles::{Canary, Needles};
use scan::{Hit, Scan};

/// Whether this is where such a value belongs: a person's name at Firebase, at Stripe and in the plan that is shown to the
/// operator; the operator's credentials in the environment that they were given in. A secret belongs nowhere.
fn belongs(kind: &str, canary: &str) -> bool {
    match canary.split(' ').next() {
        Some(PERSONAL) => ["standard output", "recorded HTTP", "memory"].contains(&kind),
        Some(CREDENTIAL) => ["environments", "memory"].contains(&kind),
        _ => false,
    }
}

#[test]
fn s1_no_secret_leaves() {
    let seed = Canary { name: "seed".into(), value: "kT7/wQz+92=\"pL\\x4&Jv<Rm8sYbN3cHfG6d".into() };
    let seeded = seeds::all_are_found(&seed);
    assert!(seeded >= seeds::FEWEST, "only {seeded} leaks were seeded: the proof is void");

    let mut life = Life::new();
    life.live();
    assert!(life.canaries.len() >= 40);
    let needles = Needles::new(&life.canaries);
    let mut hits: Vec<(&'static str, Hit)> = Vec::new();
    let mut looked: BTreeMap<&'static str, (usize, u64)> = BTreeMap::new();
    for (kind, place, bytes) in &life.collected {
        let mut scan = Scan::new(&needles);
        match *kind {
            "memory" => scan.image(kind, place, bytes),
            _ => scan.bytes(kind, place, bytes),
        }
        for (kind, (count, bytes)) in scan.looked {
            let sum = looked.entry(kind).or_default();
            *sum = (sum.0 + count, sum.1 + bytes);
        }
        hits.extend(scan.hits.into_iter().map(|hit| (*kind, hit)));
    }
    // What belongs somewhere is found there: so the names and credentials say that each kind was really looked through.
    for kind in ["environments", "memory", "standard output", "recorded HTTP"] {
        let found = hits.iter().any(|(of, hit)| *of == kind && belongs(of, &hit.canary));
        assert!(found, "nothing at all was found in {kind}: it was not looked through");
    }
    let leaks: Vec<_> = hits.iter().filter(|(kind, hit)| !belongs(kind, &hit.canary)).collect();
    let secrets = life.canaries.iter().filter(|canary| canary.name.starts_with(SECRET)).count();
    println!("canary: seeded leaks found {seeded} of {seeded}");
    println!(
        "canary: {} values ({secrets} secrets), {} patterns, {} commands",
        life.canaries.len(),
        needles.count(),
        life.commands
    );
    for (kind, (count, bytes)) in &looked {
        println!("canary: {kind}: {count}, {:.1} MB", *bytes as f64 / 1e6);
    }
    for (_, hit) in leaks.iter().take(40) {
        println!("canary: LEAK of {} as {} in {}", hit.canary, hit.form, hit.place);
    }
    println!("canary: hits {}", leaks.len());
    assert!(leaks.is_empty(), "{} leaks", leaks.len());
}
