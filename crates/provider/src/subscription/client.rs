//! The calls of `ampere_subscription`.
use std::sync::Arc;

use ampere_core::identity::{ExternalId, Marker, StackId};
use ampere_core::inventory::{Listing, Observed};
use ampere_core::provider::{Applied, Inquiry, ProviderError, ProviderErrorKind, Request};
use ampere_core::schema::Schema;
use async_trait::async_trait;

use super::model::{Customer, Subscription, Wanted};
use super::{refund, refusal, request, schema};
use crate::attributes::applied;
use crate::firebase::Identity;
use crate::service::{Service, not_ours, replaced, wanted};
use crate::stripe::{CLOUD, Stripe};

/// `ampere_subscription` at Stripe. The account's email address is asked of Firebase: Stripe needs it for invoices.
pub(crate) struct SubscriptionClient {
    pub(super) stripe: Stripe,
    identity: Arc<Identity>,
    schema: Schema,
}

impl SubscriptionClient {
    /// The client over the two services.
    pub fn new(stripe: Stripe, identity: Arc<Identity>) -> SubscriptionClient {
        SubscriptionClient { stripe, identity, schema: schema::schema() }
    }

    async fn email(&self, account: &str) -> Result<String, ProviderError> {
        let email = self.identity.lookup(account).await?.and_then(|user| user.email);
        email.ok_or_else(|| {
            let message = "the account is no Firebase user with an email address, and Stripe needs one for invoices";
            ProviderError::new(CLOUD, ProviderErrorKind::NotFound, message)
                .about("account")
                .with_hint("Set account to the id of an ampere_account of this configuration.")
        })
    }

    async fn subscriptions(&self, call: &crate::http::Call) -> Result<Vec<Subscription>, ProviderError> {
        let found = self.stripe.list(call).await?.objects;
        Ok(found.iter().filter_map(Subscription::read).collect())
    }

    /// The customer of a marker, made if it is not there.
    async fn customer_for(&self, email: &str, request: &Request<'_>) -> Result<Customer, ProviderError> {
        let found = self.stripe.list(&request::customers_of(email)).await?.objects;
        let ours = |customer: &Customer| customer.marker.as_ref() == Some(request.marker) && !customer.deleted;
        if let Some(customer) = found.iter().filter_map(Customer::read).find(ours) {
            return Ok(customer);
        }
        let call = request::create_customer(email, request.marker, request.idempotency_key);
        let made = self.stripe.send(&call).await?;
        Customer::read(&made).ok_or_else(|| without_id("POST /v1/customers"))
    }

    /// Brings an existing subscription and its customer to what is wanted.
    async fn settle(
        &self,
        current: Subscription,
        wanted: &Wanted,
        request: &Request<'_>,
    ) -> Result<Subscription, ProviderError> {
        if let Some(customer) = current.payer.as_ref().filter(|customer| !customer.deleted) {
            let email = self.email(&wanted.account).await?;
            let key = request.idempotency_key;
            if let Some(call) = request::update_customer(customer, &email, request.marker, key) {
                self.stripe.send(&call).await?;
            }
        }
        match request::update(&current, wanted, request.marker, request.idempotency_key) {
            None => Ok(current),
            Some(call) => {
                let currency = current.payer.as_ref().and_then(|customer| customer.currency.as_deref());
                let changed = match self.stripe.send(&call).await {
                    Ok(changed) => changed,
                    Err(refused) => return Err(refusal::explain(&self.stripe, refused, &wanted.price, currency).await),
                };
                Subscription::read(&changed).ok_or_else(|| without_id("POST /v1/subscriptions/{id}"))
            }
        }
    }

    fn applied(&self, subscription: &Subscription, request: &Request<'_>) -> Result<Applied, ProviderError> {
        let attributes = applied(&self.schema, wanted(CLOUD, request)?, &subscription.attributes());
        Ok(Applied { id: subscription.id.as_str().into(), attributes, sealed: None })
    }

