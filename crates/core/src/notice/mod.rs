//! What is told to customers and to the operator: an outbox in the state (promise U4).
//!
//! A pass finds [`Occasion`]s ([`occasions`], [`departing`], [`alarm`]); [`Desk::queue`] makes rows of those that are new.
//! The id of a row is a keyed fingerprint of what it is about, so that the same occasion, found again in every pass, is told
//! once. [`deliver`] hands what is due to a [`Messenger`], after the deletions of the pass and within a time box.
//!
//! Who is written to, and what a notice says of them, is sealed under a key of the owner's own *in the outbox*, apart from the
//! key of their account: the account's key is destroyed with the account, and the word that everything is gone can only be
//! said after that. The key is destroyed with the last notice that waits for this owner, so that no copy of the state, not even
//! an old one, tells the address any more. What stays is the id: the proof that it was said.
//!
//! A notice is `sending` before it is sent. One that is found so was begun by a run that was killed: nobody knows whether it
//! went out, and it is sent again under the same id, which receivers see as `Message-ID` or `Idempotency-Key`.
mod content;
mod deliver;
mod desk;
mod occasion;
mod outbox;
mod row;

pub use content::{Content, NoticeKind};
pub use deliver::{Delivered, Delivery, Message, Messenger, MessengerError, NoticeError, deliver};
pub use desk::Desk;
pub use occasion::{Occasion, Recipient, alarm, deleted, departing, foreign, guard, occasions, service_update};
pub use outbox::{Counts, Outbox};
pub use row::{Notice, NoticeId, NoticeState};
