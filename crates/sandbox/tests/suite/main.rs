//! The sandbox through real HTTP.

mod kit;
mod thin;
