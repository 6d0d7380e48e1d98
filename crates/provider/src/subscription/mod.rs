//! `ampere_subscription`: a Stripe customer and its subscription (promises C4, R1, U3).
//!
//! We hold ids and status, never a card or a bank account: the customer pays on Stripe's own pages, to which `payment_url`
//! leads. What the status means for an instance is decided in [`gate`].
mod client;
mod contract;
pub(crate) mod gate;
mod kind;
mod listing;
mod model;
mod refund;
mod refusal;
mod request;
mod schema;

pub(crate) use client::SubscriptionClient;
pub(crate) use kind::SubscriptionKind;
pub use refund::refunded_at;
pub(crate) use schema::KIND;
