//! `terraform`: versions, required providers, backend.
use std::sync::Arc;

use crate::config::constant::{constant, constant_string};
use crate::config::traversal::is_unreadable;
use crate::config::version::{Constraints, LANGUAGE_VERSION, Version};
use crate::config::{Backend, Module, RequiredProvider, Schema};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::Span;
use crate::syntax::ast::{Attribute, Block, Expr, ExprKind};
use crate::value::Data;

const SCHEMA: Schema = Schema {
    attributes: &[("required_version", false), ("experiments", false), ("language", false)],
    blocks: &[("backend", &["type"]), ("cloud", &[]), ("required_providers", &[]), ("provider_meta", &["provider"])],
};

pub(super) fn terraform(block: Block, module: &mut Module, diags: &mut Diagnostics) {
    let mut content = SCHEMA.content(block.body, diags);
    let mut required = false;
    if let Some(expr) = content.take("required_version") {
        required_version(&expr, module, diags);
    }
    if let Some(expr) = content.take("experiments") {
        let detail = "There are no experiments in this version of the language.";
        diags.push(Diagnostic::error("Invalid experiments", detail).at(expr.span));
    }
    for inner in content.blocks {
        match &*inner.block_type {
            "backend" => backend(inner, module, diags),
            "required_providers" => {
                for nested in &inner.body.blocks {
                    let detail = format!("Blocks of type {:?} are not expected here.", nested.block_type);
                    diags.push(Diagnostic::error("Unsupported block type", detail).at(nested.type_span));
                }
                if std::mem::replace(&mut required, true) {
                    let detail = "A terraform block may have only one required_providers block.";
                    let summary = "Duplicate required providers configuration";
                    diags.push(Diagnostic::error(summary, detail).at(inner.header));
                    continue;
                }
                for entry in inner.body.attributes {
                    required_provider(entry, module, diags);
                }
            }
            "cloud" => {
                let detail = "There is no remote service to run plans in. Use backend \"local\" or backend \"pg\" to say where the state is kept.";
                diags.push(Diagnostic::error("The cloud block is not supported", detail).at(inner.header));
            }
            _ => {
                let detail = "Blocks of type \"provider_meta\" are not supported: no provider here takes any.";
                diags.push(Diagnostic::error("The provider_meta block is not supported", detail).at(inner.header));
            }
        }
    }
}

fn required_version(expr: &Expr, module: &mut Module, diags: &mut Diagnostics) {
    let Some(text) = constant_string(expr, diags) else { return };
    let Some(constraints) = Constraints::parse(&text) else {
        diags.push(bad_version("This string does not use correct version constraint syntax.", expr.span));
        return;
    };
    if !constraints.allow(&Version::language()) {
        let detail = format!(
            "This configuration requires version {text} of the language, but this program speaks {LANGUAGE_VERSION}. Widen the constraint, or use a version of the program that speaks it."
        );
        diags.push(Diagnostic::error("Unsupported Terraform Core version", detail).at(expr.span));
    }
    module.terraform.required_versions.push((text, expr.span));
}

fn bad_version(detail: &str, span: Span) -> Diagnostic {
    Diagnostic::error("Invalid version constraint", detail).at(span)
}

fn backend(block: Block, module: &mut Module, diags: &mut Diagnostics) {
    if module.terraform.backend.is_some() {
        let detail = "A module may have only one backend configuration.";
        diags.push(Diagnostic::error("Duplicate backend configuration", detail).at(block.header));
        return;
    }
    let backend_type = block.labels[0].text.clone();
    module.terraform.backend = Some(Backend { backend_type, config: block.body, span: block.header });
}

fn required_provider(entry: Attribute, module: &mut Module, diags: &mut Diagnostics) {
    let span = entry.name_span;
    let mut provider = RequiredProvider { source: None, version: None, span };
    match &*entry.value.kind {
        ExprKind::Object(items) => {
            for item in items {
                let key = constant(&item.key, diags);
                match key.as_ref().and_then(|k| k.as_str()) {
                    Some("version") => provider.version = version(&item.value, diags),
                    Some("source") => provider.source = source(&item.value, diags),
                    Some("configuration_aliases") => {}
                    _ => {
                        let detail = "An entry of required_providers can only contain \"version\", \"source\" and \"configuration_aliases\". To configure a provider, use a \"provider\" block.";
                        diags.push(Diagnostic::error("Invalid required_providers object", detail).at(item.key.span));
                    }
                }
            }
        }
        ExprKind::Literal(value) if matches!(value.data(), Data::String(_) | Data::Number(_)) => {
            let text = constant_string(&entry.value, diags);
            provider.version = text.filter(|text| valid_constraint(text, entry.value.span, diags));
        }
        _ if is_unreadable(&entry.value) => {}
        _ => {
            let detail = "Entries of required_providers must be strings or objects.";
            diags.push(Diagnostic::error("Invalid required_providers object", detail).at(entry.value.span));
        }
    }
    if let Some(first) = module.terraform.required_providers.get(&entry.name) {
        let detail = format!("The provider {:?} is required already at line {}.", entry.name, first.span.start.line);
        diags.push(Diagnostic::error("Duplicate required provider", detail).at(span));
        return;
    }
    module.terraform.required_providers.insert(entry.name, provider);
}

fn version(expr: &Expr, diags: &mut Diagnostics) -> Option<Arc<str>> {
    let text = constant(expr, diags)?;
    let Some(text) = text.as_str() else {
        diags.push(bad_version("Version must be specified as a string.", expr.span));
        return None;
    };
    valid_constraint(text, expr.span, diags).then(|| text.into())
}

/// Whether a text is a version constraint; else it is reported.
pub(super) fn valid_constraint(text: &str, span: Span, diags: &mut Diagnostics) -> bool {
    let valid = Constraints::parse(text).is_some();
    if !valid {
        diags.push(bad_version("This string does not use correct version constraint syntax.", span));
    }
    valid
}

fn source(expr: &Expr, diags: &mut Diagnostics) -> Option<Arc<str>> {
    let text = constant(expr, diags)?;
    let Some(text) = text.as_str() else {
        diags.push(Diagnostic::error("Invalid source", "Source must be specified as a string.").at(expr.span));
        return None;
    };
    let parts: Vec<&str> = text.split('/').collect();
    let valid = |part: &str| {
        !part.is_empty()
            && !part.starts_with('-')
            && !part.ends_with('-')
            && part.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ':'))
    };
    if parts.len() > 3 || !parts.iter().all(|part| valid(part)) {
        let detail = "The \"source\" must be in the format \"[hostname/][namespace/]name\".";
        diags.push(Diagnostic::error("Invalid provider source string", detail).at(expr.span));
        return None;
    }
    Some(text.into())
}
