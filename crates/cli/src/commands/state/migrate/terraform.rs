//! A `terraform.tfstate` of version 4.
//!
//! Terraform writes what it knows as JSON: types beside values where the schema has none (`DynamicPseudoType`).
use std::path::Path;
use std::sync::Arc;

use ampere_core::address::{Address, InstanceKey};
use ampere_core::builtin::TerraformData;
use ampere_core::identity::ExternalId;
use ampere_core::lang::value::{Marks, Type, Value, json};
use ampere_core::snapshot::{Object, ObjectKey, OutputValue};
use serde::Deserialize;
use serde_json::Value as Json;

use crate::failure::Failure;

#[derive(Deserialize)]
struct State {
    version: u64,
    #[serde(default)]
    outputs: std::collections::BTreeMap<String, Output>,
    #[serde(default)]
    resources: Vec<Resource>,
}

#[derive(Deserialize)]
struct Output {
    value: Json,
    #[serde(rename = "type")]
    ty: Json,
    #[serde(default)]
    sensitive: bool,
}

#[derive(Deserialize)]
struct Resource {
    module: Option<String>,
    mode: String,
    #[serde(rename = "type")]
    kind: String,
    name: String,
    #[serde(default)]
    instances: Vec<Instance>,
}

#[derive(Deserialize)]
struct Instance {
    index_key: Option<Json>,
    status: Option<String>,
    deposed: Option<String>,
    #[serde(default)]
    attributes: Json,
    #[serde(default)]
    sensitive_attributes: Vec<Json>,
    #[serde(default)]
    dependencies: Vec<Arc<str>>,
    #[serde(default)]
    create_before_destroy: bool,
}

/// What is taken over.
pub struct Taken {
    pub objects: Vec<(ObjectKey, Object)>,
    pub outputs: Vec<(String, OutputValue)>,
}

/// Reads the file.
///
/// # Errors
/// It is no state of that version, or something in it has no place here; nothing of its content is repeated but addresses and,
/// for import blocks, ids.
pub fn read(path: &Path) -> Result<Taken, Failure> {
    let refused =
        |what: &str| Failure::error("Not a state that can be taken over", format!("{}: {what}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| refused(&format!("it cannot be read: {error}.")))?;
    let state: State = serde_json::from_str(&text).map_err(|error| {
        refused(&format!("line {}, column {}: it is not a state of Terraform.", error.line(), error.column()))
    })?;
    if state.version != 4 {
        return Err(refused(&format!(
            "it is of version {}; let a newer Terraform write it as version 4.",
            state.version
        )));
    }
    let (kept, elsewhere): (Vec<_>, Vec<_>) = state
        .resources
        .iter()
        .filter(|resource| resource.mode == "managed")
        .partition(|resource| resource.kind == TerraformData::NAME && resource.module.is_none());
    if !elsewhere.is_empty() {
        return Err(refused(&advice(&elsewhere)));
    }
    let mut found = Taken { objects: Vec::new(), outputs: Vec::new() };
    for resource in kept {
        for instance in &resource.instances {
            let address = address(resource, instance);
            let object =
                object(instance).ok_or_else(|| refused(&format!("the entry of {address} is not understood.")))?;
            let deposed = instance.deposed.as_deref().map(Arc::from);
            found.objects.push((ObjectKey { address, deposed }, object));
        }
    }
    for (name, output) in state.outputs {
        let unknown = || refused(&format!("the entry of output.{name} is not understood."));
        let ty = json::type_from_json(&output.ty).map_err(|_| unknown())?;
        let value = json::from_json(&output.value, &ty).map_err(|_| unknown())?;
        let value = if output.sensitive { value.with_marks(Marks::SENSITIVE) } else { value };
        found.outputs.push((name, OutputValue { value, sensitive: output.sensitive }));
    }
    Ok(found)
}

fn address(resource: &Resource, instance: &Instance) -> Address {
    let key = match &instance.index_key {
        Some(Json::Number(n)) => n.as_u64().map(InstanceKey::Index),
        Some(Json::String(key)) => Some(InstanceKey::Key(key.as_str().into())),
        _ => None,
    };
    Address::new(&*resource.kind, &*resource.name).with_key(key)
}

/// An object of `terraform_data`.
fn object(instance: &Instance) -> Option<Object> {
    let attributes = instance.attributes.as_object()?;
    let id = attributes.get("id")?.as_str()?;
    let is_sensitive = |name: &str| {
        let steps = instance.sensitive_attributes.iter().filter_map(|path| path.get(0)?.get("value")?.as_str());
        steps.into_iter().any(|step| step == name)
    };
    let mut values = vec![("id", Value::string(id))];
    for name in ["input", "output", "triggers_replace"] {
        let value = dynamic(attributes.get(name).unwrap_or(&Json::Null))?;
        values.push((name, if is_sensitive(name) { value.with_marks(Marks::SENSITIVE) } else { value }));
    }
    Some(Object {
        id: ExternalId::from(id),
        attributes: Value::object(values),
        dependencies: instance.dependencies.clone(),
        create_before_destroy: instance.create_before_destroy,
        tainted: instance.status.as_deref() == Some("tainted"),
        schema_version: 0,
        sealed: None,
    })
}

/// A value with its type beside it.
fn dynamic(value: &Json) -> Option<Value> {
    if value.is_null() {
        return Some(Value::null(Type::Dynamic));
    }
    let ty = json::type_from_json(value.get("type")?).ok()?;
    json::from_json(value.get("value")?, &ty).ok()
}

/// What to do with resources that cannot be taken over.
fn advice(resources: &[&Resource]) -> String {
    let mut text =
        "these objects are at clouds, in modules, or of types that Ampere does not have, and bear no mark of this \
                    stack:"
            .to_owned();
    let mut imports = String::new();
    for resource in resources {
        for instance in &resource.instances {
            let address = address(resource, instance);
            let module = resource.module.as_ref().map(|module| format!("{module}.")).unwrap_or_default();
            text.push_str(&format!("\n  {module}{address}"));
            let id = instance.attributes.get("id").and_then(Json::as_str);
            if let (None, true, Some(id)) = (&resource.module, resource.kind.starts_with("ampere_"), id) {
                imports.push_str(&format!("\n  import {{\n    to = {address}\n    id = {id:?}\n  }}"));
            }
        }
    }
    text.push_str("\nNothing was written. Remove them from a copy of the file (terraform state rm)");
    if imports.is_empty() {
        text.push('.');
    } else {
        text.push_str(&format!(", migrate what is left, and take them over with these blocks:{imports}"));
    }
    text
}
