//! What an object is called at its cloud, and how we know that it is ours.
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The id by which a cloud knows an object: a Firebase uid, `sub_…`, a server number.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ExternalId(pub Arc<str>);

impl fmt::Display for ExternalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for ExternalId {
    fn from(s: &str) -> Self {
        ExternalId(s.into())
    }
}

/// The stack an object belongs to: 16 lower-case hex digits, derived from the root key and the stack's name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct StackId(pub Arc<str>);

impl fmt::Display for StackId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A keyed hash of an address: 32 lower-case hex digits. It tells nothing to who has not the key (C5: no personal data in labels).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AddressHash(pub Arc<str>);

impl fmt::Display for AddressHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The mark that every object of ours bears at its cloud. What does not bear it is never touched.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Marker {
    /// Whose it is.
    pub stack: StackId,
    /// Which one it is.
    pub address: AddressHash,
}

/// How the address begins in the marker of an object that was let go.
const RELEASED: &str = "released-";

impl Marker {
    /// The marker of an object that is forgotten and not deleted: still of the stack, so that its parts are found, and of no
    /// address, so that it is neither taken for an orphan nor taken over.
    pub fn released(&self) -> Marker {
        Marker { stack: self.stack.clone(), address: AddressHash(format!("{RELEASED}{}", self.address).into()) }
    }

    /// Whether the object was let go.
    ///
    /// ```
    /// use ampere_core::identity::{AddressHash, Marker, StackId};
    ///
    /// let marker = Marker { stack: StackId("5a11".into()), address: AddressHash("7f3a".into()) };
    /// assert!(!marker.is_released());
    /// assert!(marker.released().is_released());
    /// ```
    pub fn is_released(&self) -> bool {
        self.address.0.starts_with(RELEASED)
    }
}
