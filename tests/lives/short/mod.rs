//! The engine in a simulated world: short lives with crashes, two operators, faults, hands that change things, lost states.
//!
//! Each life is a script made from a seed. At its end one more run must bring what is wanted, and nothing may be left to do:
//!
//! - *converges*: the world is what the configuration says, every secret opens, nothing is there twice, nothing is left over;
//! - *never touches unmarked*: what others own is as it was;
//! - *journal before call*: no call without an open entry about its address;
//! - *no deletion from an incomplete listing*;
//! - *plaintext nowhere*: not in state, log, plan or at a cloud;
//! - *same input, same plan id*.
//!
//! A failure prints its seed and a script made as short as possible; put it into a file, and `AMPERE_SIM_SCRIPT=FILE` plays it again.
//! `AMPERE_SIM_SEED=7` plays one seed, `AMPERE_SIM_LIVES=1000000` as many as a night allows.
mod cloud;
mod kinds;
mod life;
mod script;
mod world;

use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};

use life::{Life, Tally};
use script::Act;

fn play(seed: u64, script: &[Act]) -> Result<Tally, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(async {
        let mut life = Life::new(seed);
        let hour = std::time::Duration::from_secs(3600 * 24);
        match tokio::time::timeout(hour, life.play(script)).await {
            Ok(played) => played.map(|()| life.tally),
            Err(_) => Err("it never ends".into()),
        }
    })
}

/// The shortest script found by leaving things out that is still wrong.
fn shrink(seed: u64, mut script: Vec<Act>) -> (Vec<Act>, String) {
    let mut why = play(seed, &script).expect_err("it was wrong before");
    while let Some((shorter, told)) =
        script::shorter(&script).into_iter().find_map(|shorter| Some((shorter.clone(), play(seed, &shorter).err()?)))
    {
        (script, why) = (shorter, told);
    }
    (script, why)
}

fn told(seed: u64, script: &[Act], why: &str) -> String {
    let lines: Vec<String> = script.iter().map(|act| serde_json::to_string(act).expect("it is data")).collect();
    format!("seed {seed}: {why}\n{}\n", lines.join("\n"))
}

/// Plays so many lives.
fn lives(count: u64) {
    let number = |name: &str| std::env::var(name).ok().map(|n| n.parse::<u64>().expect("it is a number"));
    if let Ok(path) = std::env::var("AMPERE_SIM_SCRIPT") {
        let text = std::fs::read_to_string(path).expect("AMPERE_SIM_SCRIPT names a file");
        let acts = text.lines().filter(|line| line.starts_with(['{', '"']));
        let script: Vec<Act> = acts.map(|line| serde_json::from_str(line).expect("an act")).collect();
        let played = play(number("AMPERE_SIM_SEED").unwrap_or(1), &script);
        return played.map(drop).unwrap_or_else(|why| panic!("{why}"));
    }
    let (first, count) = match number("AMPERE_SIM_SEED") {
        Some(seed) => (seed, 1),
        None => (1, number("AMPERE_SIM_LIVES").unwrap_or(count)),
    };
    let (next, failed) = (AtomicU64::new(first), AtomicU64::new(u64::MAX));
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    let work = || {
        let mut all = Tally::default();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= first + count || failed.load(Ordering::Relaxed) != u64::MAX {
                return all;
            }
            match play(seed, &script::write(seed)) {
                Ok(tally) => all.add(tally),
                Err(_) => drop(failed.fetch_min(seed, Ordering::Relaxed)),
            }
        }
    };
    let tallies: Vec<Tally> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        workers.into_iter().map(|worker| worker.join().expect("a life panicked")).collect()
    });
    let seed = failed.into_inner();
    if seed != u64::MAX {
        let (script, why) = shrink(seed, script::write(seed));
        panic!("{}", told(seed, &script, &why));
    }
    let mut all = Tally::default();
    tallies.into_iter().for_each(|tally| all.add(tally));
    // Not held back by the harness: the figures are worth reading when all is well.
    writeln!(
        std::io::stderr(),
        "{count} lives: {} runs, {} of them killed, {} steps; 0 wrong",
        all.runs,
        all.kills,
        all.steps
    )
    .expect("standard error");
}

#[test]
fn short_lives_end_well() {
    lives(500);
}

#[test]
#[ignore = "takes a minute: tests/run plays them in a step of its own"]
fn twenty_thousand_short_lives_end_well() {
    lives(20_000);
}
