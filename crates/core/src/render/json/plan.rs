//! A plan in Terraform's JSON format 1.2, with our additions under the key `ampere`.
use std::collections::BTreeMap;
use std::sync::Arc;

use ampere_lang::value::{Marks, Value, json};
use serde_json::{Map, Value as Json, json};

use super::names;
use super::state::{WITHHELD, marked, policy};
use super::value::{self, Sensitive};
use crate::inventory::Depth;
use crate::plan::{Action, Change, CheckStatus, Drift, OutputChange};
use crate::render::plan::PlanDocument;

/// What `show -json FILE` prints. The variables are those the plan was made with; sensitive ones have no value in it, and
/// ephemeral ones are not in it.
pub fn plan(document: &PlanDocument<'_>, variables: &BTreeMap<Arc<str>, Value>, terraform_version: &str) -> Json {
    let plan = document.plan;
    let changes: Vec<Json> = plan.changes.iter().map(|c| resource_change(document, c)).collect();
    let drift: Vec<Json> = plan.drift.iter().map(|d| drifted(document, d)).collect();
    let outputs: Map<String, Json> =
        plan.outputs.iter().map(|(name, c)| (name.to_string(), output_change(c))).collect();
    let mut object = Map::new();
    object.insert("format_version".into(), "1.2".into());
    object.insert("terraform_version".into(), terraform_version.into());
    put_unless_empty(&mut object, "variables", variable_values(variables));
    object.insert("planned_values".into(), planned_values(document));
    put_unless_empty(&mut object, "resource_drift", drift.into());
    put_unless_empty(&mut object, "resource_changes", changes.into());
    put_unless_empty(&mut object, "output_changes", outputs.into());
    object.insert("prior_state".into(), prior_state(document, terraform_version));
    put_unless_empty(&mut object, "checks", checks(&plan.checks));
    object.insert("timestamp".into(), plan.made_at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string().into());
    object.insert("applyable".into(), document.is_applyable().into());
    object.insert("complete".into(), document.is_complete().into());
    object.insert("errored".into(), plan.diagnostics.has_errors().into());
    object.insert("ampere".into(), own(document));
    Json::Object(object)
}

fn put_unless_empty(object: &mut Map<String, Json>, name: &str, value: Json) {
    let empty = value.as_array().is_some_and(Vec::is_empty) || value.as_object().is_some_and(Map::is_empty);
    if !empty {
        object.insert(name.into(), value);
    }
}

fn variable_values(variables: &BTreeMap<Arc<str>, Value>) -> Json {
    let entries = variables.iter().filter(|(_, v)| !v.deep_marks().ephemeral()).map(|(name, v)| {
        let shown = value::known(v, Sensitive::Withheld).unwrap_or(Json::Null);
        (name.to_string(), if v.marks().sensitive() { json!({}) } else { json!({ "value": shown }) })
    });
    Json::Object(entries.collect())
}

fn resource_change(document: &PlanDocument<'_>, change: &Change) -> Json {
    let mut object = names::resource(&change.address);
    if let Some(previous) = &change.previous_address {
        object.insert("previous_address".into(), previous.to_string().into());
    }
    if let Some(deposed) = &change.deposed {
        object.insert("deposed".into(), deposed.as_ref().into());
    }
    let mut body = sides(document, change.address.kind(), change.before.as_ref(), change.after.as_ref());
    body.insert("actions".into(), names::actions(change.action));
    if !change.replace_paths.is_empty() {
        body.insert("replace_paths".into(), change.replace_paths.iter().map(value::path).collect());
    }
    if let Some(id) = &change.importing {
        body.insert("importing".into(), json!({ "id": id.0 }));
    }
    object.insert("change".into(), body.into());
    if let Some(reason) = change.reason.as_ref().and_then(names::action_reason) {
        object.insert("action_reason".into(), reason.into());
    }
    let own = own_change(change);
    put_unless_empty(&mut object, "ampere", own);
    Json::Object(object)
}

