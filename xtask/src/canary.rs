//! `cargo xtask canary`: the proof that no secret leaves.
use std::error::Error;
use std::process::Command;

use crate::say::say;

/// Show that no secret leaves
///
/// Forty values live a whole life of rotations and failures; then files, logs, outputs, environments, requests and a core dump are
/// looked through for any twelve bytes of them in any usual form. The scanner first proves itself on seeded leaks. Needs gdb.
#[derive(clap::Args)]
pub struct Arguments {}

/// Runs the proof.
///
/// # Errors
/// It could not be started.
pub fn run(_: &Arguments) -> Result<bool, Box<dyn Error>> {
    if Command::new("gcore").arg("-h").output().is_err() {
        say("error: gcore is missing (Debian package gdb): without it memory cannot be looked through");
        return Ok(false);
    }
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(&cargo).args(["build", "--package", "ampere-cli"]).status()?;
    if !built.success() {
        return Ok(false);
    }
    let test = ["test", "--package", "ampere-tests", "--test", "canary", "--", "--nocapture"];
    Ok(Command::new(&cargo).args(test).status()?.success())
}
