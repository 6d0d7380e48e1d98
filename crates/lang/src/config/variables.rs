//! Input variables: where their values come from, and what is made of them.
//!
//! Precedence, the last one wins: the environment, the automatic files in the given order, then `-var` and `-var-file` in
//! the order of the command line. Values given as text are literal strings for variables without a type or of a primitive
//! one, and expressions for all others.
//!
//! A value may be a secret. No finding here repeats one, no finding shows its source line, and no text of a value is kept.
use std::collections::BTreeMap;
use std::sync::Arc;

use super::constant::constant;
use super::{Module, Variable, too_long};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::{FileId, SourceMap, Span};
use crate::syntax;
use crate::value::convert::{apply_defaults, convert};
use crate::value::{Marks, Value};

/// All places that may set input variables.
#[derive(Clone, Default)]
pub struct Sources {
    /// `TF_VAR_name`, the prefix taken off, and the value.
    pub environment: Vec<(String, String)>,
    /// Files of variables.
    pub files: Vec<VarFile>,
    /// `-var` and `-var-file`, in the order of the command line.
    pub arguments: Vec<Argument>,
}

/// A file of variables.
#[derive(Clone)]
pub struct VarFile {
    /// The name to show, e.g. `terraform.tfvars`; one that ends in `.json` is JSON.
    pub name: String,
    /// The whole text.
    pub text: String,
    /// Whether it is read without being asked for (`terraform.tfvars`, `terraform.tfvars.json`, then `*.auto.tfvars` and
    /// `*.auto.tfvars.json` in the order of their names). The others are named by [`Argument::File`].
    pub automatic: bool,
}

/// One of `-var` and `-var-file`.
#[derive(Clone)]
pub enum Argument {
    /// `-var name=value`
    Var {
        /// The name.
        name: String,
        /// The text after the equals sign.
        value: String,
    },
    /// `-var-file`: the index in [`Sources::files`].
    File(usize),
}

/// A value as it was given, not yet converted.
#[derive(Clone, Debug)]
pub struct Raw {
    /// The value. Its `Debug` shows nothing of a variable that is declared sensitive or ephemeral.
    pub value: Value,
    /// Where it came from.
    pub origin: Origin,
}

/// Where a value came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// `TF_VAR_name`
    Environment,
    /// A file of variables.
    File(Span),
    /// `-var`
    Argument,
    /// An answer of the user.
    Input,
}

/// The values of input variables, ready for use.
#[derive(Clone, Debug, Default)]
pub struct Values {
    /// The value of every variable that has one: converted, defaults applied, marked.
    pub values: BTreeMap<Arc<str>, Value>,
    /// Variables without a value and without a default: ask for them, or report [`no_value`].
    pub missing: Vec<Arc<str>>,
}

/// Gathers the values that are given for the variables of a module. The files join the module's sources (their names, not
/// their texts), so that findings can name them.
pub fn collect(module: &mut Module, sources: &Sources) -> (BTreeMap<Arc<str>, Raw>, Diagnostics) {
    let Module { variables, sources: map, .. } = module;
    let names = Arc::make_mut(map);
    let mut collector =
        Collector { variables, names, found: BTreeMap::new(), undeclared: 0, diags: Diagnostics::new() };
    for (name, value) in &sources.environment {
        if let Some(variable) = variables.get(name.as_str()) {
            collector.text(variable, value, Origin::Environment);
        }
    }
    for file in sources.files.iter().filter(|f| f.automatic) {
        collector.file(file);
    }
    for argument in &sources.arguments {
        match argument {
            Argument::Var { name, value } => match variables.get(name.as_str()) {
                Some(variable) => collector.text(variable, value, Origin::Argument),
                None => collector.diags.push(undeclared_argument(name)),
            },
            Argument::File(index) => match sources.files.get(*index) {
                Some(file) => collector.file(file),
                None => collector.diags.push(Diagnostic::error(
                    "Failed to read variables file",
                    format!("No file number {index} of variables was given."),
                )),
            },
        }
    }
    collector.summarize_undeclared();
    (collector.found, collector.diags)
}

/// Reads the answer of a user to the question for a variable.
///
/// # Errors
/// The variable takes an expression, and the text is none.
pub fn answer(module: &mut Module, name: &str, text: &str) -> Result<Raw, Diagnostics> {
    let Module { variables, sources, .. } = module;
    let Some(variable) = variables.get(name) else { return Err(undeclared_argument(name).into()) };
    let names = Arc::make_mut(sources);
    let mut collector =
        Collector { variables, names, found: BTreeMap::new(), undeclared: 0, diags: Diagnostics::new() };
    collector.text(variable, text, Origin::Input);
    collector.found.remove(name).ok_or(collector.diags)
}

/// Converts what was gathered to the types of the variables, fills in defaults, and puts marks on. Conditions are not
/// checked here: see [`crate::eval::check_condition`].
pub fn finish(module: &Module, raw: &BTreeMap<Arc<str>, Raw>) -> (Values, Diagnostics) {
    let (mut done, mut diags) = (Values::default(), Diagnostics::new());
    for (name, variable) in &module.variables {
        match raw.get(name) {
            None if variable.default.is_none() => done.missing.push(name.clone()),
            given => match final_value(variable, given) {
                Ok(value) => drop(done.values.insert(name.clone(), value)),
                Err(finding) => diags.push(finding),
            },
        }
    }
    (done, diags)
}

