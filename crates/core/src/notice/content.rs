//! What notices say.
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::retention::{Alarm, Owner};

/// The kinds of notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    /// News of the service, written by the operator.
    ServiceUpdate,
    /// A payment is open.
    PaymentDue,
    /// The subscription ends, and when the data goes.
    Cancelled,
    /// The data is gone.
    Deleted,
    /// For the operator: a departure is not over in time.
    Alarm,
    /// For the operator: the deletion guard holds departures back.
    Guard,
    /// For the operator: somebody else acted on an object of the stack.
    ForeignAction,
}

impl NoticeKind {
    /// All of them.
    pub const ALL: [NoticeKind; 7] = [
        NoticeKind::ServiceUpdate,
        NoticeKind::PaymentDue,
        NoticeKind::Cancelled,
        NoticeKind::Deleted,
        NoticeKind::Alarm,
        NoticeKind::Guard,
        NoticeKind::ForeignAction,
    ];

    /// The name, as it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            NoticeKind::ServiceUpdate => "service_update",
            NoticeKind::PaymentDue => "payment_due",
            NoticeKind::Cancelled => "cancelled",
            NoticeKind::Deleted => "deleted",
            NoticeKind::Alarm => "alarm",
            NoticeKind::Guard => "guard",
            NoticeKind::ForeignAction => "foreign_action",
        }
    }
}

impl fmt::Display for NoticeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a notice says. It has no `Debug`: a payment's URL opens an invoice.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Content {
    /// News of the service.
    ServiceUpdate {
        /// The subject.
        subject: String,
        /// The text.
        text: String,
    },
    /// A payment is open.
    PaymentDue {
        /// Where it can be paid.
        url: String,
    },
    /// The subscription ends or has ended.
    Cancelled {
        /// When it ends, if that is still ahead.
        ends_at: Option<Timestamp>,
        /// When everything is gone at the latest.
        gone_by: Timestamp,
    },
    /// Everything is gone.
    Deleted,
    /// A departure is not over.
    Alarm {
        /// Whose.
        owner: Owner,
        /// How late it is.
        alarm: Alarm,
        /// Until when it must be over.
        deadline: Timestamp,
    },
    /// The deletion guard holds departures back.
    Guard {
        /// How many.
        held: usize,
    },
    /// Somebody else acted on an object of the stack.
    #[serde(rename = "foreign_action")]
    Foreign {
        /// What was ordered, in the cloud's word.
        command: String,
        /// The object: its kind and its id at the cloud.
        object: String,
        /// When.
        at: Timestamp,
    },
}

impl Content {
    /// Its kind.
    pub fn kind(&self) -> NoticeKind {
        match self {
            Content::ServiceUpdate { .. } => NoticeKind::ServiceUpdate,
            Content::PaymentDue { .. } => NoticeKind::PaymentDue,
            Content::Cancelled { .. } => NoticeKind::Cancelled,
            Content::Deleted => NoticeKind::Deleted,
            Content::Alarm { .. } => NoticeKind::Alarm,
            Content::Guard { .. } => NoticeKind::Guard,
            Content::Foreign { .. } => NoticeKind::ForeignAction,
        }
    }

    /// The subject, one line.
    pub fn subject(&self) -> String {
        match self {
            Content::ServiceUpdate { subject, .. } => subject.clone(),
            Content::PaymentDue { .. } => "A payment for your OpenClaw hosting is open".into(),
            Content::Cancelled { .. } => "Your OpenClaw hosting ends".into(),
            Content::Deleted => "Your data has been deleted".into(),
            Content::Alarm { alarm, .. } => format!("[ampere] A deletion is not confirmed ({})", lateness(*alarm)),
            Content::Guard { held } => format!("[ampere] {held} deletions wait for a person"),
            Content::Foreign { command, .. } => format!("[ampere] Somebody else ordered {command}"),
        }
    }

    /// The text, lines ended by `\n`.
    pub fn text(&self) -> String {
        match self {
            Content::ServiceUpdate { text, .. } => text.clone(),
            Content::PaymentDue { url } => format!(
                "Hello,\n\na payment for your OpenClaw hosting is open. You can pay it here:\n\n  {url}\n\nYour server runs while \
                 the subscription is paid.\n"
            ),
            Content::Cancelled { ends_at: Some(ends_at), gone_by } => format!(
                "Hello,\n\nyour subscription was cancelled and ends on {}. Until then your server goes on running.\n\nYour server, \
                 your keys and your account are deleted within 24 hours after that, by {} at the latest. What your bot \
                 remembers lies on that server only: take what you want to keep before the end.\n",
                day(*ends_at),
                day(*gone_by)
            ),
            Content::Cancelled { ends_at: None, gone_by } => format!(
                "Hello,\n\nyour subscription has ended. Your server, your keys and your account are being deleted, and are gone \
                 by {} at the latest.\n",
                day(*gone_by)
            ),
            Content::Deleted => "Hello,\n\nyour server, your keys and your account with us are deleted. A second, independent look \
                                 found nothing left.\n\nStripe keeps invoices for as long as tax law demands. This is our last \
                                 message: your address is deleted with it.\n"
                .into(),
            Content::Alarm { owner, alarm, deadline } => format!(
                "The deletion of a household is not confirmed {} after it fell due.\n\nOwner (fingerprint): {owner}\nMust be gone \
                 by: {deadline}\n\nampere tombstone list shows what is open; ampere reconcile -once says what holds it up.\n",
                lateness(*alarm)
            ),
            Content::Guard { held } => format!(
                "{held} households must go, more than the deletion guard lets go within an hour without a person.\n\nTheir 24 \
                 hours are running. Look at them with ampere tombstone list. If they are right:\n\n  ampere reconcile \
                 -approve={held}\n"
            ),
            Content::Foreign { command, object, at } => format!(
                "The cloud's log has {command} on {object} at {at}. Ampere has no such call: somebody else who holds the project's \
                 token, or sits at its console, ordered it. Look at who has access.\n"
            ),
        }
    }
}

fn lateness(alarm: Alarm) -> String {
    format!("{} hours", alarm.after().as_hours())
}

fn day(at: Timestamp) -> String {
    at.strftime("%-d %B %Y at %H:%M UTC").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cancellation_names_the_date_of_deletion() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let ahead =
            Content::Cancelled { ends_at: Some(at("2026-12-01T10:00:00Z")), gone_by: at("2026-12-02T10:00:00Z") };
        assert!(ahead.text().contains("ends on 1 December 2026 at 10:00 UTC"), "{}", ahead.text());
        assert!(ahead.text().contains("by 2 December 2026 at 10:00 UTC at the latest"), "{}", ahead.text());
        let over = Content::Cancelled { ends_at: None, gone_by: at("2026-12-02T10:00:00Z") };
        assert!(over.text().contains("gone by 2 December 2026"), "{}", over.text());
    }

    #[test]
    fn texts_are_whole() {
        for content in [Content::PaymentDue { url: "https://pay.example/1".into() }, Content::Guard { held: 7 }] {
            let text = content.text();
            assert!(text.ends_with('\n') && !text.contains("  \n") && !content.subject().contains('\n'), "{text:?}");
            assert!(text.contains("https://pay.example/1") || text.contains("-approve=7"), "{text:?}");
        }
    }
}
