//! A configuration directory, decoded: what each block says, before anything is evaluated.
mod module;

pub use module::*;
