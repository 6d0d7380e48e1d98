//! Rules and properties of the whole house.
mod bad_input;
mod bars;
mod boxes;
mod calls;
mod canary;
mod keys;
mod lost_answers;
mod reconcile;
mod recover;
mod secrets;
mod shredding;
mod tidy;
