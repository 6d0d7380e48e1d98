//! `ampere validate`
use std::path::Path;

use ampere_core::lang::diagnostic::Diagnostics;
use ampere_core::render::diagnostic;
use ampere_core::render::{Style, Text};
use clap::{ArgAction, Args};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::kinds;
use crate::project::Configuration;
use crate::terminal::Terminal;
use crate::view::View;
use crate::world::{DirectoryHost, Phase};

/// Check the configuration: syntax, names, types, references
///
/// No variable is needed, no state is read and no cloud is asked. What can only be judged with values is judged by `plan`.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  ampere validate
  ampere validate -json | jq .diagnostics")]
pub struct ValidateArgs {
    /// Write one JSON document instead of text
    #[arg(long, action = ArgAction::Set, value_name = "BOOL", default_value = "false")]
    json: bool,
    /// Accepted for Terraform's sake; there are no test files
    #[arg(long, action = ArgAction::Set, value_name = "BOOL", default_value = "false", hide = true)]
    no_tests: bool,
}

/// Runs the command.
pub fn run(args: &ValidateArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    let configuration = Configuration::read(Path::new("."))?;
    let sources = configuration.sources();
    let mut findings = configuration.findings.clone();
    if !findings.has_errors() {
        let host = DirectoryHost::new(".", Phase::Validate);
        findings.extend(ampere_core::plan::validate(&configuration.module, &kinds::all(), &host));
    }
    if args.json {
        terminal.line(format!("{:#}", diagnostic::validate_report(&findings, &sources)));
    } else {
        View::human(terminal).findings(&findings, &sources);
        if !findings.has_errors() {
            terminal.out(&verdict(&findings));
        }
    }
    Ok(if findings.has_errors() { Exit::Failure } else { Exit::Success })
}

fn verdict(findings: &Diagnostics) -> Text {
    let mut text = Text::new();
    text.push(Style::Success, "Success!").plain(" The configuration is valid");
    text.plain(if findings.is_empty() { "." } else { ", but there were some\nvalidation warnings as shown above." });
    text.newline();
    text
}
