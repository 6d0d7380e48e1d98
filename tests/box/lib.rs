//! Boxes made the real way. `tests/box/run` makes the namespaces that all of this needs; see there.
pub mod customer;
pub mod lab;
pub mod machine;
pub mod metadata;
pub mod outside;
pub mod scan;
pub mod services;
pub mod traffic;