/// The finding that a variable has no value.
pub fn no_value(variable: &Variable) -> Diagnostic {
    let detail = format!(
        "The root module input variable {:?} is not set, and has no default value. Use a -var or -var-file command line argument to provide a value for this variable.",
        variable.name
    );
    Diagnostic::error("No value for required variable", detail).at(variable.span)
}

fn final_value(variable: &Variable, given: Option<&Raw>) -> Result<Value, Diagnostic> {
    let name = &variable.name;
    let place = match given.map(|raw| raw.origin) {
        Some(Origin::File(span)) => span,
        _ => variable.span,
    };
    let fit = |value: &Value| match value.is_null() {
        true => convert(value, &variable.ty),
        false => convert(&apply_defaults(value, &variable.defaults), &variable.ty),
    };
    let unsuitable = |error| {
        let detail = format!("The given value is not suitable for var.{name}: {error}.");
        Diagnostic::error("Invalid value for input variable", detail).at(place).concealed()
    };
    let value = match given {
        Some(raw) => Some(fit(&raw.value).map_err(unsuitable)?),
        None => None,
    };
    let value = match (value, &variable.default) {
        (Some(value), _) if !value.is_null() || variable.nullable => value,
        // Null stands for the default where null itself is not allowed.
        (_, Some(default)) => fit(default).map_err(unsuitable)?,
        (Some(_), None) => {
            let detail = format!("The variable var.{name} is required and may not be set to null.");
            return Err(Diagnostic::error("Required variable not set", detail).at(place).concealed());
        }
        (None, None) => return Err(no_value(variable)),
    };
    Ok(value.with_marks(marks_of(variable)))
}

fn marks_of(variable: &Variable) -> Marks {
    let sensitive = if variable.sensitive { Marks::SENSITIVE } else { Marks::NONE };
    let ephemeral = if variable.ephemeral { Marks::EPHEMERAL } else { Marks::NONE };
    sensitive | ephemeral
}

/// How many values for undeclared variables are reported one by one.
const UNDECLARED_SHOWN: usize = 2;

struct Collector<'m> {
    variables: &'m BTreeMap<Arc<str>, Variable>,
    names: &'m mut SourceMap,
    found: BTreeMap<Arc<str>, Raw>,
    undeclared: usize,
    diags: Diagnostics,
}

impl Collector<'_> {
    fn set(&mut self, variable: &Variable, value: Value, origin: Origin) {
        let value = value.with_marks(marks_of(variable));
        self.found.insert(variable.name.clone(), Raw { value, origin });
    }

    /// Findings about values never show the line.
    fn conceal(&mut self, findings: Diagnostics) {
        self.diags.extend(findings.into_iter().map(Diagnostic::concealed));
    }

    fn text(&mut self, variable: &Variable, text: &str, origin: Origin) {
        if !variable.typed || variable.ty.is_primitive() {
            return self.set(variable, Value::string(text), origin);
        }
        let file = self.names.add(format!("<value for var.{}>", variable.name), "");
        let (expr, mut findings) = syntax::parse_expression(file, text);
        let value = match findings.has_errors() {
            true => None,
            false => constant(&expr, &mut findings),
        };
        self.conceal(findings);
        if let Some(value) = value {
            self.set(variable, value, origin);
        }
    }

    fn file(&mut self, file: &VarFile) {
        if let Some(finding) = too_long(&file.name, file.text.len(), file.text.len()) {
            self.diags.push(finding);
            return;
        }
        let id: FileId = self.names.add(file.name.clone(), "");
        let (body, mut findings) = match file.name.ends_with(".json") {
            true => syntax::parse_json(id, &file.text),
            false => syntax::parse_native(id, &file.text),
        };
        for block in &body.blocks {
            let detail = "Blocks are not allowed here: a file of variables holds assignments only.";
            findings.push(
                Diagnostic::error(format!("Unexpected {:?} block", block.block_type), detail).at(block.type_span),
            );
        }
        for attribute in body.attributes {
            let Some(variable) = self.variables.get(&attribute.name) else {
                self.undeclared(&attribute.name, attribute.name_span);
                continue;
            };
            if let Some(value) = constant(&attribute.value, &mut findings)
                && value.is_wholly_known()
            {
                self.set(variable, value, Origin::File(attribute.value.span));
            }
        }
        self.conceal(findings);
    }

    fn undeclared(&mut self, name: &str, span: Span) {
        self.undeclared += 1;
        if self.undeclared <= UNDECLARED_SHOWN {
            let detail = format!(
                "The root module does not declare a variable named {name:?} but a value was found in a file. To use this value, add a \"variable\" block to the configuration."
            );
            self.diags.push(Diagnostic::warning("Value for undeclared variable", detail).at(span).concealed());
        }
    }

    fn summarize_undeclared(&mut self) {
        if self.undeclared > UNDECLARED_SHOWN {
            let more = self.undeclared - UNDECLARED_SHOWN;
            let detail = format!("{more} more variables were set in files that the root module does not declare.");
            self.diags.push(Diagnostic::warning("Values for undeclared variables", detail));
        }
    }
}

fn undeclared_argument(name: &str) -> Diagnostic {
    let detail = format!(
        "A variable named {name:?} was assigned on the command line, but the root module does not declare a variable of that name. To use this value, add a \"variable\" block to the configuration."
    );
    Diagnostic::error("Value for undeclared variable", detail)
}
