//! `ampere version`
use clap::{ArgAction, Args};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::terminal::Terminal;

/// The version of Terraform whose language and formats this program follows.
pub const TERRAFORM_VERSION: &str = "1.11.4";

/// Show the version of this program
#[derive(Args, Debug)]
pub struct VersionArgs {
    /// Write JSON instead of text
    #[arg(long, action = ArgAction::Set, value_name = "BOOL", default_value = "false")]
    json: bool,
}

/// Runs the command.
pub fn run(args: &VersionArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    if args.json {
        let document = serde_json::json!({
            "ampere_version": env!("CARGO_PKG_VERSION"),
            "terraform_version": TERRAFORM_VERSION,
            "platform": platform(),
            "provider_selections": {},
            "terraform_outdated": false,
        });
        terminal.line(format!("{document:#}"));
    } else {
        print_text(terminal);
    }
    Ok(Exit::Success)
}

/// Prints the version for people.
pub fn print_text(terminal: &Terminal) {
    terminal.line(format!("Ampere v{}\non {}", env!("CARGO_PKG_VERSION"), platform()));
    terminal.line(format!("speaks the language and the JSON formats of Terraform v{TERRAFORM_VERSION}"));
}

/// The platform as Terraform names it, e.g. `linux_amd64`.
fn platform() -> String {
    let architecture = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    let system = match std::env::consts::OS {
        "macos" => "darwin",
        other => other,
    };
    format!("{system}_{architecture}")
}
