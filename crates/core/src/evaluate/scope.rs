//! What names mean, and what is wrong with those that mean nothing.
use ampere_lang::config::ResourceName;
use ampere_lang::diagnostic::{Diagnostic, Severity};
use ampere_lang::eval::{Repetition, Scope, Subject};
use ampere_lang::source::Span;
use ampere_lang::value::{Marks, Type, Value};

use super::suggest::did_you_mean;
use super::world::World;

impl Scope for World<'_> {
    fn lookup(&self, subject: &Subject, span: Span) -> Result<Value, Diagnostic> {
        self.resolve(subject).map_err(|finding| finding.at(span))
    }

    fn repetition(&self, subject: &Subject) -> Repetition {
        match subject {
            Subject::Resource(name) => self.written_repetition(name),
            _ => Repetition::Undecided,
        }
    }
}

impl World<'_> {
    fn resolve(&self, subject: &Subject) -> Result<Value, Diagnostic> {
        match subject {
            Subject::Variable(name) => self.variable(name),
            Subject::Local(name) => self.known_local(name),
            Subject::Resource(name) => self.whole(name).ok_or_else(|| self.undeclared_resource(name)),
            Subject::Data(name) => Err(undeclared_data(name)),
            Subject::Module(name) => Err(undeclared_module(name)),
            Subject::CountIndex => Err(no_count()),
            Subject::EachKey | Subject::EachValue => Err(no_each()),
            Subject::SelfObject => Err(no_self()),
            Subject::Path(name) => self.path(name),
            Subject::Terraform(name) => self.terraform(name),
        }
    }

    fn variable(&self, name: &str) -> Result<Value, Diagnostic> {
        if let Some(value) = self.variables.get(name) {
            return Ok(value.clone());
        }
        match self.module.variables.get(name) {
            Some(declared) => Ok(Value::unknown(declared.ty.without_optional())
                .with_marks(marks(declared.sensitive, declared.ephemeral))),
            None => {
                let hint = did_you_mean(name, self.module.variables.keys().map(|n| &**n));
                let hint = match hint.is_empty() {
                    true => format!(" This variable can be declared with a variable {name:?} {{}} block."),
                    false => hint,
                };
                let detail = format!("An input variable with the name {name:?} has not been declared.{hint}");
                Err(Diagnostic::error("Reference to undeclared input variable", detail))
            }
        }
    }

    fn known_local(&self, name: &str) -> Result<Value, Diagnostic> {
        let Some((value, findings)) = self.local(name) else {
            let hint = did_you_mean(name, self.module.locals.keys().map(|n| &**n));
            let detail = format!("A local value with the name {name:?} has not been declared.{hint}");
            return Err(Diagnostic::error("Reference to undeclared local value", detail));
        };
        match findings.into_iter().find(|d| d.severity == Severity::Error) {
            Some(finding) => Err(finding),
            None => Ok(value),
        }
    }

    fn undeclared_resource(&self, name: &ResourceName) -> Diagnostic {
        let ResourceName { resource_type, name } = name;
        let declared = self.module.resources.keys();
        let same_type = declared.clone().filter(|r| r.resource_type == *resource_type).map(|r| &*r.name);
        let mut hint = match super::suggestion(name, same_type) {
            Some(near) => format!(" Did you mean {resource_type}.{near}?"),
            None => String::new(),
        };
        if hint.is_empty() {
            let same_name = declared.filter(|r| r.name == *name).map(|r| &*r.resource_type);
            if let Some(near) = super::suggestion(resource_type, same_name) {
                hint = format!(" Did you mean {near}.{name}?");
            }
        }
        let detail =
            format!("A managed resource {resource_type:?} {name:?} has not been declared in the root module.{hint}");
        Diagnostic::error("Reference to undeclared resource", detail)
    }

    fn path(&self, name: &str) -> Result<Value, Diagnostic> {
        match name {
            "module" | "root" => Ok(Value::string(".")),
            "cwd" => Ok(Value::string(self.host.current_directory())),
            _ => {
                let hint = did_you_mean(name, ["cwd", "module", "root"]);
                let detail = format!("The \"path\" object does not have an attribute named {name:?}.{hint}");
                Err(Diagnostic::error("Invalid \"path\" attribute", detail))
            }
        }
    }

    fn terraform(&self, name: &str) -> Result<Value, Diagnostic> {
        match name {
            "workspace" => Ok(Value::string(&self.workspace)),
            "applying" => Ok(Value::bool(self.applying).with_marks(Marks::EPHEMERAL)),
            "env" => Err(Diagnostic::error(
                "Invalid \"terraform\" attribute",
                "The terraform.env attribute was deprecated in v0.10 and removed in v0.12. The \"state environment\" concept \
                 was renamed to \"workspace\" in v0.12, and so the workspace name can now be accessed using the \
                 terraform.workspace attribute.",
            )),
            _ => {
                let detail = format!(
                    "The \"terraform\" object does not have an attribute named {name:?}. The only supported attribute is \
                     terraform.workspace, the name of the currently-selected workspace."
                );
                Err(Diagnostic::error("Invalid \"terraform\" attribute", detail))
            }
        }
    }
}

/// The marks that a declaration puts on its value.
pub(super) fn marks(sensitive: bool, ephemeral: bool) -> Marks {
    let mut marks = Marks::NONE;
    if sensitive {
        marks |= Marks::SENSITIVE;
    }
    if ephemeral {
        marks |= Marks::EPHEMERAL;
    }
    marks
}

fn undeclared_data(name: &ResourceName) -> Diagnostic {
    let detail =
        format!("A data resource {:?} {:?} has not been declared in the root module.", name.resource_type, name.name);
    Diagnostic::error("Reference to undeclared resource", detail)
}

fn undeclared_module(name: &str) -> Diagnostic {
    let detail = format!("No module call named {name:?} is declared in the root module.");
    Diagnostic::error("Reference to undeclared module", detail)
}

fn no_count() -> Diagnostic {
    Diagnostic::error(
        "Reference to \"count\" in non-counted context",
        "The \"count\" object can only be used in \"module\", \"resource\", and \"data\" blocks, and only when the \"count\" \
         argument is set.",
    )
}

fn no_each() -> Diagnostic {
    Diagnostic::error(
        "Reference to \"each\" in context without for_each",
        "The \"each\" object can be used only in \"module\" or \"resource\" blocks, and only when the \"for_each\" argument \
         is set.",
    )
}

fn no_self() -> Diagnostic {
    Diagnostic::error(
        "Invalid \"self\" reference",
        "The \"self\" object is not available in this context. This object can be used only in resource provisioner, \
         connection, and postcondition blocks.",
    )
}

/// A value of which nothing is known.
pub(super) fn anything() -> Value {
    Value::unknown(Type::Dynamic)
}
