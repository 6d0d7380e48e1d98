//! The messages of `plan -json` and `apply -json`: Terraform's machine-readable UI, one JSON object a line.
use ampere_lang::diagnostic::{Diagnostic, Severity};
use ampere_lang::source::SourceMap;
use ampere_lang::value::json;
use jiff::Timestamp;
use serde_json::{Map, Value as Json, json};

use super::names;
use crate::address::Address;
use crate::identity::ExternalId;
use crate::plan::{Action, Change, Drift, Plan};
use crate::render::diagnostic;
use crate::render::json::value::{self, Sensitive};
use crate::render::plan::Counts;
use crate::snapshot::{OutputValue, Snapshot};

/// The version of the message format.
const UI_VERSION: &str = "1.2";

/// A message: what it says to people, its type, and the members of its type.
fn message(
    at: Timestamp,
    level: &str,
    kind: &str,
    text: &str,
    members: impl IntoIterator<Item = (&'static str, Json)>,
) -> Json {
    let mut object = Map::new();
    object.insert("@level".into(), level.into());
    object.insert("@message".into(), text.into());
    object.insert("@module".into(), "terraform.ui".into());
    object.insert("@timestamp".into(), at.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string().into());
    object.insert("type".into(), kind.into());
    object.extend(members.into_iter().map(|(name, value)| (name.to_owned(), value)));
    Json::Object(object)
}

/// The first message of a stream.
pub fn version(at: Timestamp, ampere: &str, terraform: &str) -> Json {
    let members = [("terraform", terraform.into()), ("ampere", ampere.into()), ("ui", UI_VERSION.into())];
    message(at, "info", "version", &format!("Ampere {ampere}"), members)
}

/// A plain message.
pub fn log(at: Timestamp, text: &str) -> Json {
    message(at, "info", "log", text, [])
}

/// A finding.
pub fn finding(at: Timestamp, finding: &Diagnostic, sources: &SourceMap) -> Json {
    let (level, word) = match finding.severity {
        Severity::Error => ("error", "Error"),
        Severity::Warning => ("warn", "Warning"),
    };
    let text = format!("{word}: {}", finding.summary);
    message(at, level, "diagnostic", &text, [("diagnostic", diagnostic::to_json(finding, sources))])
}

/// What was changed behind our back.
pub fn drift(at: Timestamp, drift: &Drift) -> Json {
    let (action, word) = if drift.after.is_some() { ("update", "update") } else { ("delete", "delete") };
    let change = json!({ "resource": resource(&drift.address), "action": action });
    message(at, "info", "resource_drift", &format!("{}: Drift detected ({word})", drift.address), [("change", change)])
}

/// What will be done to an instance.
pub fn planned_change(at: Timestamp, change: &Change) -> Json {
    let mut body = Map::new();
    body.insert("resource".into(), resource(&change.address));
    if let Some(previous) = &change.previous_address {
        body.insert("previous_resource".into(), resource(previous));
    }
    let moved_only = change.action == Action::NoOp && change.previous_address.is_some();
    let action = if moved_only { "move" } else { names::ui_action(change.action) };
    body.insert("action".into(), action.into());
    if let Some(reason) = change.reason.as_ref().and_then(names::ui_reason) {
        body.insert("reason".into(), reason.into());
    }
    if let Some(id) = &change.importing {
        body.insert("importing".into(), json!({ "id": id.0 }));
    }
    message(at, "info", "planned_change", &format!("{}: Plan to {action}", change.address), [("change", body.into())])
}

/// An object that a lost state learns of again.
pub fn recovered(at: Timestamp, address: &Address, id: &ExternalId) -> Json {
    let found = json!({ "resource": resource(address), "id_key": "id", "id_value": id.0 });
    message(at, "info", "resource_recovered", &format!("{address}: Found [id={}]", id.0), [("found", found)])
}

/// What waits, which Terraform's stream knows as a deferred action.
pub fn deferred(at: Timestamp, deferred: &crate::plan::Deferred) -> Json {
    let body = json!({ "resource": resource(&deferred.address), "reason": deferred.reason, "url": deferred.url });
    message(
        at,
        "info",
        "deferred_action",
        &format!("{}: Deferred: {}", deferred.address, deferred.reason),
        [("deferred", body)],
    )
}

/// The counts of a plan, or of what was done.
pub fn change_summary(at: Timestamp, counts: &Counts, operation: &str) -> Json {
    let text = match operation {
        "apply" => format!(
            "Apply complete! Resources: {} added, {} changed, {} destroyed.",
            counts.add, counts.change, counts.remove
        ),
        "destroy" => format!("Destroy complete! Resources: {} destroyed.", counts.remove),
        _ => format!("Plan: {}.", counts.phrase()),
    };
    let changes = json!({
        "add": counts.add,
        "change": counts.change,
        "import": counts.import,
        "remove": counts.remove,
        "operation": operation,
    });
    message(at, "info", "change_summary", &text, [("changes", changes)])
}

/// Planned changes of outputs.
pub fn planned_outputs(at: Timestamp, plan: &Plan) -> Json {
    let outputs: Map<String, Json> = plan
        .outputs
        .iter()
        .map(|(name, c)| (name.to_string(), json!({ "sensitive": c.sensitive, "action": names::ui_action(c.action) })))
        .collect();
    message(at, "info", "outputs", &format!("Outputs: {}", outputs.len()), [("outputs", outputs.into())])
}

/// Outputs with their values; sensitive ones have none.
pub fn outputs(at: Timestamp, snapshot: &Snapshot) -> Json {
    let outputs: Map<String, Json> = snapshot.outputs.iter().map(|(name, o)| (name.to_string(), output(o))).collect();
    message(at, "info", "outputs", &format!("Outputs: {}", outputs.len()), [("outputs", outputs.into())])
}

fn output(output: &OutputValue) -> Json {
    let mut object = Map::new();
    object.insert("sensitive".into(), output.sensitive.into());
    object.insert("type".into(), json::type_to_json(output.value.ty()));
    if !output.sensitive {
        object.insert("value".into(), value::known(&output.value, Sensitive::Withheld).unwrap_or(Json::Null));
    }
    Json::Object(object)
}

/// What happens to an instance while a plan is applied.
#[derive(Clone, Debug)]
pub struct Progress<'a> {
    /// The instance.
    pub address: &'a Address,
    /// What is done to it.
    pub action: Action,
    /// Its id, if it has one.
    pub id: Option<&'a str>,
    /// Seconds since it began.
    pub elapsed: u64,
}

