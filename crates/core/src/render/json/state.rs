//! A state in Terraform's JSON format 1.0.
use ampere_lang::value::{Marks, Value, json};
use serde_json::{Map, Value as Json, json};

use super::names;
use super::value::{self, Sensitive};
use crate::kind::Kinds;
use crate::schema::Schema;
use crate::snapshot::{Object, ObjectKey, OutputValue, Snapshot};

/// What `show -json` prints of a state. Values of `ampere_*` resources and of outputs that are marked sensitive are `null`;
/// `ampere.withheld` says so.
pub fn state(snapshot: &Snapshot, kinds: &Kinds, terraform_version: &str) -> Json {
    let pending: Vec<Json> = snapshot
        .pending
        .iter()
        .map(|p| json!({ "address": p.address, "operation": p.operation, "started_at": p.started_at.to_string() }))
        .collect();
    let mut document = Map::new();
    document.insert("format_version".into(), "1.0".into());
    document.insert("terraform_version".into(), terraform_version.into());
    if !snapshot.objects.is_empty() || !snapshot.outputs.is_empty() {
        document.insert("values".into(), values(snapshot, kinds));
    }
    let own = json!({ "serial": snapshot.serial, "pending": pending, "withheld": WITHHELD });
    document.insert("ampere".into(), own);
    Json::Object(document)
}

/// What is not in our documents, said in them.
pub const WITHHELD: &str = "values that are marked sensitive are null, except those of terraform_data";

fn values(snapshot: &Snapshot, kinds: &Kinds) -> Json {
    let resources: Vec<Json> = snapshot.objects.iter().map(|(key, object)| resource(key, object, kinds)).collect();
    let outputs: Map<String, Json> = snapshot.outputs.iter().map(|(name, o)| (name.to_string(), output(o))).collect();
    let mut root = Map::new();
    if !resources.is_empty() {
        root.insert("resources".into(), resources.into());
    }
    let mut values = Map::new();
    if !outputs.is_empty() {
        values.insert("outputs".into(), outputs.into());
    }
    values.insert("root_module".into(), root.into());
    Json::Object(values)
}

fn resource(key: &ObjectKey, object: &Object, kinds: &Kinds) -> Json {
    let kind = key.address.kind();
    let schema = kinds.get(kind).map(|k| k.schema());
    let attributes = marked(&object.attributes, schema);
    let mut result = names::resource(&key.address);
    result.insert("schema_version".into(), object.schema_version.into());
    result.insert("values".into(), value::known(&attributes, policy(kind)).unwrap_or(Json::Null));
    result.insert("sensitive_values".into(), value::sensitive(&attributes));
    if !object.dependencies.is_empty() {
        result.insert("depends_on".into(), object.dependencies.iter().map(|d| Json::from(d.as_ref())).collect());
    }
    if object.tainted {
        result.insert("tainted".into(), true.into());
    }
    if let Some(deposed) = &key.deposed {
        result.insert("deposed_key".into(), deposed.as_ref().into());
    }
    Json::Object(result)
}

/// `sensitive`, `type`, `value` of an output, its value withheld if it is sensitive.
pub fn output(output: &OutputValue) -> Json {
    let shown = if output.sensitive { output.value.clone().with_marks(Marks::SENSITIVE) } else { output.value.clone() };
    json!({
        "sensitive": output.sensitive,
        "type": json::type_to_json(output.value.ty()),
        "value": value::known(&shown, Sensitive::Withheld).unwrap_or(Json::Null),
    })
}

/// Whether sensitive values of a kind are written. Terraform writes all of them; we write those of its own resource type,
/// which hold nothing of ours, and no other.
pub fn policy(resource_type: &str) -> Sensitive {
    if resource_type == "terraform_data" { Sensitive::Written } else { Sensitive::Withheld }
}

/// The object with the marks that its schema asks for.
pub fn marked(object: &Value, schema: Option<&Schema>) -> Value {
    let (Some(schema), Some(entries)) = (schema, object.entries()) else { return object.clone() };
    if !schema.attributes.iter().any(|a| a.sensitive) {
        return object.clone();
    }
    let entries = entries.iter().map(|(name, v)| {
        let sensitive = schema.attribute(name).is_some_and(|a| a.sensitive) && !v.is_null();
        (name.clone(), if sensitive { v.clone().with_marks(Marks::SENSITIVE) } else { v.clone() })
    });
    Value::object(entries)
}
