//! One binary for all of them: it links once.
mod scenarios;
mod suite;
