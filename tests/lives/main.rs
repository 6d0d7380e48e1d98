//! The bar of the promises R1, R2, R3: ten thousand simulated customer lives.
//!
//! Core's real reconcile pass with the real kinds, over clouds in memory and a simulated clock. Every webhook is lost, repeated
//! or forged; clouds are down for up to 20 hours; answers are lost; the process is killed in the middle of calls and
//! transactions. A judge with rules of its own counts deadlines that were missed and deletions that were wrong.
//!
//! A debug build takes a fifth of a second for a life, an optimised one a hundredth: `cargo test` plays a part of them, and
//! `cargo test --release -p ampere-tests --test lives` all. `AMPERE_LIVES_SEED=7` plays the stack of one seed again, alone.
mod chance;
mod clerk;
mod cloud;
mod judge;
mod life;
mod process;
mod stack;
mod tally;
mod thing;
mod world;

use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::SignedDuration;
use stack::Stack;
use tally::Tally;

/// Lives in all, and in one stack.
const LIVES: usize = if cfg!(debug_assertions) { 400 } else { 10_000 };
const IN_A_STACK: usize = 20;
/// In which they sign up.
const SPAN: SignedDuration = SignedDuration::from_hours(24 * 40);

fn play(seed: u64) -> Tally {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(async { Stack::new(seed, IN_A_STACK, SPAN).play().await })
}

#[test]
fn r2_simulated_lives_miss_no_deadline_and_lose_nothing() {
    let told = std::env::var("AMPERE_LIVES_SEED").ok();
    let (first, stacks) = match told.map(|seed| seed.parse().expect("AMPERE_LIVES_SEED is a number")) {
        Some(seed) => (seed, 1),
        None => (1, (LIVES / IN_A_STACK) as u64),
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
}
