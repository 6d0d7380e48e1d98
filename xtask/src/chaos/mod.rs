//! `cargo xtask chaos`: the command is killed at every point of what it does, and must go on as if nothing had been.
mod fleet;
mod inhabitants;
mod kills;
mod point;
mod rig;
mod scenario;
mod store;
mod trace;
mod watcher;
mod world;

use std::error::Error;
use std::path::PathBuf;
use std::process::Command;

use clap::Args;
use tokio::runtime::Handle;

use crate::say::say;
use kills::{Reference, SUITES, Suite, Tally};
use point::Point;
use scenario::Scenario;

/// Let go wrong whatever can go wrong, at every point of what the command does, and see whether anything is lost
///
/// The clouds run in this process, with the real agent in every server; `ampere` is a child. It is killed (SIGKILL) before and
/// after every call to a cloud and before, in and after every commit of the state; answers get lost; effects come late; the disk
/// refuses. Then the same command runs again, and the world must be as if nothing had happened: nothing missing, nothing twice,
/// nothing left over, nothing left to do, no help by a person, an audit log that verifies.
#[derive(Args, Clone)]
pub struct Arguments {
    /// Strike at every point, not at a sample (of the disk's failures 50 in each scenario)
    #[arg(long, conflicts_with = "sample")]
    exhaustive: bool,
    /// How many points are struck in each suite of each scenario
    #[arg(long, value_name = "N", default_value_t = 5)]
    sample: usize,
    /// Chooses the sample
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Only this scenario; may be given several times
    #[arg(long, value_name = "NAME")]
    scenario: Vec<String>,
    /// Only these points; may be given several times
    #[arg(long, value_name = "SUITE")]
    suite: Vec<Suite>,
    /// Only this point, as it is printed with a failure; tells what the commands said
    #[arg(long, value_name = "POINT", requires = "scenario")]
    point: Option<Point>,
    /// Leave out the cases of the state's store
    #[arg(long)]
    no_store: bool,
    /// How many customers the fleet has; 0 leaves it out
    #[arg(long, value_name = "N", default_value_t = 250)]
    fleet: usize,
    /// How many points of the fleet are struck
    #[arg(long, value_name = "N", default_value_t = 2)]
    fleet_sample: usize,
    /// How many points at a time
    #[arg(long, value_name = "N", default_value_t = 2)]
    jobs: usize,
}

/// What every rig stands on.
pub struct Ground {
    program: PathBuf,
    runtime: Handle,
}

/// Runs it; whether all held.
///
/// # Errors
/// The harness itself fails.
pub fn run(arguments: &Arguments) -> Result<bool, Box<dyn Error>> {
    needs("strace")?;
    let scenarios = chosen(&arguments.scenario)?;
    let suites = if arguments.suite.is_empty() { SUITES.to_vec() } else { arguments.suite.clone() };
    let suites = if arguments.point.is_some() { vec![suites[0]] } else { suites };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let ground = Ground { program: built()?, runtime: runtime.handle().clone() };
    if !arguments.exhaustive && arguments.point.is_none() {
        say(&format!("a sample, chosen by --seed {}", arguments.seed));
    }
    let mut total = Tally::default();
    for scenario in scenarios {
        say(&format!("{}: {}", scenario.name, scenario.about));
        let reference = Reference::of(scenario, &ground)?;
        for suite in &suites {
            let tally = kills::strike(scenario, *suite, &reference, arguments, &ground)?;
            total.points += tally.points;
            total.failed += tally.failed;
        }
    }
    let all = arguments.scenario.is_empty();
    if all && !arguments.no_store {
        let tally = store::strike(&ground)?;
        total.points += tally.points;
        total.failed += tally.failed;
    }
    if all && arguments.fleet > 0 {
        let tally = fleet::strike(arguments, &ground)?;
        total.points += tally.points;
        total.failed += tally.failed;
    }
    say(&format!(
        "{} points, {} failed: lost 0, duplicated 0, manual steps 0 at all others",
        total.points, total.failed
    ));
    Ok(total.failed == 0)
}

/// A program that must be there.
fn needs(program: &str) -> Result<(), String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).any(|directory| directory.join(program).is_file());
    found.then_some(()).ok_or_else(|| format!("{program} is missing (Debian package {program})"))
}

fn chosen(names: &[String]) -> Result<Vec<&'static Scenario<'static>>, String> {
    if names.is_empty() {
        return Ok(scenario::ALL.iter().collect());
    }
    let known = || scenario::ALL.iter().map(|scenario| scenario.name).collect::<Vec<_>>().join(", ");
    let find = |name: &String| scenario::find(name).ok_or_else(|| format!("no scenario {name}; there are {}", known()));
    names.iter().map(find).collect()
}

/// Builds the command, and says where it is: beside this program.
fn built() -> Result<PathBuf, Box<dyn Error>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo).args(["build", "--quiet", "--package", "ampere-cli"]).status()?;
    let here = std::env::current_exe()?;
    let program = here.with_file_name("ampere");
    if !status.success() || !program.exists() {
        return Err(format!("{} could not be built", program.display()).into());
    }
    Ok(program)
}
