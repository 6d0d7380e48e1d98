//! The table of `ampere_secret`.
use ampere_core::schema::{Attribute, OnChange, Presence, Schema};
use ampere_lang::value::Type;

use crate::privacy;

/// The resource type.
pub(crate) const KIND: &str = "ampere_secret";
/// The write-only attribute.
pub(crate) const VALUE: &str = "value_wo";

/// The attributes.
pub(crate) fn schema() -> Schema {
    let base = |name, ty, presence, on_change, description| Attribute {
        name,
        ty,
        presence,
        on_change,
        write_only: false,
        sensitive: false,
        description,
        privacy: privacy::CREDENTIAL_FACT,
    };
    use OnChange::{Replace, Update};
    use Presence::{Computed, Optional, Required};
    Schema {
        kind: KIND,
        summary: "A key or token of the customer's own, sealed before it is stored.",
        version: 1,
        attributes: vec![
            base("id", Type::String, Computed, Update, "The id of the sealed document."),
            Attribute {
                privacy: privacy::UID,
                ..base("account", Type::String, Required, Replace, "The id of the account it belongs to.")
            },
            base(
                "kind",
                Type::String,
                Required,
                Replace,
                "What it is for: a model provider (`anthropic`, `openai`, …), a channel (`telegram`, `discord`, …) or `generic`.",
            ),
            base("name", Type::String, Optional, Replace, "The name of a `generic` secret."),
            Attribute {
                write_only: true,
                sensitive: true,
                privacy: privacy::CREDENTIAL,
                ..base(
                    VALUE,
                    Type::String,
                    Optional,
                    Update,
                    "The secret itself, from an ephemeral variable. It is used once and kept nowhere in the clear.",
                )
            },
            base(
                "value_wo_version",
                Type::Number,
                Optional,
                Update,
                "If it is given, a new value is taken only when this number changes; without it, when the value does.",
            ),
            base("version", Type::Number, Computed, Update, "Rises by one with every new value."),
            base(
                "fingerprint",
                Type::String,
                Computed,
                Update,
                "A keyed fingerprint of the value: equal for equal values of one stack, telling nothing else.",
            ),
        ],
    }
}
