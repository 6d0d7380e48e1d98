//! Model, planner, engine, store, vault and audit log of Ampere. Knows no cloud.
//!
//! Layers; a module uses only its own or a lower one:
//!
//! | layer | modules | |
//! |---|---|---|
//! | 0 | [`address`], [`identity`], [`schema`], [`secret`], [`clock`], [`retention`] | names and values |
//! | 1 | [`kind`], [`inventory`], [`snapshot`], [`evaluate`] | what is wanted, what is there, what we remember |
//! | 2 | [`plan`], [`audit`], [`vault`] | pure and synchronous |
//! | 3 | [`provider`], [`store`] (traits), [`planfile`], [`builtin`], [`render`] | ports, and what people read |
//! | 4 | [`apply`] | runs a plan; makes no choice of its own |
//! | 4 | [`rotation`] | epochs of the vault's keys: opened, begun, ended |
//! | 4 | [`notice`] | what is told to customers and the operator, once each |
//! | 5 | [`engine`], [`reconcile`] | the parts joined, for callers; the loop that keeps the promises |
//! | 5 | `store::{sqlite, postgres}` | sqlx lives there and nowhere else |
pub mod address;
pub mod apply;
pub mod audit;
pub mod builtin;
pub mod clock;
pub mod engine;
pub mod evaluate;
pub mod identity;
pub mod inventory;
pub mod kind;
pub mod notice;
pub mod plan;
pub mod planfile;
pub mod provider;
pub mod reconcile;
pub mod render;
pub mod retention;
pub mod rotation;
pub mod schema;
pub mod secret;
pub mod snapshot;
pub mod store;
pub mod vault;

pub use ampere_lang as lang;
