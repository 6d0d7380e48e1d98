//! Input variables: gathered from everywhere, asked for where one is missing.
use std::collections::BTreeMap;
use std::io::{BufRead, Write};
use std::path::Path;
use std::sync::Arc;

use ampere_core::lang::config::Module;
use ampere_core::lang::config::variables::{self, Argument, Raw, Sources, Values, VarFile};
use ampere_core::lang::diagnostic::{Diagnostic, Diagnostics};
use ampere_core::lang::value::Value;
use ampere_core::secret::Secret;

use super::read_text;
use crate::args::{GivenVariable, VariableArgs};
use crate::failure::Failure;
use crate::terminal::Terminal;

/// Final values of variables, by name.
pub type VariableValues = BTreeMap<Arc<str>, Value>;

/// What to do about a variable that has no value.
#[derive(Clone, Copy)]
pub enum Missing<'a> {
    /// A person is asked.
    Ask(&'a Terminal),
    /// It is an error.
    Refuse,
    /// It stays without one.
    Leave,
}

/// The values of a module's variables: from the environment, files of a directory and arguments, in Terraform's order of
/// precedence. Warnings come beside them.
///
/// # Errors
/// All that is wrong with them; no value is repeated.
pub fn variable_values(
    directory: &Path,
    module: &mut Module,
    args: &VariableArgs,
    missing: Missing<'_>,
) -> Result<(VariableValues, Diagnostics), Failure> {
    let (sources, mut findings) = sources(directory, args);
    let (mut raw, found) = variables::collect(module, &sources);
    findings.extend(found);
    fail_on_errors(&findings, module)?;
    let Values { mut values, missing: without } = finish(module, &raw, &mut findings)?;
    match missing {
        Missing::Leave => {}
        Missing::Refuse => findings.extend(without.iter().map(|name| variables::no_value(&module.variables[name]))),
        Missing::Ask(terminal) if !without.is_empty() => {
            for name in &without {
                let answer = ask(terminal, module, name)?;
                raw.insert(name.clone(), answer);
            }
            values = finish(module, &raw, &mut findings)?.values;
        }
        Missing::Ask(_) => {}
    }
    fail_on_errors(&findings, module)?;
    Ok((values, findings))
}

fn finish(module: &Module, raw: &BTreeMap<Arc<str>, Raw>, findings: &mut Diagnostics) -> Result<Values, Failure> {
    let (values, found) = variables::finish(module, raw);
    findings.extend(found);
    fail_on_errors(findings, module)?;
    Ok(values)
}

fn fail_on_errors(findings: &Diagnostics, module: &Module) -> Result<(), Failure> {
    if findings.has_errors() { Err(Failure::findings(findings.clone(), module.sources.clone())) } else { Ok(()) }
}

fn sources(directory: &Path, args: &VariableArgs) -> (Sources, Diagnostics) {
    let mut findings = Diagnostics::new();
    let mut sources = Sources {
        environment: std::env::vars_os()
            .filter_map(|(name, value)| {
                Some((name.to_str()?.strip_prefix("TF_VAR_")?.to_owned(), value.into_string().ok()?))
            })
            .collect(),
        ..Sources::default()
    };
    for name in automatic_files(directory) {
        match read_text(&directory.join(&name), &name) {
            Ok(text) => sources.files.push(VarFile { name, text, automatic: true }),
            Err(finding) => findings.push(finding),
        }
    }
    for given in &args.given {
        match given {
            GivenVariable::Assignment(text) => match text.split_once('=') {
                Some((name, value)) => {
                    sources.arguments.push(Argument::Var { name: name.trim().to_owned(), value: value.to_owned() });
                }
                None => findings.push(not_an_assignment()),
            },
            GivenVariable::File(name) => match read_text(&directory.join(name), name) {
                Ok(text) => {
                    sources.arguments.push(Argument::File(sources.files.len()));
                    sources.files.push(VarFile { name: name.clone(), text, automatic: false });
                }
                Err(finding) => findings.push(Diagnostic::error("Failed to read variables file", finding.detail)),
            },
        }
    }
    (sources, findings)
}

fn not_an_assignment() -> Diagnostic {
    let detail = "The option -var must be given as -var 'name=value': a name, an equals sign, and the value.";
    Diagnostic::error("Invalid -var option", detail)
}

/// `terraform.tfvars`, `terraform.tfvars.json`, then `*.auto.tfvars` and `*.auto.tfvars.json` in the order of their names.
fn automatic_files(directory: &Path) -> Vec<String> {
    let is_file = |name: &String| std::fs::metadata(directory.join(name)).is_ok_and(|found| found.is_file());
    let mut names: Vec<String> =
        ["terraform.tfvars", "terraform.tfvars.json"].map(str::to_owned).into_iter().filter(is_file).collect();
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let mut automatic: Vec<String> = entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| name.ends_with(".auto.tfvars") || name.ends_with(".auto.tfvars.json"))
        .filter(is_file)
        .collect();
    automatic.sort_unstable();
    names.append(&mut automatic);
    names
}

/// Asks until the answer can be read; what is sensitive is not echoed.
fn ask(terminal: &Terminal, module: &mut Module, name: &Arc<str>) -> Result<Raw, Failure> {
    let variable = &module.variables[name];
    let concealed = variable.sensitive || variable.ephemeral;
    let description = variable.description.as_deref().map(|d| format!("  {d}\n\n")).unwrap_or_default();
    loop {
        terminal.err(&format!("var.{name}\n{description}  Enter a value: ").into());
        let answer = read_answer(concealed)?;
        terminal.err(&"\n".into());
        match variables::answer(module, name, answer.expose()) {
            Ok(raw) => return Ok(raw),
            Err(findings) => {
                for finding in findings {
                    terminal.err(&format!("  {}: {}\n", finding.summary, finding.detail).into());
                }
            }
        }
    }
}

fn read_answer(concealed: bool) -> Result<Secret, Failure> {
    let interrupted =
        |error: std::io::Error| Failure::error("No answer", format!("The answer could not be read: {error}."));
    if concealed {
        return rpassword::read_password().map(Secret::new).map_err(interrupted);
    }
    std::io::stderr().flush().map_err(interrupted)?;
    let mut line = String::new();
    if std::io::stdin().lock().read_line(&mut line).map_err(interrupted)? == 0 {
        return Err(Failure::error("No answer", "Standard input ended before the question was answered."));
    }
    Ok(Secret::new(line.trim_end_matches(['\r', '\n'])))
}
