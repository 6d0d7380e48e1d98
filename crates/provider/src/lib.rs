//! Firebase, Stripe and Hetzner Cloud behind the engine's provider trait.
//!
//! [`AmpereProvider`] knows four kinds, each a folder with its attribute table (`schema.rs`), its rules (`kind.rs`), the
//! requests it builds and the answers it reads (`request.rs`, `model.rs`) and the calls (`client.rs`):
//!
//! | kind | is made of |
//! |---|---|
//! | `ampere_account` | a Firebase Auth user, a Firestore document |
//! | `ampere_subscription` | a Stripe customer, a subscription |
//! | `ampere_secret` | a Firestore document with a sealed value |
//! | `ampere_instance` | a Hetzner Cloud firewall, a server |
//!
//! What kinds share of a cloud (paging, error codes, actions) lies in `hetzner/`, `stripe/` and `firebase/`; below all is one
//! thin HTTP client. Every object bears the engine's marker from the first call on, and every name is made from the marker:
//! a create can be repeated when its answer was lost.
mod account;
mod attributes;
mod firebase;
#[cfg(fuzzing)]
pub mod fuzzing;
mod hetzner;
mod http;
pub mod id_token;
mod instance;
mod marker;
pub mod messenger;
mod privacy;
mod provider;
mod secret;
mod service;
mod settings;
mod stripe;
mod subscription;
pub mod typed;

pub use http::Timer;
pub use instance::{first_boot, null_key_of};
pub use provider::{AmpereProvider, SetupError, kinds};
pub use settings::{Endpoints, SETTINGS, Setting, Settings, block_type};
pub use stripe::webhook as stripe_webhook;
pub use subscription::refunded_at;
