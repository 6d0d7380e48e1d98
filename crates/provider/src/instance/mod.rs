//! `ampere_instance`: a customer's own server that runs OpenClaw (promises C3, S3, S5, N3, N4).
//!
//! Three objects at Hetzner Cloud, all of one name and with the same labels: a firewall without an inbound rule, an SSH key
//! that nobody holds ([`null_key`]), and a server that is made with both, so that there is no moment at which it is open and
//! no password is ever minted. No call exists here that could give a way in or copy the server's disk.
mod channels;
mod client;
mod create;
mod kind;
mod model;
mod null_key;
mod parts;
mod remove;
mod request;
mod resize;
mod schema;
mod server_types;
mod user_data;

pub(crate) use client::InstanceClient;
pub(crate) use kind::InstanceKind;
pub use null_key::public_key as null_key_of;
pub(crate) use schema::KIND;
