//! Objects at a cloud.
use std::collections::BTreeMap;
use std::sync::Arc;

use ampere_core::identity::Marker;
use ampere_lang::value::Value;

use crate::life::Contract;

/// An object at a cloud.
pub struct Thing {
    pub kind: &'static str,
    pub marker: Marker,
    /// Whose it is; none: another stack's.
    pub life: Option<usize>,
    /// A firewall or a Stripe customer: made before the main part, deleted after it.
    pub half: bool,
    pub contract: Option<Contract>,
    pub given: BTreeMap<Arc<str>, Value>,
    /// Of an account only the document is there: somebody deleted its user.
    pub userless: bool,
}

impl Thing {
    /// What the cloud says of it.
    pub fn attributes(&self) -> BTreeMap<Arc<str>, Value> {
        let mut attributes = self.given.clone();
        if self.userless {
            attributes.retain(|name, _| &**name == "id");
        }
        if let Some(contract) = &self.contract {
            attributes.extend(contract.attributes().into_iter().map(|(name, value)| (name.into(), value)));
        }
        attributes
    }

    /// Whether its kind has another part.
    pub fn has_halves(&self) -> bool {
        prefixes(self.kind).1.is_some()
    }

    /// Whether it is a contract that is over.
    pub fn is_over(&self) -> bool {
        self.contract.as_ref().is_some_and(Contract::is_over)
    }
}

/// The clouds.
pub const CLOUDS: [&str; 3] = ["firebase", "stripe", "hetzner"];

/// The cloud of a kind.
pub fn cloud(kind: &str) -> &'static str {
    match kind {
        "ampere_instance" => "hetzner",
        "ampere_subscription" => "stripe",
        _ => "firebase",
    }
}

/// How ids of a kind begin, of its main part and of its half.
pub fn prefixes(kind: &str) -> (&'static str, Option<&'static str>) {
    match kind {
        "ampere_instance" => ("server-", Some("firewall-")),
        "ampere_subscription" => ("sub_", Some("cus_")),
        "ampere_account" => ("uid-", None),
        _ => ("secret-", None),
    }
}

/// The name of a kind that lives as long as the program.
pub fn kind_named(kind: &str) -> &'static str {
    match kind {
        "ampere_instance" => "ampere_instance",
        "ampere_subscription" => "ampere_subscription",
        "ampere_account" => "ampere_account",
        _ => "ampere_secret",
    }
}
