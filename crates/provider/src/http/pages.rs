//! Lists that end.
use std::collections::BTreeSet;

use ampere_core::provider::{ProviderError, ProviderErrorKind};

/// The most pages that a list is read for: half a million servers, ten times what a stack may hold.
pub(crate) const MOST_PAGES: u64 = 10_000;

/// The pages of one list as they come. A cloud (or whoever speaks in its place) that names a page twice, or ever another one, is
/// stopped; the list then counts as not read, so that nothing is concluded to be gone.
pub(crate) struct Pages {
    cloud: &'static str,
    place: String,
    seen: BTreeSet<String>,
}

impl Pages {
    /// Of the list at a place, such as `GET /servers`.
    pub fn new(cloud: &'static str, place: impl Into<String>) -> Pages {
        Pages { cloud, place: place.into(), seen: BTreeSet::new() }
    }

    /// Goes on to the page that this cursor names.
    ///
    /// # Errors
    ///
    /// `Malformed` if that one was read already, or if there are too many.
    pub fn turn(&mut self, cursor: impl ToString) -> Result<(), ProviderError> {
        if !self.seen.insert(cursor.to_string()) {
            return Err(self.malformed("names the same next page twice"));
        }
        self.check(self.seen.len() as u64)
    }

    /// Checks how many pages a list says that it has.
    ///
    /// # Errors
    ///
    /// `Malformed` if that is too many.
    pub fn check(&self, pages: u64) -> Result<(), ProviderError> {
        if pages > MOST_PAGES { Err(self.malformed(&format!("has more than {MOST_PAGES} pages"))) } else { Ok(()) }
    }

    fn malformed(&self, what: &str) -> ProviderError {
        let message = format!("the list {} {what}: it cannot be read whole", self.place);
        ProviderError::new(self.cloud, ProviderErrorKind::Malformed, message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_ends() {
        let mut pages = Pages::new("Stripe", "GET /v1/customers");
        assert!((0..MOST_PAGES).all(|n| pages.turn(n).is_ok()));
        let endless = pages.turn(MOST_PAGES).unwrap_err();
        assert_eq!(endless.kind, ProviderErrorKind::Malformed);
        assert!(endless.to_string().contains("10000 pages"), "{endless}");
        let mut pages = Pages::new("Stripe", "GET /v1/customers");
        assert!(pages.turn("a").is_ok() && pages.turn("b").is_ok() && pages.turn("a").is_err());
    }
}
