//! What Terraform has built in and we have too: `terraform_data`, a resource without a cloud.
mod data;
mod provider;

pub use data::TerraformData;
pub use provider::Builtin;
