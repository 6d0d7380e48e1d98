//! Lists: <https://docs.hetzner.cloud/reference/cloud#pagination>.
//!
//! The first page tells how many there are; the others are asked for together. A list that changes while it is read could
//! hide an object between two pages: then it is read again.
use std::collections::BTreeSet;

use ampere_core::inventory::ListProblem;
use ampere_core::provider::{ProviderError, ProviderErrorKind};
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::Value as Json;

use super::{CLOUD, Hetzner};
use crate::http::{Call, Pages};

/// The most objects a page may hold.
const PAGE: u32 = 50;
/// Pages that are asked for at once.
const AT_ONCE: usize = 8;
/// How often a list that keeps changing is read before that is reported.
const READINGS: u32 = 3;

/// What a list holds, and what of it could not be read.
type Listed = (Vec<Json>, Vec<ListProblem>);

/// A page as it was answered.
struct Page {
    number: u64,
    objects: Vec<Json>,
    last: Option<u64>,
    next: Option<u64>,
    total: Option<u64>,
}

impl Hetzner {
    /// All objects of a list in its order. `what` is path and key of the list: `servers`, `firewalls`, …
    ///
    /// # Errors
    ///
    /// A page that could not be had.
    pub async fn list(&self, what: &'static str, filter: &[(&'static str, String)]) -> Result<Listed, ProviderError> {
        let mut readings = 0;
        loop {
            readings += 1;
            let pages = self.pages(what, filter).await?;
            let steady = is_steady(&pages);
            if !steady && readings < READINGS {
                tracing::debug!(what, "the list changed while it was read; reading it again");
                continue;
            }
            let (objects, mut problems) = objects(what, pages);
            if !steady {
                let message = format!("it changed each of the {READINGS} times it was read");
                problems.push(ListProblem { place: format!("{CLOUD}, GET /{what}"), message });
            }
            return Ok((objects, problems));
        }
    }

    async fn pages(&self, what: &'static str, filter: &[(&'static str, String)]) -> Result<Vec<Page>, ProviderError> {
        let mut turned = Pages::new(CLOUD, format!("GET /{what}"));
        let first = self.page(what, filter, 1).await?;
        let (last, mut next) = (first.last, first.next);
        let mut pages = vec![first];
        if let Some(last) = last {
            turned.check(last)?;
            let rest = stream::iter(2..=last).map(|number| self.page(what, filter, number)).buffered(AT_ONCE);
            pages.extend(rest.try_collect::<Vec<Page>>().await?);
            return Ok(pages);
        }
        // "Can be null if unknown": then one after the other.
        while let Some(number) = next {
            turned.turn(number)?;
            let page = self.page(what, filter, number).await?;
            next = page.next;
            pages.push(page);
        }
        Ok(pages)
    }

    async fn page(
        &self,
        what: &'static str,
        filter: &[(&'static str, String)],
        number: u64,
    ) -> Result<Page, ProviderError> {
        let mut call = Call::get(format!("/{what}")).query("per_page", PAGE).query("page", number);
        call.query.extend(filter.iter().cloned());
        let mut body = self.send(&call).await?;
        let Some(Json::Array(objects)) = body.get_mut(what).map(Json::take) else {
            let message = format!("page {number} of {what} has no {what}");
            return Err(ProviderError::new(CLOUD, ProviderErrorKind::Malformed, message));
        };
        let told = &body["meta"]["pagination"];
        let count = |name: &str| told[name].as_u64();
        Ok(Page { number, objects, last: count("last_page"), next: count("next_page"), total: count("total_entries") })
    }
}

/// Whether all pages tell of the same list, and together hold as many objects as they say.
fn is_steady(pages: &[Page]) -> bool {
    let Some(total) = pages.first().and_then(|page| page.total) else { return true };
    let found: usize = pages.iter().map(|page| page.objects.len()).sum();
    let ids = pages.iter().flat_map(|page| &page.objects).filter_map(|object| object["id"].as_u64());
    let distinct: BTreeSet<u64> = ids.clone().collect();
    pages.iter().all(|page| page.total == Some(total))
        && usize::try_from(total) == Ok(found)
        && distinct.len() == ids.count()
}

fn objects(what: &str, pages: Vec<Page>) -> Listed {
    let (mut objects, mut problems, mut seen) = (Vec::new(), Vec::new(), BTreeSet::new());
    for page in pages {
        for object in page.objects {
            match object["id"].as_u64() {
                Some(id) if seen.insert(id) => objects.push(object),
                Some(_) => {}
                None => problems.push(ListProblem {
                    place: format!("{CLOUD}, GET /{what}, page {}", page.number),
                    message: "an object has no id".into(),
                }),
            }
        }
    }
    (objects, problems)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn page(number: u64, ids: &[u64], total: u64) -> Page {
        let objects = ids.iter().map(|id| json!({"id": id})).collect();
        Page { number, objects, last: Some(2), next: None, total: Some(total) }
    }

    #[test]
    fn an_object_that_fell_between_two_pages_is_noticed() {
        assert!(is_steady(&[page(1, &[1, 2], 3), page(2, &[3], 3)]));
        assert!(!is_steady(&[page(1, &[1, 2], 4), page(2, &[4], 3)]), "one was deleted meanwhile");
        assert!(!is_steady(&[page(1, &[1, 2], 3), page(2, &[2, 3], 4)]), "one was made meanwhile");
        assert!(!is_steady(&[page(1, &[1, 2], 4), page(2, &[2, 3], 4)]), "one is there twice, so another is not");
        assert!(!is_steady(&[page(1, &[1, 2], 4), page(2, &[3], 4)]), "fewer than told");
    }
}
