//! Epochs of the vault's keys: where they are kept, how they begin and end.
//!
//! The keys of accounts lie in the state, wrapped by the key of an epoch; the epochs lie elsewhere ([`EpochStore`]). A rotation
//! saves a new epoch, wraps every row by it, and then destroys the ones before: from there on no older copy of the state
//! opens anything of an account that was erased meanwhile (S1, R2). It may be stopped anywhere: the next one goes on.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # struct Machine;
//! # impl ampere_core::clock::Clock for Machine { fn now(&self) -> jiff::Timestamp { jiff::Timestamp::UNIX_EPOCH } }
//! # impl ampere_core::clock::Random for Machine {
//! #     fn fill(&self, b: &mut [u8]) -> Result<(), ampere_core::clock::NoRandomness> { b.fill(7); Ok(()) }
//! # }
//! # use std::{sync::Arc, time::Duration};
//! use ampere_core::rotation::{self, MemoryEpochs, Rotation};
//! use ampere_core::store::{LockHolder, MemoryStore, Store};
//! use ampere_core::vault::RootKey;
//!
//! let (store, epochs) = (MemoryStore::new(), MemoryEpochs::new());
//! let root = RootKey::from_bytes([7; 32]);
//! # let (id, who, operation, since) = ("1".into(), "ada".into(), "apply".into(), jiff::Timestamp::UNIX_EPOCH);
//! # let holder = LockHolder { id, who, operation, since };
//! let lease = store.lock(holder, Duration::ZERO).await?;
//! let (vault, _rows) = rotation::open(&root, "prod", &store, &epochs, Arc::new(Machine)).await?;
//! let rotation = Rotation {
//!     vault: &vault, store: &store, lease: &lease, epochs: &epochs, clock: &Machine, actor: "ada", progress: &|_, _| {},
//! };
//! rotation.keep().await?; // under every lock, before anything is sealed
//! assert_eq!(vault.epoch(), Some(1));
//! # store.unlock(lease).await?; Ok(()) }
//! ```
mod open;
mod rotate;
mod store;

pub use open::{OpenError, open};
pub use rotate::{Rotated, Rotation, RotationError};
pub use store::{EpochStore, EpochStoreError, MemoryEpochs};
