//! `resource`, `data`, `ephemeral`
use super::lifecycle::lifecycle;
use super::valid_name;
use crate::config::schema::expressions_of;
use crate::config::traversal::{provider_reference, reference_list};
use crate::config::{Lifecycle, Resource, ResourceName, Schema};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::syntax::ast::{Block, Body};

/// Meta-arguments of every kind of resource block.
pub(in crate::config) const SCHEMA: Schema = Schema {
    attributes: &[("count", false), ("for_each", false), ("provider", false), ("depends_on", false)],
    blocks: &[("lifecycle", &[]), ("connection", &[]), ("provisioner", &["type"]), ("locals", &[]), ("_", &[])],
};

/// Reads a block with the two labels type and name.
pub(super) fn resource(block: Block, diags: &mut Diagnostics) -> Resource {
    let kind = block.block_type.clone();
    let json = block.body.json;
    let (type_error, name_error) = match &*kind {
        "resource" => ("Invalid resource type name", "Invalid resource name"),
        "data" => ("Invalid data source name", "Invalid data resource name"),
        _ => ("Invalid ephemeral resource type", "Invalid ephemeral resource name"),
    };
    valid_name(&block.labels[0], type_error, diags);
    valid_name(&block.labels[1], name_error, diags);
    let name = ResourceName { resource_type: block.labels[0].text.clone(), name: block.labels[1].text.clone() };
    let mut content = SCHEMA.partial(block.body, diags);
    if let (Some(_), Some(for_each)) = (content.attributes.get("count"), content.attributes.get("for_each")) {
        diags.push(count_and_for_each().at(for_each.name_span));
    }
    let (count, for_each) = (content.take_expression("count", diags), content.take_expression("for_each", diags));
    let provider = content.take("provider").and_then(|e| provider_reference(e, json, diags));
    let depends_on = content.take("depends_on").map(|e| reference_list(e, json, diags)).unwrap_or_default();
    let mut config = content.take_rest(diags);
    let nested = Nested { kind: &kind, name: &name };
    let lifecycle = nested.blocks(content.blocks, &mut config, diags);
    Resource { name, config, count, for_each, provider, depends_on, lifecycle, span: block.header }
}

pub(super) fn count_and_for_each() -> Diagnostic {
    let detail = "The \"count\" and \"for_each\" meta-arguments are mutually-exclusive: use one of them to be explicit about how many there are.";
    Diagnostic::error("Invalid combination of \"count\" and \"for_each\"", detail)
}

struct Nested<'a> {
    kind: &'a str,
    name: &'a ResourceName,
}

impl Nested<'_> {
    fn blocks(&self, blocks: Vec<Block>, config: &mut Body, diags: &mut Diagnostics) -> Lifecycle {
        let mut found = None;
        let mut escaped = None;
        for block in blocks {
            let header = block.header;
            match &*block.block_type {
                "lifecycle" => match found {
                    None => found = Some(lifecycle(block, self.kind, self.name, diags)),
                    Some(_) => {
                        let detail = "This resource already has a lifecycle block.";
                        diags.push(Diagnostic::error("Duplicate lifecycle block", detail).at(header));
                    }
                },
                "_" if escaped.is_none() => {
                    escaped = Some(header);
                    let mut body = block.body;
                    expressions_of(&mut body, diags);
                    config.attributes.extend(body.attributes);
                    config.blocks.extend(body.blocks);
                }
                "_" => {
                    let detail = "Only one block \"_\" is allowed in a resource block.";
                    diags.push(Diagnostic::error("Duplicate escaping block", detail).at(header));
                }
                kind @ ("connection" | "provisioner") => diags.push(no_provisioners(kind).at(block.type_span)),
                other => {
                    let detail = format!("The block type name {other:?} is reserved.");
                    let summary = "Reserved block type name in resource block";
                    diags.push(Diagnostic::error(summary, detail).at(block.type_span));
                }
            }
        }
        found.unwrap_or_default()
    }
}

/// Provisioners reach into machines and leave no trace in the plan: both contradict what the plan is for.
pub(super) fn no_provisioners(kind: &str) -> Diagnostic {
    let detail = format!(
        "Blocks of type {kind:?} are not supported: a provisioner logs in to a machine and changes it in ways that no plan can show. Nobody has a way into these machines; say what the machine shall be in the arguments of the resource."
    );
    Diagnostic::error("Provisioners are not supported", detail)
}
