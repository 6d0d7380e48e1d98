//! Blocks of the language that this version does not carry out. They are refused: leaving one out in silence would plan the
//! deletion of what it stands for.
use ampere_lang::config::{Module, Resource};
use ampere_lang::diagnostic::{Diagnostic, Diagnostics};

/// A finding for every such block.
pub(super) fn refuse(module: &Module, findings: &mut Diagnostics) {
    for call in module.module_calls.values() {
        let detail = format!(
            "The module \"{}\" was not loaded: this version of Ampere plans one directory at a time. Write the resources of \
             the module into this directory, or give the module's directory a stack of its own (-chdir).",
            call.name
        );
        findings.push(Diagnostic::error("Modules are not supported", detail).at(call.span));
    }
    let checked = module.checks.values().filter_map(|check| check.data.as_ref());
    for data in module.data.values().chain(checked) {
        findings.push(unknown("data source", data));
    }
    for ephemeral in module.ephemeral.values() {
        findings.push(unknown("ephemeral resource", ephemeral));
    }
}

fn unknown(what: &str, block: &Resource) -> Diagnostic {
    let detail = format!(
        "There is no {what} of type \"{}\": no provider of this version has any. Give its value by a variable.",
        block.name.resource_type
    );
    Diagnostic::error(format!("Invalid {what}"), detail).at(block.span)
}
