//! What people and programs read: plans, states, progress and findings as styled text and as Terraform's JSON.
//!
//! Nothing here prints, and nothing here knows a terminal: text comes out as [`Text`], pieces with a [`Style`] each, and the
//! caller paints it or not.
pub mod diagnostic;
pub mod diff;
pub mod json;
pub mod plan;
pub mod state;
mod text;

pub use text::{Piece, Style, Text};
