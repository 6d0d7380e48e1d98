//! Rules and properties of the whole house.
mod canary;
mod tidy;
