//! The bar of the promises R1, R2, R3: ten thousand simulated customer lives. (And the engine's own short lives: `short`.)
//!
//! Core's real reconcile pass with the real kinds, over clouds in memory and a simulated clock. Every webhook is lost, repeated
//! or forged; clouds are down for up to 20 hours; answers are lost; the process is killed in the middle of calls and
//! transactions. A judge with rules of its own counts deadlines that were missed and deletions that were wrong.
//!
//! `cargo test` plays a part of them. All ten thousand are a step of `tests/run`, which has the engine optimised for it (see
//! `optimised.toml`). `AMPERE_LIVES_SEED=7` plays the stack of one seed again, alone.
mod chance;
mod clerk;
mod cloud;
mod judge;
mod life;
mod process;
mod short;
mod stack;
mod tally;
mod thing;
mod world;

use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::SignedDuration;
use stack::Stack;
use tally::Tally;

/// Customers of a stack, by its seed. A pass looks at all of them, so that small stacks play more lives in the same time; in
/// the large ones more leave at once than the guard lets through.
const CUSTOMERS: [usize; 3] = [6, 6, 14];
/// In which they sign up.
const SPAN: SignedDuration = SignedDuration::from_hours(24 * 40);

fn customers(seed: u64) -> usize {
    CUSTOMERS[(seed % 3) as usize]
}

fn play(seed: u64) -> Tally {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(async { Stack::new(seed, customers(seed), SPAN).play().await })
}

#[test]
fn r2_simulated_lives_miss_no_deadline_and_lose_nothing() {
    live(400);
}

#[test]
#[ignore = "takes minutes: tests/run plays them in a step of its own"]
fn r2_ten_thousand_lives() {
    let all = live(10_000);
    assert!(all.lives >= 10_000 && all.left > all.lives / 2, "{all}");
}

/// Plays so many sign-ups, or the stack that was asked for.
fn live(lives: usize) -> Tally {
    let told = std::env::var("AMPERE_LIVES_SEED").ok();
    let (first, stacks) = match told.map(|seed| seed.parse().expect("AMPERE_LIVES_SEED is a number")) {
        Some(seed) => (seed, 1),
        None => (1, (lives * CUSTOMERS.len()).div_ceil(CUSTOMERS.iter().sum()) as u64),
    };
    let next = AtomicU64::new(first);
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    let mut all = Tally::default();
    std::thread::scope(|scope| {
        let work = || {
            let mut own = Tally::default();
            loop {
                let seed = next.fetch_add(1, Ordering::Relaxed);
                if seed >= first + stacks {
                    return own;
                }
                own.add(play(seed));
            }
        };
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        workers.into_iter().for_each(|worker| all.add(worker.join().expect("a stack panicked")));
    });
    let problems: Vec<_> = all.missed.iter().chain(&all.wrong).take(5).cloned().collect();
    assert!(problems.is_empty(), "{all}\n{}\nagain: AMPERE_LIVES_SEED=<stack>", problems.join("\n"));
    assert!(all.quantile(500) < SignedDuration::from_hours(1), "{all}");
    // Not held back by the harness: the figures are worth reading when all is well.
    writeln!(std::io::stderr(), "{all}").expect("standard error");
    all
}
