//! From the command line to what a plan is asked for.
use ampere_core::address::Address;
use ampere_core::lang::config::parse_resource_address;
use ampere_core::lang::diagnostic::{Diagnostic, Diagnostics};
use ampere_core::plan::{Mode, Options, Target};

use crate::args::PlanningArgs;
use crate::exit::Exit;
use crate::failure::Failure;

/// The options that the flags mean.
///
/// # Errors
/// Flags that exclude each other, or an address that is none.
pub fn plan_options(args: &PlanningArgs) -> Result<Options, Failure> {
    let mode = match (args.destroy, args.refresh_only) {
        (true, true) => return Err(exclude("-destroy", "-refresh-only")),
        (true, false) => Mode::Destroy,
        (false, true) if !args.refresh => return Err(exclude("-refresh-only", "-refresh=false")),
        (false, true) => Mode::RefreshOnly,
        (false, false) => Mode::Normal,
    };
    if args.thorough && !args.refresh {
        return Err(exclude("-thorough", "-refresh=false"));
    }
    if mode == Mode::RefreshOnly && !args.replace.is_empty() {
        return Err(exclude("-refresh-only", "-replace"));
    }
    let mut findings = Diagnostics::new();
    let mut targets = Vec::new();
    for text in &args.target {
        match parse_resource_address(text) {
            Ok((resource, None)) => targets.push(Target::Resource(resource)),
            Ok((resource, key)) => targets.push(Target::Instance(Address { resource, key })),
            Err(finding) => findings.push(named("-target", text, finding)),
        }
    }
    let mut replace = Vec::new();
    for text in &args.replace {
        match parse_resource_address(text) {
            Ok((resource, key)) => replace.push(Address { resource, key }),
            Err(finding) => findings.push(named("-replace", text, finding)),
        }
    }
    if findings.has_errors() {
        return Err(Failure::findings(findings, Default::default()));
    }
    Ok(Options { mode, targets, replace, refreshed: args.refresh, thorough: args.thorough, hold_departures: false })
}

/// The address of one instance, as it is written on the command line.
///
/// # Errors
/// It is none.
pub fn address(text: &str) -> Result<Address, Failure> {
    match parse_resource_address(text) {
        Ok((resource, key)) => Ok(Address { resource, key }),
        Err(finding) => {
            Err(Failure::error("Invalid address", format!("{text:?} is no resource address: {}", finding.detail)))
        }
    }
}

fn named(flag: &str, text: &str, finding: Diagnostic) -> Diagnostic {
    Diagnostic::error(
        format!("Invalid address in {flag}"),
        format!("{text:?} is no resource address: {}", finding.detail),
    )
}

fn exclude(one: &str, other: &str) -> Failure {
    let detail = format!("The flags {one} and {other} exclude each other.");
    Failure::new(Exit::Failure, "Incompatible command line options", detail)
}
