//! The rules of `ampere_account`.
use ampere_core::identity::Marker;
use ampere_core::kind::{Effort, Kind};
use ampere_core::schema::Schema;
use ampere_lang::diagnostic::{Diagnostic, Diagnostics};
use ampere_lang::value::{Path, Value};

use super::{email, schema};
use crate::attributes::text;
use crate::firebase::UID_PREFIX;
use crate::marker;

/// The most characters Firebase takes for a name.
const LONGEST_NAME: usize = 256;

/// `ampere_account`.
#[derive(Debug)]
pub(crate) struct AccountKind {
    schema: Schema,
}

impl AccountKind {
    /// The kind.
    pub fn new() -> AccountKind {
        AccountKind { schema: schema::schema() }
    }
}

impl Kind for AccountKind {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    /// A user and a document; pages of 1000 users and of 2000 documents.
    fn effort(&self) -> Effort {
        Effort { read: 2, page: 600 }
    }

    fn validate(&self, config: &Value) -> Diagnostics {
        let mut findings = Diagnostics::new();
        if let Some(fault) = text(config, "email").and_then(email::fault) {
            let detail = format!("The value of email is no address: {fault}. Write it as name@example.com.");
            findings.push(Diagnostic::error("Invalid email address", detail).of_attribute(Path::attribute("email")));
        }
        let length = text(config, "name").map(|name| name.chars().count());
        if length.is_some_and(|length| length == 0 || length > LONGEST_NAME) {
            let detail = format!("A name has 1 to {LONGEST_NAME} characters; leave it out if there is none.");
            findings.push(Diagnostic::error("Invalid name", detail).of_attribute(Path::attribute("name")));
        }
        findings
    }

    /// The account's own: its uid is known before it is made, since it is made from the marker.
    fn seals_for(&self, marker: &Marker, object: &Value) -> Option<String> {
        let known = text(object, "id").map(str::to_owned);
        Some(known.unwrap_or_else(|| marker::name(UID_PREFIX, marker, 0)))
    }

    /// Secrets are sealed and subscriptions are held for a uid: a user that was deleted by hand is made again under it.
    fn keeps_id(&self) -> bool {
        true
    }

    fn owner<'a>(&self, object: &'a Value) -> Option<&'a str> {
        text(object, "id")
    }

    fn contact<'a>(&self, object: &'a Value) -> Option<&'a str> {
        text(object, "email")
    }

    fn loss(&self, _before: &Value) -> Option<String> {
        Some("the customer can no longer sign in with this account".into())
    }
}
