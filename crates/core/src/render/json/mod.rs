//! Plans, states and progress in Terraform's JSON formats.
pub mod value;
