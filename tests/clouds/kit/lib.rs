//! What the tests of the clouds share: the clouds they can be run on, a tap on the line, a world of their own for each case,
//! and the loop that runs them and prints where each one ran.
mod backend;
mod dialect;
mod matrix;
mod outside;
mod tap;
mod world;

pub use backend::{Access, Backend, Bases, Stage};
pub use matrix::{Case, Matrix, Row};
pub use outside::Outside;
pub use tap::{Effect, Exchange, Fault, Recording, Tap};
pub use world::{Given, World, ephemeral, id_of, number, string, text, vault_of};
