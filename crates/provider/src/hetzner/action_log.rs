//! The project's log of actions: what was ordered for servers, by whomever.
use ampere_core::provider::{ProviderError, ProviderErrorKind};
use jiff::Timestamp;
use serde_json::Value as Json;

use super::{CLOUD, Hetzner, error::word};
use crate::http::{Call, Pages};

/// The most actions a page may hold.
const PAGE: u32 = 50;

/// What our own calls order, and what Hetzner itself does with the addresses of a server that is made or deleted. Whatever
/// else is in the log, others ordered. (Switching a server off by hand has one of these words: that is seen as drift.)
const OURS: &[&str] = &[
    "create_server",
    "start_server",
    "stop_server",
    "shutdown_server",
    "change_server_type",
    "delete_server",
    "apply_firewall",
    "remove_firewall",
    "set_firewall_rules",
    "create_primary_ip",
    "assign_primary_ip",
    "unassign_primary_ip",
    "delete_primary_ip",
];

/// An action on servers.
pub(crate) struct Logged {
    /// Its number; later ones are greater.
    pub id: u64,
    /// `enable_rescue`
    pub command: String,
    /// The servers.
    pub servers: Vec<u64>,
    /// When it began.
    pub at: Timestamp,
}

impl Logged {
    /// Whether one of our own calls may have ordered it.
    pub fn is_ours(&self) -> bool {
        OURS.contains(&self.command.as_str())
    }
}

impl Hetzner {
    /// The actions on servers after a number, oldest first: <https://docs.hetzner.cloud/reference/cloud#server-actions>. The
    /// newest page comes first, and reading ends where the number is reached.
    ///
    /// # Errors
    ///
    /// A page that could not be had, an entry that cannot be read: an unread entry must not be passed over.
    pub async fn log(&self, after: u64) -> Result<Vec<Logged>, ProviderError> {
        let mut found: Vec<Logged> = Vec::new();
        let mut page = 1;
        let mut turned = Pages::new(CLOUD, "GET /servers/actions");
        loop {
            let call =
                Call::get("/servers/actions").query("sort", "id:desc").query("per_page", PAGE).query("page", page);
            let body = self.send(&call).await?;
            let Some(actions) = body["actions"].as_array() else { return Err(unread(page)) };
            let mut reached = false;
            for action in actions {
                let entry = read(action).ok_or_else(|| unread(page))?;
                reached |= entry.id <= after;
                // New actions push those that were read before onto the next page.
                if entry.id > after && found.last().is_none_or(|last| entry.id < last.id) {
                    found.push(entry);
                }
            }
            match body["meta"]["pagination"]["next_page"].as_u64() {
                Some(next) if next > page && !reached => {
                    turned.turn(next)?;
                    page = next;
                }
                _ => break,
            }
        }
        found.reverse();
        Ok(found)
    }
}

fn read(action: &Json) -> Option<Logged> {
    let servers = action["resources"].as_array()?.iter().filter(|resource| resource["type"] == "server");
    Some(Logged {
        id: action["id"].as_u64()?,
        command: word(action["command"].as_str()?).to_owned(),
        servers: servers.filter_map(|server| server["id"].as_u64()).collect(),
        at: action["started"].as_str()?.parse().ok()?,
    })
}

fn unread(page: u64) -> ProviderError {
    let message = format!("page {page} of the log of actions cannot be read");
    ProviderError::new(CLOUD, ProviderErrorKind::Malformed, message)
}
