//! Listing, as shallow as will do.
//!
//! [`Depth::Objects`] reads one list: subscriptions that have not ended, each with customer and latest invoice. Stripe leaves
//! canceled ones out of it, so those that the state knows and the list lacks are read by id: an end is seen as an end, and
//! not as a loss. [`Depth::Parts`] adds what lies behind: ended subscriptions, customers without one, refunds.
use std::collections::{BTreeMap, BTreeSet};

use ampere_core::identity::{ExternalId, StackId};
use ampere_core::inventory::{Depth, ListProblem, Listing};
use ampere_core::provider::{Inquiry, ProviderError};
use futures::future::{try_join, try_join_all};
use serde_json::Value as Json;

use super::client::SubscriptionClient;
use super::model::{self, Customer, Subscription, is_half_marked};
use super::{KIND, refund, request};
use crate::http::Call;
use crate::stripe::{List, Stripe, problem};

/// Above so many, reading what a list leaves out one by one takes longer than reading the list of all that ended.
const READ_SINGLY: usize = 100;

/// What was read of Stripe.
struct Found {
    subscriptions: Vec<Subscription>,
    /// Living customers that were listed for themselves.
    customers: BTreeMap<String, Customer>,
    problems: Vec<ListProblem>,
}

impl SubscriptionClient {
    /// All subscriptions of a stack, as deep as was asked.
    pub(super) async fn listing(&self, inquiry: &Inquiry<'_>) -> Result<Listing, ProviderError> {
        let known: BTreeSet<&str> = inquiry.known.get(KIND).into_iter().flatten().map(|id| &*id.0).collect();
        let mut found = match inquiry.depth {
            Depth::Objects => self.objects(inquiry.stack, &known).await?,
            Depth::Parts => self.parts(inquiry.stack, known.len()).await?,
        };
        found.subscriptions = current(found.subscriptions);
        // An ended subscription stays in Stripe's lists for ever. Without a customer nothing of it is left to delete; it
        // counts until the state has taken notice of the end (somebody may have deleted the customer by hand).
        found.subscriptions.retain(|s| s.payer.is_some() || !s.is_over() || known.contains(s.id.as_str()));
        if inquiry.depth == Depth::Parts {
            refund::note_all(&self.stripe, &mut found.subscriptions).await?;
        }
        Ok(found.listing(inquiry.stack))
    }

    async fn objects(&self, stack: &StackId, known: &BTreeSet<&str>) -> Result<Found, ProviderError> {
        let call = request::list_open();
        let List { mut objects, problems, .. } = self.stripe.list_expecting(&call, known.len()).await?;
        let listed: BTreeSet<&str> = objects.iter().filter_map(|object| object["id"].as_str()).collect();
        let left_out: Vec<&str> = known.difference(&listed).copied().collect();
        objects.extend(left_out_of_list(&self.stripe, &left_out).await?);
        Ok(Found::read(stack, &call, objects, problems))
    }

    async fn parts(&self, stack: &StackId, expected: usize) -> Result<Found, ProviderError> {
        let (all, customers) = (request::list(), request::customers());
        let whole = async |call| self.stripe.made_since(call, self.stripe.list_expecting(call, expected).await?).await;
        let (subscriptions, listed) = try_join(whole(&all), whole(&customers)).await?;
        let mut found = Found::read(stack, &all, subscriptions.objects, subscriptions.problems);
        found.problems.extend(listed.problems);
        found.problems.extend(half_marked(stack, &customers, &listed.objects));
        let listed = listed.objects.iter().filter_map(Customer::read).filter(|customer| !customer.deleted);
        found.customers = listed.map(|customer| (customer.id.clone(), customer)).collect();
        for subscription in found.subscriptions.iter_mut().filter(|subscription| subscription.payer.is_none()) {
            let listed = subscription.customer.as_deref().and_then(|id| found.customers.get(id));
            subscription.payer = listed.cloned();
        }
        Ok(found)
    }
}

/// Subscriptions by id that no list of open ones holds; one that Stripe does not know is left out.
async fn left_out_of_list(stripe: &Stripe, ids: &[&str]) -> Result<Vec<Json>, ProviderError> {
    if ids.len() <= READ_SINGLY {
        let reads = ids.iter().map(|id| async { stripe.find(&request::get(id)).await });
        return Ok(try_join_all(reads).await?.into_iter().flatten().collect());
    }
    let mut ended = stripe.list(&request::list_ended()).await?.objects;
    ended.retain(|object| object["id"].as_str().is_some_and(|id| ids.binary_search(&id).is_ok()));
    Ok(ended)
}

impl Found {
    /// Takes the subscriptions of the stack.
    fn read(stack: &StackId, call: &Call, objects: Vec<Json>, problems: Vec<ListProblem>) -> Found {
        let mut found = Found { subscriptions: Vec::new(), customers: BTreeMap::new(), problems };
        found.problems.extend(half_marked(stack, call, &objects));
        let ours = |s: &Subscription| s.marker.as_ref().is_some_and(|marker| marker.stack == *stack);
        for mut subscription in objects.iter().filter_map(Subscription::read).filter(ours) {
            let lacks = match (&subscription.status, &subscription.customer) {
                (None, _) => Some("status"),
                (_, None) => Some("customer"),
                _ => None,
            };
            found.problems.extend(lacks.map(|field| problem(call, format!("{} has no {field}", subscription.id))));
            subscription.payer = subscription.payer.filter(|customer| !customer.deleted);
            found.subscriptions.push(subscription);
        }
        found
    }

    fn listing(mut self, stack: &StackId) -> Listing {
        let mut objects = Vec::with_capacity(self.subscriptions.len());
        for subscription in &self.subscriptions {
            subscription.customer.as_deref().and_then(|id| self.customers.remove(id));
            objects.push(subscription.observed(subscription.payer.as_ref()));
        }
        for customer in self.customers.values() {
            if let Some(marker) = customer.marker.clone().filter(|marker| marker.stack == *stack) {
                objects.push(model::leftover(customer, marker));
            }
        }
        Listing { objects, problems: self.problems }
    }
}

/// Objects that name our stack and no address: their marker was broken by hand, and what they are cannot be told.
fn half_marked(stack: &StackId, call: &Call, objects: &[Json]) -> Vec<ListProblem> {
    let broken = objects.iter().filter(|object| is_half_marked(object, stack));
    broken.map(|object| problem(call, format!("the marker of {} is broken", ExternalId::from(id(object))))).collect()
}

fn id(object: &Json) -> &str {
    object["id"].as_str().unwrap_or("?")
}

/// Of all subscriptions with one marker and customer, those that count: every one that is not over; if none, the newest.
fn current(mut subscriptions: Vec<Subscription>) -> Vec<Subscription> {
    subscriptions.sort_by_key(|s| (s.is_over(), -s.created));
    let mut seen = BTreeSet::new();
    subscriptions.retain(|subscription| {
        let first = seen.insert((subscription.marker.clone(), subscription.customer.clone()));
        first || !subscription.is_over()
    });
    subscriptions
}
