//! `module`
use super::resource::count_and_for_each;
use super::terraform::valid_constraint;
use super::valid_name;
use crate::config::constant::constant_string;
use crate::config::traversal::reference_list;
use crate::config::{Module, ModuleCall, Schema};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::syntax::ast::Block;

const SCHEMA: Schema = Schema {
    attributes: &[
        ("source", true),
        ("version", false),
        ("count", false),
        ("for_each", false),
        ("depends_on", false),
        ("providers", false),
    ],
    blocks: &[("_", &[]), ("lifecycle", &[]), ("locals", &[]), ("provider", &["type"])],
};

pub(super) fn module_call(block: Block, module: &mut Module, diags: &mut Diagnostics) {
    let json = block.body.json;
    let label = &block.labels[0];
    valid_name(label, "Invalid module instance name", diags);
    let name = label.text.clone();
    let mut content = SCHEMA.partial(block.body, diags);
    if let (Some(_), Some(for_each)) = (content.attributes.get("count"), content.attributes.get("for_each")) {
        diags.push(count_and_for_each().at(for_each.name_span));
    }
    let source = content.take("source").and_then(|e| {
        let source = constant_string(&e, diags)?;
        if source.is_empty() {
            let detail = "The source of a module must say where its files are: a relative path like \"./modules/x\", or an address.";
            diags.push(Diagnostic::error("Invalid module source address", detail).at(e.span));
        }
        (!source.is_empty()).then_some(source)
    });
    let version = content.take("version").and_then(|e| {
        let version = constant_string(&e, diags)?;
        valid_constraint(&version, e.span, diags).then_some(version)
    });
    let (count, for_each, providers) = (
        content.take_expression("count", diags),
        content.take_expression("for_each", diags),
        content.take("providers"),
    );
    let depends_on = content.take("depends_on").map(|e| reference_list(e, json, diags)).unwrap_or_default();
    for inner in &content.blocks {
        let detail = format!("The block type name {:?} is reserved in a module block.", inner.block_type);
        diags.push(Diagnostic::error("Reserved block type name in module block", detail).at(inner.type_span));
    }
    let Some(source) = source else { return };
    let call = ModuleCall {
        name: name.clone(),
        source,
        version,
        count,
        for_each,
        providers,
        depends_on,
        config: content.take_rest(diags),
        span: block.header,
    };
    module.module_calls.insert(name, call);
}
