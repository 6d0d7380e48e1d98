//! The table of `ampere_instance`.
use ampere_core::schema::{Attribute, Classification, OnChange, Presence, Schema};
use ampere_lang::value::Type;

use super::mailbox::{DELIVERED, ENROLMENT, KEY as BOX_KEY, SEALED};
use crate::privacy;

/// The resource type.
pub(crate) const KIND: &str = "ampere_instance";

/// The attributes.
pub(crate) fn schema() -> Schema {
    use Presence::{Computed, Optional, OptionalComputed, Required};
    let replacing = |attribute: Attribute| Attribute { on_change: OnChange::Replace, ..attribute };
    Schema {
        kind: KIND,
        summary: "A customer's own server that runs OpenClaw.",
        version: 1,
        attributes: vec![
            text("id", Computed, "Hetzner's number of the server.", privacy::SERVER),
            replacing(text("account", Required, "The id of the account it belongs to.", privacy::LINK)),
            text(
                "subscription",
                Required,
                "The id of the subscription that pays for it. It exists only while that is active or trialing.",
                privacy::LINK,
            ),
            replacing(text(
                "location",
                Required,
                "Where it stands: `fsn1`, `nbg1`, `hel1`, … A change makes a new server, and the bot's memory is lost.",
                privacy::SERVER,
            )),
            text(
                "server_type",
                Required,
                "Its size, with 4 GiB of memory or more: `cx23`, … A change is made in place; the disk keeps its size.",
                privacy::SERVER,
            ),
            text(
                "openclaw_version",
                OptionalComputed,
                "The version of OpenClaw, such as `2026.9.6`.",
                privacy::SETTING,
            ),
            text(
                "model",
                Required,
                "The model, as `provider/model`, e.g. `anthropic/claude-sonnet-4-6`.",
                privacy::SETTING,
            ),
            Attribute {
                ty: Type::Dynamic,
                ..text(
                    "channels",
                    Optional,
                    "The messengers and their settings: `{ telegram = { allow_from = [\"123456789\"] }, discord = {} }`.",
                    Classification { recipients: &[], ..privacy::SETTING },
                )
            },
            Attribute {
                ty: Type::list(Type::String),
                ..text("secrets", Optional, "Ids of the secrets that are delivered to it.", privacy::LINK)
            },
            text(
                "tools",
                Optional,
                "What the bot may do besides talking: `minimal`, `messaging` (if nothing is said), `coding` or `full`.",
                privacy::SETTING,
            ),
            Attribute {
                ty: Type::Bool,
                ..text(SEALED, Computed, "Whether the server has shown that nobody can get in.", privacy::SERVER)
            },
            text(
                ENROLMENT,
                Computed,
                "How far the agent inside has come: `waiting`, `enrolled`, `sealed`; `expired` and `refused` are replaced.",
                privacy::SERVER,
            ),
            text(BOX_KEY, Computed, "The fingerprint of the keys that the server made for itself.", privacy::SERVER),
            Attribute {
                ty: Type::map(Type::Number),
                ..text(
                    DELIVERED,
                    Computed,
                    "Versions of the secrets that the server has, by their ids.",
                    privacy::SERVER,
                )
            },
            text("ipv4", Computed, "Its IPv4 address.", privacy::SERVER_ADDRESS),
            text("ipv6", Computed, "Its first IPv6 address.", privacy::SERVER_ADDRESS),
            text("status", Computed, "Hetzner's status of the server: `running`, `off`, …", privacy::SERVER),
        ],
    }
}

fn text(name: &'static str, presence: Presence, description: &'static str, privacy: Classification) -> Attribute {
    Attribute {
        name,
        ty: Type::String,
        presence,
        on_change: OnChange::Update,
        write_only: false,
        sensitive: false,
        description,
        privacy,
    }
}
