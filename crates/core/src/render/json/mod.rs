//! Plans, states and progress in Terraform's JSON formats.
mod names;
mod plan;
mod state;
pub mod ui;
pub mod value;

pub use plan::plan;
pub use state::{output, state};
