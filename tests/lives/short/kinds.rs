//! Kinds of the shape of the real ones, small enough that a million lives fit into a night.
use std::sync::Arc;

use ampere_core::kind::{Kind, Kinds, PlanRequest, Planned};
use ampere_core::schema::{
    Attribute, Basis, Category, Classification, OnChange, Presence, Retention, Schema, Subject, Use,
};
use ampere_lang::value::{Type, Value};

/// An account, of which a cloud holds one by its name.
pub const ACCOUNT: &str = "sim_account";
/// A contract: its cloud lets any number be made (as Stripe does).
pub const CONTRACT: &str = "sim_contract";
/// A sealed secret.
pub const SECRET: &str = "sim_secret";
/// A server, which refers to all of them.
pub const SERVER: &str = "sim_server";

/// All of them.
pub const ALL: [&str; 4] = [ACCOUNT, CONTRACT, SECRET, SERVER];

/// Whether the cloud itself sees to it that there is one object of a marker (a name, a document's id).
pub fn is_unique(kind: &str) -> bool {
    kind != CONTRACT
}

/// Their rules.
pub fn kinds() -> Kinds {
    let account = schema(ACCOUNT, vec![computed("id"), given("email", OnChange::Update)]);
    let contract =
        vec![computed("id"), given("account", OnChange::Replace), given("price", OnChange::Update), computed("status")];
    let value = Attribute { write_only: true, sensitive: true, ..given("value_wo", OnChange::Update) };
    let number = |name| Attribute { ty: Type::Number, ..computed(name) };
    let secret =
        vec![computed("id"), given("account", OnChange::Replace), value, number("version"), computed("fingerprint")];
    let server = vec![
        computed("id"),
        given("account", OnChange::Update),
        given("contract", OnChange::Update),
        given("secret", OnChange::Update),
        given("region", OnChange::Replace),
        given("size", OnChange::Update),
        computed("address"),
    ];
    let kinds: [Arc<dyn Kind>; 4] = [
        Arc::new(Plain(account)),
        Arc::new(Plain(schema(CONTRACT, contract))),
        Arc::new(Secret(schema(SECRET, secret))),
        Arc::new(Plain(schema(SERVER, server))),
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

    fn plan(&self, request: PlanRequest<'_>) -> Planned {
        let value = request.config.get("value_wo").unwrap_or_else(|| Value::null(Type::String));
        let Some(text) = value.as_str() else { return Planned::new(request.proposed) };
        let made = request.fingerprint.fingerprint("value_wo", text);
        let text = |name: &str| request.prior.and_then(|prior| prior.get(name)?.as_str().map(str::to_owned));
        let known = text("fingerprint").is_some_and(|before| before == made);
        if known && request.sealed {
            return Planned::new(request.proposed);
        }
        let version = request.prior.and_then(|prior| prior.get("version")?.as_number()?.to_u64()).unwrap_or(0);
        let mut entries = request.proposed.entries().cloned().unwrap_or_default();
        entries.insert("fingerprint".into(), Value::string(made));
        entries.insert("version".into(), Value::number(i64::try_from(version + 1).unwrap_or(i64::MAX)));
        Planned::new(Value::object(entries))
    }
}

fn schema(kind: &'static str, attributes: Vec<Attribute>) -> Schema {
    Schema { kind, summary: "Simulated.", version: 0, attributes }
}

fn computed(name: &'static str) -> Attribute {
    attribute(name, Presence::Computed, OnChange::Update)
}

fn given(name: &'static str, on_change: OnChange) -> Attribute {
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
        description: "Simulated.",
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
