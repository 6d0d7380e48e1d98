//! Why Stripe refused a price. Of an archived one, and of one in a foreign currency, it says no more than that the request is
//! invalid; so the price itself is asked.
use ampere_core::provider::{ProviderError, ProviderErrorKind};
use serde_json::Value as Json;

use super::request;
use crate::stripe::{CLOUD, Stripe};

/// A refusal, said more clearly if the price is what is wrong. `currency` is the customer's.
pub(super) async fn explain(
    stripe: &Stripe,
    refused: ProviderError,
    price: &str,
    currency: Option<&str>,
) -> ProviderError {
    if refused.kind != ProviderErrorKind::Invalid {
        return refused;
    }
    match stripe.find(&request::price(price)).await {
        Ok(Some(price)) => fault(&price, currency).unwrap_or(refused),
        // The refusal is what happened; that its reason cannot be had now is not worth more words.
        Ok(None) | Err(_) => refused,
    }
}

fn fault(price: &Json, currency: Option<&str>) -> Option<ProviderError> {
    let wrong = |message: String, hint: &str| {
        ProviderError::new(CLOUD, ProviderErrorKind::Invalid, message).about("price").with_hint(hint)
    };
    if price["active"] == false {
        let hint = "Unarchive it in the Stripe dashboard, under Product catalog, or set price to another. Subscriptions that \
                    have it already go on.";
        return Some(wrong("the price is archived".to_owned(), hint));
    }
    if price["type"].as_str().is_some_and(|kind| kind != "recurring") {
        let hint = "A subscription needs a recurring price: make one in the Stripe dashboard, under Product catalog.";
        return Some(wrong("the price is for a single payment".to_owned(), hint));
    }
    let (theirs, ours) = (currency?, price["currency"].as_str()?);
    let is_code = |text: &str| text.len() == 3 && text.bytes().all(|b| b.is_ascii_lowercase());
    if theirs == ours || !is_code(theirs) || !is_code(ours) {
        return None;
    }
    let hint = "Stripe binds a customer to one currency. Set price to one in the customer's currency, or replace the \
                subscription (its customer is then deleted, and made anew).";
    Some(wrong(format!("the price is in {ours} and the customer pays in {theirs}"), hint))
}
