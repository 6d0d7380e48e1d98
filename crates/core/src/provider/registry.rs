//! Which provider serves which kind.
use std::collections::BTreeMap;
use std::sync::Arc;

use super::Provider;
use crate::kind::Kind;

/// Providers by the resource types they serve.
#[derive(Clone, Default)]
pub struct Providers {
    kinds: BTreeMap<&'static str, Arc<dyn Kind>>,
    by_kind: BTreeMap<&'static str, Arc<dyn Provider>>,
}

impl Providers {
    /// None yet.
    pub fn new() -> Providers {
        Providers::default()
    }

    /// Adds a provider with all its kinds; of two that serve a kind, the later one counts.
    pub fn with(mut self, provider: Arc<dyn Provider>) -> Providers {
        for (name, kind) in provider.kinds() {
            self.kinds.insert(name, kind.clone());
            self.by_kind.insert(name, provider.clone());
        }
        self
    }

    /// All kinds, by resource type.
    pub fn kinds(&self) -> &BTreeMap<&'static str, Arc<dyn Kind>> {
        &self.kinds
    }

    /// The rules of a kind.
    pub fn kind(&self, name: &str) -> Option<&Arc<dyn Kind>> {
        self.kinds.get(name)
    }

    /// The providers that serve these kinds, each with its share of them.
    pub fn serving<'a>(&self, kinds: impl IntoIterator<Item = &'a str>) -> Vec<(&Arc<dyn Provider>, Vec<&'a str>)> {
        let mut shares: Vec<(&Arc<dyn Provider>, Vec<&'a str>)> = Vec::new();
        for kind in kinds {
            let Some(provider) = self.provider(kind) else { continue };
            match shares.iter_mut().find(|(other, _)| Arc::ptr_eq(other, provider)) {
                Some((_, share)) => share.push(kind),
                None => shares.push((provider, vec![kind])),
            }
        }
        shares
    }

    /// Who serves a kind.
    pub fn provider(&self, kind: &str) -> Option<&Arc<dyn Provider>> {
        self.by_kind.get(kind)
    }
}
