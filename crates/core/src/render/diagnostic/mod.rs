//! Findings as Terraform shows them: framed text with the source line, and JSON.
mod json;
mod snippet;
mod text;

pub use json::{diagnostic as to_json, validate_report};
pub use snippet::Snippet;
pub use text::{Layout, compact_warnings, to_text};
