//! Saved plans: written, read, and made ready to be applied.
use std::path::Path;

use ampere_core::lang::config::{self, variables};
use ampere_core::lang::diagnostic::Diagnostics;
use ampere_core::plan::Plan;
use ampere_core::planfile::{self, PlanFileError, SavedPlan};
use ampere_core::vault::Vault;

use super::{Operation, Subject};
use crate::args::{GivenVariable, PlanningArgs};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::project::{Missing, bounded, variable_values};

/// Writes a plan to a file, readable by its owner only.
///
/// # Errors
/// It cannot be sealed or written.
pub fn save_plan(path: &Path, plan: &Plan, subject: &Subject, operation: &Operation) -> Result<(), Failure> {
    let bytes = planfile::write(plan, &subject.sources, &subject.variables, &operation.engine.vault)
        .map_err(|error| plan_file_failure(&error, path))?;
    write_private(path, &bytes).map_err(|error| {
        Failure::error("Failed to save the plan", format!("The file {} could not be written: {error}.", path.display()))
    })
}

fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Reads a saved plan.
///
/// # Errors
/// It cannot be read, or is no plan of this stack.
pub fn read_plan(path: &Path, vault: &Vault) -> Result<SavedPlan, Failure> {
    let bytes = bounded::read(path, planfile::MAX_BYTES).map_err(|error| {
        Failure::error("Failed to load plan file", format!("The file {} could not be read: {error}.", path.display()))
    })?;
    planfile::read(&bytes, vault).map_err(|error| plan_file_failure(&error, path))
}

fn plan_file_failure(error: &PlanFileError, path: &Path) -> Failure {
    let summary = "Failed to load plan file";
    let detail = format!("{}: {error}. Plan again.", path.display());
    match error {
        PlanFileError::OtherStack => Failure::new(Exit::Stale, "Plan of another stack", detail),
        _ => Failure::error(summary, detail),
    }
}

/// The subject of a saved plan: its own configuration and variables; ephemeral variables must be given again.
///
/// # Errors
/// An ephemeral variable is missing, or another one is given another value than the plan was made with.
pub fn saved_subject(saved: &SavedPlan, planning: &PlanningArgs) -> Result<Subject, Failure> {
    let (mut module, findings) = config::load(saved.sources.clone());
    let (given, _) = variable_values(Path::new("."), &mut module, &planning.variables, Missing::Leave)?;
    let mut variables = saved.variables.clone();
    let mut refused = Diagnostics::new();
    for name in &saved.ephemeral {
        match given.get(name) {
            Some(value) => drop(variables.insert(name.clone(), value.clone())),
            None => refused.extend(module.variables.get(name).map(variables::no_value)),
        }
    }
    for argument in &planning.variables.given {
        let GivenVariable::Assignment(text) = argument else { continue };
        let Some((name, _)) = text.split_once('=') else { continue };
        let planned = saved.variables.get(name.trim());
        let differs = |value| planned.is_some_and(|planned| !planned.same(value));
        if given.get(name.trim()).is_some_and(differs) {
            let detail = format!(
                "The root input variable {:?} cannot be set when applying a saved plan: the plan holds the value it was made with. \
                 Plan again with the new value.",
                name.trim()
            );
            refused.push(ampere_core::lang::diagnostic::Diagnostic::error(
                "Can't change variable when applying a saved plan",
                detail,
            ));
        }
    }
    if refused.has_errors() {
        return Err(Failure::findings(refused, module.sources));
    }
    Ok(Subject { module, variables, findings, sources: saved.sources.clone() })
}
