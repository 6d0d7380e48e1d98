//! Blocks to what they mean.
mod check;
mod condition;
mod lifecycle;
mod module_call;
mod output;
mod provider;
mod refactoring;
mod resource;
mod terraform;
mod variable;

pub(super) use lifecycle::MANAGED as LIFECYCLE;
pub(super) use resource::SCHEMA as RESOURCE;

use super::{Local, Module};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::syntax::ast::{Attribute, Block, Label};

/// Decodes one top-level block into the module. Its labels are as many as its type wants.
pub(super) fn block(block: Block, module: &mut Module, diags: &mut Diagnostics) {
    match &*block.block_type {
        "terraform" => terraform::terraform(block, module, diags),
        "provider" => provider::provider(block, module, diags),
        "variable" => variable::variable(block, module, diags),
        "output" => output::output(block, module, diags),
        "resource" => {
            let resource = resource::resource(block, diags);
            module.resources.insert(resource.name.clone(), resource);
        }
        "data" => {
            let resource = resource::resource(block, diags);
            module.data.insert(resource.name.clone(), resource);
        }
        "ephemeral" => {
            let resource = resource::resource(block, diags);
            module.ephemeral.insert(resource.name.clone(), resource);
        }
        "module" => module_call::module_call(block, module, diags),
        "moved" => module.moved.extend(refactoring::moved(block, diags)),
        "removed" => module.removed.extend(refactoring::removed(block, diags)),
        "import" => refactoring::add_import(block, module, diags),
        "check" => check::check(block, module, diags),
        other => unreachable!("the schema of a file lets no block of type {other} through"),
    }
}

/// Decodes an entry of a `locals` block.
pub(super) fn local(entry: Attribute, module: &mut Module, diags: &mut Diagnostics) {
    let label = Label { text: entry.name.clone(), span: entry.name_span };
    valid_name(&label, "Invalid local value name", diags);
    module.locals.insert(entry.name, Local { value: entry.value, span: entry.name_span });
}

/// Reports a name that is no identifier.
fn valid_name(label: &Label, summary: &str, diags: &mut Diagnostics) {
    if label.text.is_empty() || crate::syntax::ident_len(&label.text) != label.text.len() {
        let detail = "A name must start with a letter or underscore and may contain only letters, digits, underscores, and dashes.";
        diags.push(Diagnostic::error(summary, detail).at(label.span));
    }
}