impl Progress<'_> {
    fn hook(&self, with_elapsed: bool) -> Json {
        let mut hook = Map::new();
        hook.insert("resource".into(), resource(self.address));
        hook.insert("action".into(), names::ui_action(self.action).into());
        if let Some(id) = self.id {
            hook.insert("id_key".into(), "id".into());
            hook.insert("id_value".into(), id.into());
        }
        if with_elapsed {
            hook.insert("elapsed_seconds".into(), self.elapsed.into());
        }
        Json::Object(hook)
    }

    /// It begins. `text` is the message for people.
    pub fn started(&self, at: Timestamp, text: &str) -> Json {
        message(at, "info", "apply_start", text, [("hook", self.hook(false))])
    }

    /// It goes on.
    pub fn going_on(&self, at: Timestamp, text: &str) -> Json {
        message(at, "info", "apply_progress", text, [("hook", self.hook(true))])
    }

    /// It is done.
    pub fn completed(&self, at: Timestamp, text: &str) -> Json {
        message(at, "info", "apply_complete", text, [("hook", self.hook(true))])
    }

    /// It failed.
    pub fn failed(&self, at: Timestamp, text: &str) -> Json {
        message(at, "info", "apply_errored", text, [("hook", self.hook(true))])
    }
}

fn resource(address: &Address) -> Json {
    json!({
        "addr": address.to_string(),
        "module": "",
        "resource": address.to_string(),
        "implied_provider": address.kind().split('_').next(),
        "resource_type": address.kind(),
        "resource_name": address.resource.name.as_ref(),
        "resource_key": names::instance_key(address),
    })
}
