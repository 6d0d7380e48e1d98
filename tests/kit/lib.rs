//! What tests of the whole house share: a directory, a cloud of its own, and the `ampere` command.
mod cloud;
mod lab;
mod normal;
mod script;

pub use cloud::Cloud;
pub use lab::{Lab, Run, Running, binary, project_root};
pub use normal::normal;
pub use script::play;