/// What Terraform's format has no place for.
fn own_change(change: &Change) -> Json {
    let mut own = Map::new();
    if let Some(id) = &change.id {
        own.insert("id".into(), id.0.as_ref().into());
    }
    if let Some(reason) = change.reason.as_ref().filter(|r| names::action_reason(r).is_none()) {
        own.insert("reason".into(), names::own_reason(reason));
    }
    if let Some(deadline) = change.deadline {
        own.insert("deadline".into(), deadline.to_string().into());
    }
    if let Some(loss) = &change.loss {
        own.insert("loss".into(), loss.as_str().into());
    }
    Json::Object(own)
}

/// `before`, `after` and what is unknown and sensitive in them.
fn sides(document: &PlanDocument<'_>, kind: &str, before: Option<&Value>, after: Option<&Value>) -> Map<String, Json> {
    let schema = document.schema(kind);
    let side = |v: Option<&Value>| v.map(|v| marked(v, schema));
    let (before, after) = (side(before), side(after));
    let known = |v: &Option<Value>| v.as_ref().and_then(|v| value::known(v, policy(kind))).unwrap_or(Json::Null);
    let sensitive = |v: &Option<Value>| v.as_ref().map_or(Json::Bool(false), value::sensitive);
    let unknown = match &after {
        Some(v) if !v.is_wholly_known() => value::unknown(v),
        _ => json!({}),
    };
    let mut body = Map::new();
    body.insert("before".into(), known(&before));
    body.insert("after".into(), known(&after));
    body.insert("after_unknown".into(), unknown);
    body.insert("before_sensitive".into(), sensitive(&before));
    body.insert("after_sensitive".into(), sensitive(&after));
    body
}

fn drifted(document: &PlanDocument<'_>, drift: &Drift) -> Json {
    let mut object = names::resource(&drift.address);
    let mut body = sides(document, drift.address.kind(), Some(&drift.before), drift.after.as_ref());
    let action = if drift.after.is_some() { Action::Update } else { Action::Delete };
    body.insert("actions".into(), names::actions(action));
    object.insert("change".into(), body.into());
    Json::Object(object)
}

fn output_change(change: &OutputChange) -> Json {
    let mut body = Map::new();
    body.insert("actions".into(), names::actions(change.action));
    let mark = |v: &Value| if change.sensitive { v.clone().with_marks(Marks::SENSITIVE) } else { v.clone() };
    body.insert(
        "before".into(),
        change.before.as_ref().and_then(|v| value::known(&mark(v), Sensitive::Withheld)).unwrap_or(Json::Null),
    );
    let mut unknown = Json::Bool(false);
    match &change.after {
        None => {
            body.insert("after".into(), Json::Null);
        }
        Some(after) => {
            if let Some(known) = value::known(&mark(after), Sensitive::Withheld) {
                body.insert("after".into(), known);
            }
            if !after.is_wholly_known() {
                unknown = value::unknown(after);
            }
        }
    }
    body.insert("after_unknown".into(), unknown);
    body.insert("before_sensitive".into(), change.sensitive.into());
    body.insert("after_sensitive".into(), change.sensitive.into());
    Json::Object(body)
}

fn planned_values(document: &PlanDocument<'_>) -> Json {
    let stays = |c: &&Change| !matches!(c.action, Action::Delete | Action::Forget);
    let resources: Vec<Json> = document
        .plan
        .changes
        .iter()
        .filter(stays)
        .filter_map(|c| Some(planned_resource(document, c, c.after.as_ref()?)))
        .collect();
    let outputs: Map<String, Json> = document
        .plan
        .outputs
        .iter()
        .filter_map(|(name, change)| Some((name.to_string(), planned_output(change, change.after.as_ref()?))))
        .collect();
    let mut values = Map::new();
    put_unless_empty(&mut values, "outputs", outputs.into());
    let mut root = Map::new();
    put_unless_empty(&mut root, "resources", resources.into());
    values.insert("root_module".into(), root.into());
    Json::Object(values)
}

