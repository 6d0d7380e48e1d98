//! The words of Terraform's JSON formats for our actions, reasons and addresses.
use ampere_lang::eval::InstanceKey;
use serde_json::{Map, Value as Json, json};

use crate::address::Address;
use crate::plan::{Action, CheckStatus, Reason};

/// The `actions` of a change in a plan.
pub fn actions(action: Action) -> Json {
    match action {
        Action::NoOp => json!(["no-op"]),
        Action::Create => json!(["create"]),
        Action::Read => json!(["read"]),
        Action::Update => json!(["update"]),
        Action::DeleteThenCreate => json!(["delete", "create"]),
        Action::CreateThenDelete => json!(["create", "delete"]),
        Action::Delete => json!(["delete"]),
        Action::Forget => json!(["forget"]),
    }
}

/// The `action` of a change in the stream of messages.
pub fn ui_action(action: Action) -> &'static str {
    match action {
        Action::NoOp => "noop",
        Action::Create => "create",
        Action::Read => "read",
        Action::Update => "update",
        Action::DeleteThenCreate | Action::CreateThenDelete => "replace",
        Action::Delete => "delete",
        Action::Forget => "forget",
    }
}

/// The `action_reason` of a change in a plan, where Terraform has the reason.
pub fn action_reason(reason: &Reason) -> Option<&'static str> {
    Some(match reason {
        Reason::CannotUpdate => "replace_because_cannot_update",
        Reason::Tainted => "replace_because_tainted",
        Reason::Requested => "replace_by_request",
        Reason::Triggered => "replace_by_triggers",
        Reason::NoResourceConfig => "delete_because_no_resource_config",
        Reason::EachKey => "delete_because_each_key",
        Reason::CountIndex => "delete_because_count_index",
        Reason::WrongRepetition => "delete_because_wrong_repetition",
        Reason::NoMoveTarget => "delete_because_no_move_target",
        Reason::Orphan | Reason::Ended { .. } | Reason::Missing | Reason::PartsMissing(_) => return None,
    })
}

/// The `reason` of a change in the stream of messages, where Terraform has it.
pub fn ui_reason(reason: &Reason) -> Option<&'static str> {
    match reason {
        Reason::CannotUpdate => Some("cannot_update"),
        Reason::Tainted => Some("tainted"),
        Reason::Requested => Some("requested"),
        Reason::Triggered => Some("replace_triggered_by"),
        other => action_reason(other),
    }
}

/// The reason in our own words, for the key `ampere`: also those that Terraform has not.
pub fn own_reason(reason: &Reason) -> Json {
    match reason {
        Reason::Orphan => json!("orphan"),
        Reason::Ended { why } => json!({ "ended": why }),
        Reason::Missing => json!("missing"),
        Reason::PartsMissing(parts) => json!({ "parts_missing": parts }),
        other => action_reason(other).into(),
    }
}

/// `pass`, `fail`, `error`, `unknown`.
pub fn check_status(status: CheckStatus) -> &'static str {
    match status {
        CheckStatus::Pass => "pass",
        CheckStatus::Fail => "fail",
        CheckStatus::Error => "error",
        CheckStatus::Unknown => "unknown",
    }
}

/// The full name of the provider that serves a resource type.
pub fn provider(resource_type: &str) -> &'static str {
    if resource_type == "terraform_data" {
        "terraform.io/builtin/terraform"
    } else {
        "registry.terraform.io/ampere-sh/ampere"
    }
}

/// `address`, `mode`, `type`, `name`, `index`: what begins every object that is about a resource instance.
pub fn resource(address: &Address) -> Map<String, Json> {
    let mut object = Map::new();
    object.insert("address".into(), address.to_string().into());
    object.insert("mode".into(), "managed".into());
    object.insert("type".into(), address.kind().into());
    object.insert("name".into(), address.resource.name.as_ref().into());
    if let Some(key) = instance_key(address) {
        object.insert("index".into(), key);
    }
    object.insert("provider_name".into(), provider(address.kind()).into());
    object
}

/// The key of an instance as JSON.
pub fn instance_key(address: &Address) -> Option<Json> {
    Some(match address.key.as_ref()? {
        InstanceKey::Index(n) => Json::from(*n),
        InstanceKey::Key(k) => Json::from(k.as_ref()),
    })
}
