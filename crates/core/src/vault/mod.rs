//! Secrets at rest: AES-256-GCM under a hierarchy of keys (S1).
mod sealed;

pub use sealed::{SealContext, SealError, Sealed, Sealer};
