//! The sandbox through real HTTP.

mod boxes;
mod control;
mod faults;
mod firestore;
mod hetzner_firewalls;
mod hetzner_lists;
mod hetzner_log;
mod hetzner_servers;
mod hetzner_strict;
mod identity;
mod kit;
mod persistence;
mod start;
mod stripe_billing;
mod stripe_calls;
mod stripe_payments;
mod thin;
mod tokens;
mod watch;
