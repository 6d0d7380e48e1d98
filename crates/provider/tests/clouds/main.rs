//! The provider against the sandbox, over real HTTP.
mod account;
mod fleet;
mod instance;
mod kit;
mod secret;
mod subscription;
