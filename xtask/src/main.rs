//! `cargo xtask`: what is done with this repository beyond building and testing it.
mod canary;
mod chaos;
mod fuzz;
mod say;

use std::process::ExitCode;

use clap::Parser;

use say::say;

/// What is done with this repository beyond building and testing it
#[derive(Parser)]
#[command(bin_name = "cargo xtask", disable_version_flag = true)]
enum Task {
    Canary(canary::Arguments),
    Chaos(chaos::Arguments),
    Fuzz(fuzz::Arguments),
}

fn main() -> ExitCode {
    let outcome = match Task::parse() {
        Task::Canary(arguments) => canary::run(&arguments),
        Task::Chaos(arguments) => chaos::run(&arguments),
        Task::Fuzz(arguments) => fuzz::run(&arguments),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            say(&format!("error: {}", say::with_causes(&*error)));
            ExitCode::FAILURE
        }
    }
}
