//! Planning, by scenes: a configuration, a state, a cloud, and what is planned.
mod addresses;
mod basic;
mod drift;
mod findings;
mod gate;
mod identity;
mod kit;
mod lifecycle;
mod retention;
mod scale;
mod world;
