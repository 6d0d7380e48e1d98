//! The values of a configuration while it is planned or applied.
//!
//! A [`World`] holds, for one module, the variables it was given and the object of every resource instance as far as it is
//! known by now; it answers what expressions ask ([`Scope`](ampere_lang::eval::Scope)). The planner fills it with planned
//! objects in the order of the [`Graph`], apply replaces them by real ones.
mod config;
mod expand;
mod graph;
mod instance;
mod local;
mod order;
mod output;
mod precise;
mod scope;
mod suggest;
mod whole;
mod world;

pub use config::Config;
pub use expand::{Expansion, check_each};
pub use graph::{Dependency, Graph, Node};
pub use instance::InstanceScope;
pub use suggest::suggestion;
pub use world::World;
