//! Lists, read to their last page (<https://docs.stripe.com/api/pagination>).
use std::collections::HashSet;

use ampere_core::inventory::ListProblem;
use ampere_core::provider::{ProviderError, ProviderErrorKind};
use futures::future::try_join_all;
use serde_json::Value as Json;

use super::windows::{PAGE, bounds};
use super::{CLOUD, Stripe};
use crate::http::{Call, Pages};

/// What a list holds. Every object has an id, and is there once.
#[derive(Default)]
pub(crate) struct List {
    /// The objects. Those of one range are newest first.
    pub objects: Vec<Json>,
    /// Objects that could not be read.
    pub problems: Vec<ListProblem>,
    seen: HashSet<String>,
}

impl List {
    fn take(&mut self, page: Page) {
        for object in page.objects {
            if object["id"].as_str().is_some_and(|id| self.seen.insert(id.to_owned())) {
                self.objects.push(object);
            }
        }
        self.problems.extend(page.problems);
    }
}

/// One page.
struct Page {
    objects: Vec<Json>,
    problems: Vec<ListProblem>,
    /// The cursor to the next page, if there is one.
    next: Option<String>,
}

impl Stripe {
    /// All objects of a list, read by one cursor.
    ///
    /// # Errors
    ///
    /// A page that could not be had.
    pub async fn list(&self, call: &Call) -> Result<List, ProviderError> {
        let mut list = List::default();
        for page in self.pages(call.clone(), None).await? {
            list.take(page);
        }
        Ok(list)
    }

    /// All objects of a list that holds about as many as expected. A long one is read in ranges of `created` that run at the
    /// same time.
    ///
    /// # Errors
    ///
    /// A page that could not be had.
    pub async fn list_expecting(&self, call: &Call, expected: usize) -> Result<List, ProviderError> {
        let first = self.page(call, None).await?;
        let next = first.next.clone();
        let times: Vec<i64> = first.objects.iter().filter_map(|object| object["created"].as_i64()).collect();
        let mut list = List::default();
        list.take(first);
        let Some(next) = next else { return Ok(list) };
        let bounds = bounds(&times, expected);
        let mut ranges = Vec::with_capacity(bounds.len() + 1);
        let mut above = None;
        for bound in bounds.iter().copied().map(Some).chain([None]) {
            let range = |call: Call| match bound {
                Some(bound) => call.query("created[gte]", bound),
                None => call,
            };
            ranges.push(match above {
                // The first goes on where the first page ended: objects of that very second may be on either side.
                None => self.pages(range(call.clone()), Some(next.clone())),
                Some(above) => self.pages(range(call.clone().query("created[lt]", above)), None),
            });
            above = bound;
        }
        for page in try_join_all(ranges).await?.into_iter().flatten() {
            list.take(page);
        }
        Ok(list)
    }

    /// Objects of a list made since it was read: what was made while the later pages came.
    ///
    /// # Errors
    ///
    /// A page that could not be had.
    pub async fn made_since(&self, call: &Call, mut list: List) -> Result<List, ProviderError> {
        if list.objects.len() < PAGE {
            return Ok(list);
        }
        let first = |objects: &[Json]| objects.first().and_then(|object| object["id"].as_str()).map(str::to_owned);
        let mut newest = first(&list.objects);
        let mut turned = Pages::new(CLOUD, call.place());
        while let Some(before) = newest {
            turned.turn(&before)?;
            let page = self.page(&call.clone().query("ending_before", before), None).await?;
            newest = page.next.as_ref().and_then(|_| first(&page.objects));
            list.take(page);
        }
        Ok(list)
    }

    async fn pages(&self, call: Call, mut after: Option<String>) -> Result<Vec<Page>, ProviderError> {
        let mut pages = Vec::new();
        let mut turned = Pages::new(CLOUD, call.place());
        loop {
            let page = self.page(&call, after.as_deref()).await?;
            after = page.next.clone();
            pages.push(page);
            match &after {
                Some(after) => turned.turn(after)?,
                None => return Ok(pages),
            }
        }
    }

    async fn page(&self, call: &Call, after: Option<&str>) -> Result<Page, ProviderError> {
        let mut sent = call.clone().query("limit", PAGE);
        if let Some(after) = after {
            sent = sent.query("starting_after", after);
        }
        let mut body = self.send(&sent).await?;
        let more = body["has_more"].as_bool().unwrap_or(false);
        let Some(Json::Array(found)) = body.get_mut("data").map(Json::take) else {
            let message = format!("a page of {} has no data", call.place());
            return Err(ProviderError::new(CLOUD, ProviderErrorKind::Malformed, message));
        };
        let last = found.iter().rev().find_map(|object| object["id"].as_str()).map(str::to_owned);
        let mut page = Page { objects: Vec::with_capacity(found.len()), problems: Vec::new(), next: None };
        for object in found {
            match object["id"].is_string() {
                true => page.objects.push(object),
                false if is_foreign(&object) => {}
                false => page.problems.push(problem(call, "an object has no id")),
            }
        }
        match (more, last) {
            (true, None) => page.problems.push(problem(call, "a page says there are more, and has none itself")),
            (true, last) => page.next = last,
            (false, _) => {}
        }
        Ok(page)
    }
}

/// Whether an object can be seen to bear no marker of ours.
fn is_foreign(object: &Json) -> bool {
    object["metadata"].as_object().is_some_and(|metadata| !metadata.contains_key("ampere_stack"))
}

/// Something in a list that could not be read.
pub(crate) fn problem(call: &Call, message: impl Into<String>) -> ListProblem {
    ListProblem { place: format!("{CLOUD}, {}", call.place()), message: message.into() }
}
