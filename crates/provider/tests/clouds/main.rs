//! The provider against the sandbox, over real HTTP.
mod account;
mod engine;
mod errors;
mod firestore;
mod fleet;
mod id_token;
mod instance;
mod kit;
mod leaks;
mod notices;
mod proxy;
mod secret;
mod stripe_webhook;
mod subscription;
mod subscription_pages;
mod webhook;
