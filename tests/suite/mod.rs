//! Rules and properties of the whole house.
mod bad_input;
mod bars;
mod boxes;
mod calls;
mod canary;
mod lost_answers;
mod reconcile;
mod recover;
mod tidy;
