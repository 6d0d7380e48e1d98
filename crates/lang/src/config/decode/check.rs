//! `check`
use super::condition::condition;
use super::{resource, valid_name};
use crate::config::{Check, Module, Schema};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::syntax::ast::Block;

const SCHEMA: Schema = Schema { attributes: &[], blocks: &[("data", &["type", "name"]), ("assert", &[])] };

pub(super) fn check(block: Block, module: &mut Module, diags: &mut Diagnostics) {
    let label = &block.labels[0];
    valid_name(label, "Invalid check block name", diags);
    let content = SCHEMA.content(block.body, diags);
    let (mut data, mut asserts, mut written) = (None, Vec::new(), 0);
    for inner in content.blocks {
        match &*inner.block_type {
            "assert" => {
                written += 1;
                asserts.extend(condition(inner, diags));
            }
            _ if data.is_some() => {
                let detail = "A check block can have only one data block.";
                diags.push(Diagnostic::error("Multiple data resource blocks", detail).at(inner.header));
            }
            _ => data = Some(resource::resource(inner, diags)),
        }
    }
    if written == 0 {
        let detail = "Check blocks must have at least one assert block.";
        diags.push(Diagnostic::error("Zero assert blocks", detail).at(block.header));
    }
    module.checks.insert(label.text.clone(), Check { data, asserts, span: block.header });
}
