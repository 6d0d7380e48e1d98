//! All resource types that this program knows.
use std::sync::Arc;

use ampere_core::builtin::Builtin;
use ampere_core::kind::Kinds;
use ampere_core::provider::Providers;

use crate::world::SystemRandom;

/// The rules of all kinds, without their clouds.
pub fn all() -> Kinds {
    let mut kinds = builtin().kinds().clone();
    kinds.extend(ampere_provider::kinds());
    kinds
}

/// The kinds that need no cloud.
pub fn builtin() -> Providers {
    Providers::new().with(Arc::new(Builtin::new(Arc::new(SystemRandom))))
}
