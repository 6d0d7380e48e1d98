//! `ampere_instance`: a customer's own server that runs OpenClaw (promises C3, S3, S5, N3, N4).
//!
//! Two objects at Hetzner Cloud, of one name and with the same labels: a firewall without an inbound rule, and a server that
//! is made with it, so that there is no moment at which it is open. The create call also names an SSH key that nobody holds
//! ([`null_key`]), so that no password is ever minted; it is deleted right after. No call exists here that could give a way
//! in or copy the server's disk.
mod birth;
mod channels;
mod client;
mod create;
mod enrol;
pub mod first_boot;
mod kind;
mod mailbox;
mod model;
mod null_key;
mod openclaw;
mod parts;
mod remove;
mod request;
mod resize;
mod schema;
mod server_types;

pub(crate) use client::{Crew, InstanceClient};
pub(crate) use kind::{Inside, InstanceKind};
pub(crate) use mailbox::Postmaster;
pub use null_key::public_key as null_key_of;
pub(crate) use schema::KIND;
