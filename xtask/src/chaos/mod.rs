//! `cargo xtask chaos`: the command is killed at every point of what it does, and must go on as if nothing had been.
mod inhabitants;
mod kills;
mod rig;
mod scenario;
mod watcher;
mod world;

use std::error::Error;
use std::path::PathBuf;
use std::process::Command;

use clap::Args;

use crate::say::say;
use kills::Point;
use scenario::Scenario;

/// Kill the command at every point of what it does, and see whether anything is lost
///
/// The clouds run in this process, with the real agent in every server; `ampere` is a child. It is killed (SIGKILL) before and
/// after calls to the clouds. Then the same command runs again, and the world must be as if nothing had happened: nothing
/// missing, nothing twice, nothing left over, nothing left to do, no help by a person, an audit log that verifies.
#[derive(Args)]
pub struct Arguments {
    /// Strike at every point, not at a sample
    #[arg(long, conflicts_with = "sample")]
    exhaustive: bool,
    /// How many points are struck in each scenario
    #[arg(long, value_name = "N", default_value_t = 20)]
    sample: usize,
    /// Chooses the sample
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Only this scenario; may be given several times
    #[arg(long, value_name = "NAME")]
    scenario: Vec<String>,
    /// Only this point, as it is printed with a failure
    #[arg(long, value_name = "POINT", requires = "scenario")]
    point: Option<Point>,
    /// How many points at a time
    #[arg(long, value_name = "N", default_value_t = 2)]
    jobs: usize,
}

/// Runs it; whether all held.
///
/// # Errors
/// The harness itself fails.
pub fn run(arguments: &Arguments) -> Result<bool, Box<dyn Error>> {
    let program = built()?;
    let scenarios = chosen(&arguments.scenario)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let mut failed = 0;
    let mut points = 0;
    for scenario in scenarios {
        let tally = kills::strike(scenario, arguments, &program, runtime.handle())?;
        points += tally.points;
        failed += tally.failed;
    }
    say(&format!("{points} kill points, {failed} failed"));
    Ok(failed == 0)
}

fn chosen(names: &[String]) -> Result<Vec<&'static Scenario>, String> {
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
