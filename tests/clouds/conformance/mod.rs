//! One conformance suite per kind: what a cloud must do so that the engine can rely on the provider.
mod account;
mod secret;

use ampere_tests_clouds::{Backend, Case};

/// Everything that implements Firebase.
const GOOGLE: &[Backend] = &[Backend::Sandbox, Backend::Firebase];
/// All cases.
pub fn cases() -> Vec<Case> {
    [account::CASES, secret::CASES].concat()
}
