//! The kinds of the kit, knowing whose their objects are and what their contracts say.
use std::sync::Arc;

use ampere_core::kind::{Gate, Gated, Kind, Kinds, PlanRequest, Planned};
use ampere_core::retention::Cause;
use ampere_core::schema::Schema;
use ampere_lang::value::Value;
use jiff::Timestamp;

use super::kinds::kinds;

/// The kinds of the kit; a subscription's status is `active`, or the time of its end.
pub fn household_kinds() -> Kinds {
    kinds().into_iter().map(|(name, kind)| (name, Arc::new(Owned(kind)) as Arc<dyn Kind>)).collect()
}

struct Owned(Arc<dyn Kind>);

impl Kind for Owned {
    fn schema(&self) -> &Schema {
        self.0.schema()
    }

    fn plan(&self, request: PlanRequest<'_>) -> Planned {
        self.0.plan(request)
    }

    fn listed(&self) -> bool {
        self.0.listed()
    }

    fn gate_on(&self) -> Option<Gated> {
        self.0.gate_on()
    }

    fn owner<'a>(&self, object: &'a Value) -> Option<&'a str> {
        let attribute = if self.schema().kind == "cloud_account" { "id" } else { "account" };
        object.entries()?.get(attribute)?.as_str()
    }

    fn keeps_id(&self) -> bool {
        self.schema().kind == "cloud_account"
    }

    fn contact<'a>(&self, object: &'a Value) -> Option<&'a str> {
        object.entries()?.get("email")?.as_str()
    }

    fn standing(&self, object: &Value, _: Timestamp) -> Option<Gate> {
        (self.schema().kind == "cloud_subscription").then(|| {
            let status = object.get("status");
            match status.as_ref().and_then(Value::as_str) {
                Some("active") => Gate::Open,
                Some(text) => Gate::Ended {
                    reason: "the subscription ended".into(),
                    cause: Cause::SubscriptionEnded,
                    since: text.parse().ok(),
                },
                None => Gate::Unknown,
            }
        })
    }
}
