//! `provider`
use super::valid_name;
use crate::config::constant::constant_string;
use crate::config::{Module, ProviderBlock, Schema};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::syntax::ast::{Block, Label};

pub(in crate::config) const SCHEMA: Schema = Schema {
    attributes: &[
        ("alias", false),
        ("version", false),
        ("count", false),
        ("depends_on", false),
        ("for_each", false),
        ("source", false),
    ],
    blocks: &[("_", &[]), ("lifecycle", &[]), ("locals", &[])],
};

pub(super) fn provider(block: Block, module: &mut Module, diags: &mut Diagnostics) {
    let label = &block.labels[0];
    valid_name(label, "Invalid provider name", diags);
    let name = label.text.clone();
    let mut content = SCHEMA.partial(block.body, diags);
    let alias = content.take("alias").and_then(|expr| {
        let alias = constant_string(&expr, diags)?;
        let label = Label { text: alias.clone(), span: expr.span };
        valid_name(&label, "Invalid provider configuration alias", diags);
        Some(alias)
    });
    if let Some(version) = content.attributes.remove("version") {
        let detail = "Constraints on the version of a provider belong into the required_providers block.";
        diags.push(
            Diagnostic::warning("Version constraints inside provider configuration blocks are deprecated", detail)
                .at(version.name_span),
        );
    }
    for (name, attribute) in &content.attributes {
        let detail = format!("The provider argument name {name:?} is reserved.");
        diags.push(Diagnostic::error("Reserved argument name in provider block", detail).at(attribute.name_span));
    }
    for inner in &content.blocks {
        let detail = format!("The block type name {:?} is reserved in a provider block.", inner.block_type);
        diags.push(Diagnostic::error("Reserved block type name in provider block", detail).at(inner.type_span));
    }
    module.providers.push(ProviderBlock { name, alias, config: content.take_rest(diags), span: block.header });
}