    /// Deletes the customer, unless another subscription of this stack lives on it (the new half of a replacement).
    async fn delete_customer(&self, id: &str, marker: &Marker, except: &str) -> Result<(), ProviderError> {
        let found = self.stripe.find(&request::customer(id)).await?;
        let Some(customer) = found.as_ref().and_then(Customer::read).filter(|customer| !customer.deleted) else {
            return Ok(());
        };
        if customer.marker.is_none_or(|found| found.stack != marker.stack) {
            return Ok(());
        }
        let others = self.subscriptions(&request::of_customer(id)).await?;
        if others.iter().any(|other| other.id != except && !other.is_over()) {
            return Ok(());
        }
        self.stripe.find(&request::delete_customer(id)).await.map(drop)
    }
}

fn without_id(place: &str) -> ProviderError {
    ProviderError::new(CLOUD, ProviderErrorKind::Malformed, format!("the answer to {place} has no id"))
}

#[async_trait]
impl Service for SubscriptionClient {
    async fn list(&self, inquiry: &Inquiry<'_>, _: &crate::firebase::Lists) -> Result<Listing, ProviderError> {
        self.listing(inquiry).await
    }

    async fn read(&self, id: &ExternalId) -> Result<Option<Observed>, ProviderError> {
        let found = self.stripe.find(&request::get(&id.0)).await?;
        let Some(mut subscription) = found.as_ref().and_then(Subscription::read) else { return Ok(None) };
        refund::note_one(&self.stripe, &mut subscription).await?;
        let customer = subscription.payer.clone().filter(|customer| !customer.deleted);
        Ok(Some(subscription.observed(customer.as_ref())))
    }

    async fn create(&self, request: Request<'_>) -> Result<Applied, ProviderError> {
        let wanted = Wanted::read(wanted(CLOUD, &request)?)?;
        let email = self.email(&wanted.account).await?;
        let customer = self.customer_for(&email, &request).await?;
        let there = self.subscriptions(&request::of_customer(&customer.id)).await?;
        let ours = |s: &Subscription| {
            s.marker.as_ref() == Some(request.marker) && !s.is_over() && Some(s.id.as_str()) != replaced(&request)
        };
        let subscription = match there.into_iter().find(ours) {
            Some(there) => self.settle(there, &wanted, &request).await?,
            None => {
                let call = request::create(&customer.id, &wanted, request.marker, request.idempotency_key);
                let made = match self.stripe.send(&call).await {
                    Ok(made) => made,
                    Err(refused) => {
                        let currency = customer.currency.as_deref();
                        return Err(refusal::explain(&self.stripe, refused, &wanted.price, currency).await);
                    }
                };
                Subscription::read(&made).ok_or_else(|| without_id("POST /v1/subscriptions"))?
            }
        };
        self.applied(&subscription, &request)
    }

    async fn update(&self, id: &ExternalId, request: Request<'_>) -> Result<Applied, ProviderError> {
        let wanted = Wanted::read(wanted(CLOUD, &request)?)?;
        let found = self.stripe.find(&request::get(&id.0)).await?;
        let Some(current) = found.as_ref().and_then(Subscription::read) else {
            let message = format!("the subscription {id} is gone");
            return Err(
                ProviderError::new(CLOUD, ProviderErrorKind::NotFound, message).with_hint("Run the plan again.")
            );
        };
        if current.marker.as_ref().is_some_and(|marker| marker.stack != request.marker.stack) {
            return Err(not_ours(CLOUD, "the subscription", &id.0));
        }
        let settled = self.settle(current, &wanted, &request).await?;
        self.applied(&settled, &request)
    }

    async fn delete(&self, id: &ExternalId, request: Request<'_>) -> Result<(), ProviderError> {
        if id.0.starts_with("cus_") {
            return self.delete_customer(&id.0, request.marker, "").await;
        }
        let found = self.stripe.find(&request::get(&id.0)).await?;
        let Some(subscription) = found.as_ref().and_then(Subscription::read) else { return Ok(()) };
        if !is_of(subscription.marker.as_ref(), &request.marker.stack) {
            return Err(not_ours(CLOUD, "the subscription", &id.0));
        }
        if !subscription.is_over() {
            (request.progress)("cancelling the subscription");
            self.stripe.find(&request::cancel(&subscription.id)).await?;
        }
        match &subscription.customer {
            Some(customer) => self.delete_customer(customer, request.marker, &subscription.id).await,
            None => Ok(()),
        }
    }
}

fn is_of(marker: Option<&Marker>, stack: &StackId) -> bool {
    marker.is_some_and(|marker| marker.stack == *stack)
}
