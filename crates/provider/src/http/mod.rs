//! One thin HTTP client for all clouds.
//!
//! A [`Call`] is built apart from being sent, so that what we say to a cloud can be tested without one. An [`Endpoint`]
//! sends it: base URL, credentials, time limit, at most so many at once and within a [`Budget`], reads repeated a few times.
//! What comes back is an [`Answer`] whatever its status; each cloud maps its own error bodies. Nothing here logs or reports
//! a header, a query or a body.
mod answer;
mod authorization;
mod bucket;
mod budget;
mod call;
mod endpoint;
mod failure;
mod google;
mod pages;
mod timer;
mod tls;

pub(crate) use answer::Answer;
pub(crate) use authorization::{Authorization, Token};
pub(crate) use budget::Budget;
pub(crate) use call::{Call, Payload, segment};
pub(crate) use endpoint::{Endpoint, Limits, is_loopback};
pub(crate) use failure::{by_status, of_exchange as failure_of_exchange};
pub(crate) use google::{GoogleCredentials, Source};
pub(crate) use pages::Pages;
pub use timer::Timer;
pub(crate) use timer::{MachineTimer, after, between};
pub(crate) use tls::{ClientError, client};
