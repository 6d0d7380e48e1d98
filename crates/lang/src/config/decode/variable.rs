//! `variable`
use super::condition::{condition, require_own_variable};
use super::valid_name;
use crate::config::constant::{constant, constant_bool, constant_string};
use crate::config::traversal::unquote;
use crate::config::type_constraint::type_constraint;
use crate::config::{Module, Schema, TypeDefaults, Variable};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::Span;
use crate::syntax::ast::Block;
use crate::value::convert::{apply_defaults, convert};
use crate::value::{Type, Value};

const SCHEMA: Schema = Schema {
    attributes: &[
        ("description", false),
        ("default", false),
        ("type", false),
        ("sensitive", false),
        ("ephemeral", false),
        ("nullable", false),
    ],
    blocks: &[("validation", &[])],
};

/// Names that a `module` block keeps for itself.
const RESERVED: [&str; 10] =
    ["source", "version", "providers", "provider", "count", "for_each", "lifecycle", "depends_on", "locals", "_"];

pub(super) fn variable(block: Block, module: &mut Module, diags: &mut Diagnostics) {
    let json = block.body.json;
    let label = &block.labels[0];
    valid_name(label, "Invalid variable name", diags);
    if RESERVED.contains(&&*label.text) {
        let detail =
            format!("The variable name {:?} is reserved due to its special meaning inside module blocks.", label.text);
        diags.push(Diagnostic::error("Invalid variable name", detail).at(label.span));
    }
    let name = label.text.clone();
    let mut content = SCHEMA.content(block.body, diags);
    let ty_expr = content.take("type").map(|e| unquote(e, json, diags));
    let typed = ty_expr.is_some();
    let (ty, defaults) = ty_expr.map_or((Type::Dynamic, TypeDefaults::default()), |expr| type_constraint(&expr, diags));
    let default_expr = content.take("default");
    let default_span = default_expr.as_ref().map(|e| e.span);
    let nullable = content.take("nullable").and_then(|e| constant_bool(&e, diags)).unwrap_or(true);
    let default = default_expr.and_then(|expr| constant(&expr, diags));
    if let (Some(value), Some(span)) = (&default, default_span) {
        check_default(value, &ty, &defaults, nullable, span, diags);
    }
    let description = content.take("description").and_then(|e| constant_string(&e, diags));
    let mut flag = |name: &str| content.take(name).and_then(|e| constant_bool(&e, diags)).unwrap_or(false);
    let (sensitive, ephemeral) = (flag("sensitive"), flag("ephemeral"));
    let validations: Vec<_> = content.blocks.into_iter().filter_map(|b| condition(b, diags)).collect();
    for validation in &validations {
        require_own_variable(validation, &name, diags);
    }
    let variable = Variable {
        name: name.clone(),
        ty,
        defaults,
        typed,
        default,
        default_span,
        description,
        sensitive,
        ephemeral,
        nullable,
        validations,
        span: block.header,
    };
    module.variables.insert(name, variable);
}

/// A default must fit the type.
fn check_default(
    value: &Value,
    ty: &Type,
    defaults: &TypeDefaults,
    nullable: bool,
    span: Span,
    diags: &mut Diagnostics,
) {
    const SUMMARY: &str = "Invalid default value for variable";
    let fits = match value.is_null() {
        true => convert(value, ty),
        false => convert(&apply_defaults(value, defaults), ty),
    };
    if let Err(error) = fits {
        let detail = format!("This default value is not compatible with the variable's type constraint: {error}.");
        diags.push(Diagnostic::error(SUMMARY, detail).at(span));
    }
    if value.is_null() && !nullable {
        diags.push(Diagnostic::error(SUMMARY, "A null default value is not valid when nullable=false.").at(span));
    }
}
