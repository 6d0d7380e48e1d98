//! What an apply does at the cloud and to the state, and in which order: the engine over a cloud and a store in memory
//! that fail when they are told to.
mod base;
mod cost;
mod crash;
mod journal;
mod keys;
mod kit;
mod looks;
mod order;
mod outputs;
mod reconcile;
mod replacement;
mod retry;
mod secrecy;
