//! The table of `ampere_account`.
use ampere_core::schema::{Attribute, OnChange, Presence, Schema};
use ampere_lang::value::Type;

use crate::privacy;

/// The resource type.
pub(crate) const KIND: &str = "ampere_account";

/// The attributes: these and no other (promise C1).
pub(crate) fn schema() -> Schema {
    let base = |name, ty, presence, description, privacy| Attribute {
        name,
        ty,
        presence,
        on_change: OnChange::Update,
        write_only: false,
        sensitive: false,
        description,
        privacy,
    };
    Schema {
        kind: KIND,
        summary: "A customer's account: a Firebase Auth user and a Firestore document.",
        version: 1,
        attributes: vec![
            base("id", Type::String, Presence::Computed, "The uid of the Firebase user.", privacy::UID),
            base(
                "email",
                Type::String,
                Presence::Required,
                "The email address, in lower case as Firebase keeps it. A change is made in place.",
                privacy::EMAIL,
            ),
            base("name", Type::String, Presence::Optional, "The name to show.", privacy::NAME),
            base(
                "disabled",
                Type::Bool,
                Presence::OptionalComputed,
                "Whether the person is kept from signing in. Left out, it stays as it is: an account that was disabled in \
                 the Firebase console is not enabled again.",
                privacy::SIGN_IN,
            ),
            base(
                "sign_in_providers",
                Type::list(Type::String),
                Presence::Computed,
                "How the person signs in, e.g. `google.com`; empty before the first time.",
                privacy::SIGN_IN,
            ),
            base(
                "created_at",
                Type::String,
                Presence::Computed,
                "When the user was made, RFC 3339 in UTC.",
                privacy::SIGN_IN,
            ),
        ],
    }
}
