//! What tests of the whole house share: a directory, a cloud of its own, the `ampere` command, programs of others.
mod cloud;
mod lab;
mod normal;
mod postgres;
pub mod programs;
mod script;

pub use cloud::Cloud;
pub use lab::{Lab, Run, Running, binary, project_root};
pub use normal::normal;
pub use postgres::{Postgres, postgres_program};
pub use script::play;