fn planned_resource(document: &PlanDocument<'_>, change: &Change, object: &Value) -> Json {
    let kind = change.address.kind();
    let object = marked(object, document.schema(kind));
    let mut resource = names::resource(&change.address);
    resource.insert("schema_version".into(), document.schema(kind).map_or(0, |s| s.version).into());
    resource.insert("values".into(), value::known(&object, policy(kind)).unwrap_or(Json::Null));
    resource.insert("sensitive_values".into(), value::sensitive(&object));
    Json::Object(resource)
}

fn planned_output(change: &OutputChange, after: &Value) -> Json {
    let mut output = Map::new();
    output.insert("sensitive".into(), change.sensitive.into());
    if after.is_wholly_known() && !after.is_null() {
        let shown = if change.sensitive { after.clone().with_marks(Marks::SENSITIVE) } else { after.clone() };
        output.insert("type".into(), json::type_to_json(after.ty()));
        output.insert("value".into(), value::known(&shown, Sensitive::Withheld).unwrap_or(Json::Null));
    }
    Json::Object(output)
}

fn prior_state(document: &PlanDocument<'_>, terraform_version: &str) -> Json {
    let resources: Vec<Json> =
        document.plan.changes.iter().filter_map(|c| Some(planned_resource(document, c, c.before.as_ref()?))).collect();
    let outputs: Map<String, Json> = document
        .plan
        .outputs
        .iter()
        .filter_map(|(name, change)| Some((name.to_string(), planned_output(change, change.before.as_ref()?))))
        .collect();
    let mut values = Map::new();
    put_unless_empty(&mut values, "outputs", outputs.into());
    let mut root = Map::new();
    put_unless_empty(&mut root, "resources", resources.into());
    values.insert("root_module".into(), root.into());
    json!({ "format_version": "1.0", "terraform_version": terraform_version, "values": values })
}

/// Results of conditions by the object they belong to, its instances below it.
fn checks(checks: &BTreeMap<String, CheckStatus>) -> Json {
    let mut objects: BTreeMap<&str, Vec<(&str, CheckStatus)>> = BTreeMap::new();
    for (address, status) in checks {
        let object = address.split_once('[').map_or(address.as_str(), |(object, _)| object);
        objects.entry(object).or_default().push((address, *status));
    }
    let entries = objects.into_iter().map(|(object, instances)| {
        let worst = [CheckStatus::Error, CheckStatus::Fail, CheckStatus::Unknown]
            .into_iter()
            .find(|s| instances.iter().any(|(_, status)| status == s))
            .unwrap_or(CheckStatus::Pass);
        let instances: Vec<Json> = instances
            .iter()
            .map(|(address, status)| json!({ "address": { "to_display": address }, "status": names::check_status(*status) }))
            .collect();
        json!({ "address": check_address(object), "status": names::check_status(worst), "instances": instances })
    });
    Json::Array(entries.collect())
}

fn check_address(object: &str) -> Json {
    let (first, name) = object.split_once('.').unwrap_or((object, ""));
    match first {
        "output" => json!({ "kind": "output_value", "name": name, "to_display": object }),
        "check" => json!({ "kind": "check", "name": name, "to_display": object }),
        "var" => json!({ "kind": "var", "name": name, "to_display": object }),
        _ => json!({ "kind": "resource", "mode": "managed", "type": first, "name": name, "to_display": object }),
    }
}

fn own(document: &PlanDocument<'_>) -> Json {
    let plan = document.plan;
    let deferred: Vec<Json> = plan
        .deferred
        .iter()
        .map(|d| json!({ "address": d.address.to_string(), "reason": d.reason, "url": d.url }))
        .collect();
    let refresh = json!({
        "depth": plan.looked.depth.map(|depth| match depth {
            Depth::Objects => "objects",
            Depth::Parts => "parts",
        }),
        "parts_listed_at": plan.looked.parts_at.map(|at| at.to_string()),
    });
    json!({
        "plan_id": plan.id,
        "base_serial": plan.base,
        "refresh": refresh,
        "deferred": deferred,
        "withheld": WITHHELD,
    })
}
