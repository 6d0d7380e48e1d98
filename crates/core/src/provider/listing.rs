//! Listing: what is asked, what is answered.
use std::collections::BTreeMap;
use std::sync::Arc;

use super::ProviderError;
use crate::identity::{ExternalId, StackId};
use crate::inventory::{Depth, Listing};

/// What a provider is asked to list.
#[derive(Clone, Copy, Debug)]
pub struct Inquiry<'a> {
    /// Whose objects.
    pub stack: &'a StackId,
    /// Of these kinds. They are asked for together, so that kinds which share a list share its pages.
    pub kinds: &'a [&'a str],
    /// How deep to look.
    pub depth: Depth,
    /// The objects that the state knows, by kind: one that a cloud's list leaves out (an ended subscription) is read singly.
    pub known: &'a BTreeMap<Arc<str>, Vec<ExternalId>>,
}

/// A provider's answer, by kind: a kind whose listing failed does not take the others with it.
pub type Listings = BTreeMap<Arc<str>, Result<Listing, ProviderError>>;
