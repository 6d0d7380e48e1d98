//! The Terraform configuration language: parse, decode, evaluate.
//!
//! Nothing in this crate knows a cloud, a resource of Ampere, a file system, a clock or a terminal: whatever the language
//! needs of the world comes in through [`eval::Host`]. Terraform 1.11 is the reference for every rule.
//!
//! The way of a file: text → [`syntax`] (tokens, then a tree with a [`source::Span`] on every node) → [`config`] (blocks
//! decoded into a [`config::Module`]) → [`eval`] (expressions to [`value::Value`]s that carry *unknown*, *sensitive* and
//! *ephemeral* wherever they go).
pub mod config;
pub mod diagnostic;
pub mod eval;
pub mod functions;
pub mod limits;
pub mod source;
pub mod syntax;
pub mod value;
