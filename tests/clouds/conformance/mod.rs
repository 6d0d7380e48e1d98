//! One conformance suite per kind: what a cloud must do so that the engine can rely on the provider.
mod account;
mod instance;
mod mailbox;
mod rules;
mod secret;
mod subscription;

use std::pin::Pin;

use ampere_tests_clouds::{Backend, Case, World};

/// A case's work.
type Run = fn(World) -> Pin<Box<dyn Future<Output = ()> + Send>>;

/// Everything that implements Firebase.
const GOOGLE: &[Backend] = &[Backend::Sandbox, Backend::Firebase, Backend::Live];
/// The same, for cases that would fill a real project.
const GOOGLE_EMULATED: &[Backend] = &[Backend::Sandbox, Backend::Firebase];
/// What can be given other rules than the shipped ones.
const PERSONS: &[Backend] = &[Backend::Firebase];
/// Everything that implements whole subscriptions.
const BILLING: &[Backend] = &[Backend::Sandbox, Backend::Localstripe, Backend::Live];
/// Everything that implements customers and the creation of subscriptions; stripe-stateful-mock neither changes nor cancels one.
const STRIPE: &[Backend] = &[Backend::Sandbox, Backend::Localstripe, Backend::StatefulMock, Backend::Live];
/// No program of others implements it. For Hetzner Cloud: none that keeps labels is known; our calls and the sandbox's answers are
/// held against the published document instead.
const ALONE: &[Backend] = &[Backend::Sandbox, Backend::Live];
/// The same, for cases that cost too much live.
const ALONE_EMULATED: &[Backend] = &[Backend::Sandbox];

/// All cases.
pub fn cases() -> Vec<Case> {
    [account::CASES, secret::CASES, rules::CASES, mailbox::CASES, subscription::CASES, instance::CASES].concat()
}
