//! The `ampere` command.
fn main() {}
