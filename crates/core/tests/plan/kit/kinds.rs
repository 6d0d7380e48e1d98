//! Kinds for tests: a small cloud of the shape of the real one.
use std::sync::Arc;

use ampere_core::builtin::TerraformData;
use ampere_core::kind::{Gate, Gated, Kind, Kinds, PlanRequest, Planned};
use ampere_core::retention::Cause;
use ampere_core::schema::{
    Attribute, Basis, Category, Classification, OnChange, Presence, Retention, Schema, Subject, Use,
};
use ampere_lang::diagnostic::{Diagnostic, Diagnostics};
use ampere_lang::value::{Path, Type, Value};

pub fn kinds() -> Kinds {
    let kinds: [Arc<dyn Kind>; 5] = [
        Arc::new(TerraformData::default()),
        Arc::new(Plain(account())),
        Arc::new(Plain(subscription())),
        Arc::new(Secret(secret())),
        Arc::new(Server(server())),
    ];
    kinds.into_iter().map(|kind| (kind.schema().kind, kind)).collect()
}

struct Plain(Schema);

impl Kind for Plain {
    fn schema(&self) -> &Schema {
        &self.0
    }
}

struct Secret(Schema);

impl Kind for Secret {
    fn schema(&self) -> &Schema {
        &self.0
    }

    fn validate(&self, config: &Value) -> Diagnostics {
        match config.get("value_wo") {
            Some(value) if !value.is_null() && !value.marks().ephemeral() => {
                let finding = Diagnostic::error("Secret written out", "Feed it from an ephemeral variable.");
                finding.of_attribute(Path::attribute("value_wo")).into()
            }
            _ => Diagnostics::new(),
        }
    }

    fn plan(&self, request: PlanRequest<'_>) -> Planned {
        let value = request.config.get("value_wo").unwrap_or_else(|| Value::null(Type::String));
        let Some(text) = value.as_str() else { return Planned::new(request.proposed) };
        let fingerprint = request.fingerprint.fingerprint(&request.address.to_string(), text);
        let mut entries = request.proposed.entries().cloned().unwrap_or_default();
        entries.insert("fingerprint".into(), Value::string(fingerprint));
        Planned::new(Value::object(entries))
    }
}

struct Server(Schema);

impl Kind for Server {
    fn schema(&self) -> &Schema {
        &self.0
    }

    fn gate_on(&self) -> Option<Gated> {
        Some(Gated {
            attribute: "subscription",
            kind: "cloud_subscription",
            judge: |target, _| match target.get("status").as_ref().and_then(Value::as_str) {
                Some("active") => Gate::Open,
                Some("unpaid") => {
                    Gate::Waiting { reason: "It waits for a payment.".into(), url: Some("https://pay.example".into()) }
                }
                Some("ended") => Gate::Ended {
                    reason: "The subscription has ended.".into(),
                    cause: Cause::SubscriptionEnded,
                    since: None,
                },
                _ => Gate::Unknown,
            },
            condition: ("status", &["active"]),
            waiting: ("It waits for a payment.", "payment_url"),
        })
    }

    fn loss(&self, _: &Value) -> Option<String> {
        Some("Its memory is lost.".into())
    }
}

fn account() -> Schema {
    schema("cloud_account", vec![id(), required("email", OnChange::Update), optional("name", OnChange::Update)])
}

fn subscription() -> Schema {
    let attributes = vec![id(), required("account", OnChange::Replace), computed("status"), computed("payment_url")];
    schema("cloud_subscription", attributes)
}

fn secret() -> Schema {
    let value = Attribute { write_only: true, sensitive: true, ..optional("value_wo", OnChange::Update) };
    let version = Attribute { ty: Type::Number, ..optional("version", OnChange::Update) };
    schema("cloud_secret", vec![id(), required("account", OnChange::Replace), value, version, computed("fingerprint")])
}

fn server() -> Schema {
    let tags = Attribute { ty: Type::map(Type::String), ..optional("tags", OnChange::Update) };
    let zone = Attribute { presence: Presence::OptionalComputed, ..optional("zone", OnChange::Replace) };
    let attributes = vec![
        id(),
        optional("account", OnChange::Replace),
        optional("subscription", OnChange::Replace),
        required("location", OnChange::Replace),
        optional("size", OnChange::Update),
        zone,
        tags,
        computed("ipv4"),
    ];
    schema("cloud_server", attributes)
}

fn schema(kind: &'static str, attributes: Vec<Attribute>) -> Schema {
    Schema { kind, summary: "For tests.", version: 0, attributes }
}

fn id() -> Attribute {
    computed("id")
}

fn computed(name: &'static str) -> Attribute {
    attribute(name, Presence::Computed, OnChange::Update)
}

fn required(name: &'static str, on_change: OnChange) -> Attribute {
    attribute(name, Presence::Required, on_change)
}

fn optional(name: &'static str, on_change: OnChange) -> Attribute {
    attribute(name, Presence::Optional, on_change)
}

fn attribute(name: &'static str, presence: Presence, on_change: OnChange) -> Attribute {
    Attribute {
        name,
        ty: Type::String,
        presence,
        on_change,
        write_only: false,
        sensitive: false,
        description: "For tests.",
        privacy: Classification {
            category: Category::SystemOperations,
            uses: &[Use::EssentialServiceOperations],
            subject: Subject::Customer,
            basis: Basis::Contract,
            retention: Retention::Subscription,
            recipients: &[],
            promise: "C5",
        },
    }
}
