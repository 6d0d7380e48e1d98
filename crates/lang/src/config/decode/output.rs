//! `output`
use super::condition::condition;
use super::valid_name;
use crate::config::constant::{constant_bool, constant_string};
use crate::config::traversal::reference_list;
use crate::config::{Module, Output, Schema};
use crate::diagnostic::Diagnostics;
use crate::syntax::ast::Block;

const SCHEMA: Schema = Schema {
    attributes: &[
        ("description", false),
        ("value", true),
        ("depends_on", false),
        ("sensitive", false),
        ("ephemeral", false),
    ],
    blocks: &[("precondition", &[])],
};

pub(super) fn output(block: Block, module: &mut Module, diags: &mut Diagnostics) {
    let json = block.body.json;
    valid_name(&block.labels[0], "Invalid output name", diags);
    let name = block.labels[0].text.clone();
    let mut content = SCHEMA.content(block.body, diags);
    let value = content.take_expression("value", diags);
    let description = content.take("description").and_then(|e| constant_string(&e, diags));
    let depends_on = content.take("depends_on").map(|e| reference_list(e, json, diags)).unwrap_or_default();
    let mut flag = |name: &str| content.take(name).and_then(|e| constant_bool(&e, diags)).unwrap_or(false);
    let (sensitive, ephemeral) = (flag("sensitive"), flag("ephemeral"));
    let preconditions = content.blocks.into_iter().filter_map(|b| condition(b, diags)).collect();
    if let Some(value) = value {
        let output = Output { value, description, sensitive, ephemeral, depends_on, preconditions, span: block.header };
        module.outputs.insert(name, output);
    }
}
