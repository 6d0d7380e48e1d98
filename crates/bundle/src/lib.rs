//! What travels between Ampere and a customer's server, and nothing else: no I/O, no clock, no source of chance.
//!
//! A *box* is the customer's server. Its agent makes [`BoxKeys`] at first boot and sends an [`Enrolment`]. We send secrets and
//! settings ([`Contents`]) as a *bundle*: [`seal`]ed to the box's key (HPKE, [RFC 9180]) and signed with ours (Ed25519,
//! [RFC 8032]). The box [`check`]s and opens it and answers with a signed [`Receipt`]; from time to time it sends a [`Report`].
//! All of it lies in the box's [`mailbox`], where nobody's word counts: whoever can write there can hold texts back, and that is all.
//!
//! # Text form
//!
//! `base64url(payload) . base64url(signature)`, without padding; the payload is JSON, the signature is over
//! `ampere <what> v1\0` and the payload's bytes. So a receipt can never pass for a report. A text is decoded in one way only: its
//! digest names it.
//!
//! # What a bundle may change
//!
//! What [`openclaw::Settings`] has a field for, and the secrets' values. Gateway, base URLs, proxies and endpoints have none, and
//! unknown fields are refused: with one of them somebody could put himself into the conversation's path (promises N1, N2, S4).
//!
//! ```
//! use ampere_bundle::{BoxKeys, Contents, Header, Issuer, check, openclaw, seal};
//! # let settings: openclaw::Settings = openclaw::Settings::example();
//! let (issuer, keys) = (Issuer::from_seed(&[1; 32]), BoxKeys::generate(&[2; 64]));
//! let contents = Contents { secrets: [("anthropic".to_owned(), "sk-ant-EXAMPLE".to_owned().into())].into(), settings };
//! let header = Header { instance: "ampere-3f2a".into(), sequence: 1, expires: 2_000_000_000 };
//! let text = seal(&contents, &header, &keys.public(), &issuer, &[3; 32])?;
//!
//! let checked = check(&text, "ampere-3f2a", &issuer.verifying_key(), 1_900_000_000, None)?;
//! assert_eq!(checked.open(&keys)?.secrets["anthropic"].as_str(), "sk-ant-EXAMPLE");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [RFC 9180]: https://www.rfc-editor.org/rfc/rfc9180
//! [RFC 8032]: https://www.rfc-editor.org/rfc/rfc8032
mod contents;
mod enrolment;
pub mod installed;
#[cfg(feature = "issuer")]
mod issue;
mod keys;
pub mod mailbox;
pub mod openclaw;
mod receipt;
mod rejected;
mod report;
mod sealed;
mod signed;

pub use contents::Contents;
pub use enrolment::Enrolment;
#[cfg(feature = "issuer")]
pub use issue::{Issuer, SealError, seal};
pub use keys::{BoxKeys, BoxPublic, parse_key};
pub use receipt::{Outcome, Receipt};
pub use rejected::Rejected;
pub use report::{Audit, Health, Inspection, MOST_LISTED, Report};
pub use sealed::{Checked, Header, SUITE, check, digest};
