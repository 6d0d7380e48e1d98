//! Requests of `ampere_subscription`, built apart from being sent.
use ampere_core::identity::Marker;

use super::model::{Customer, Subscription, Wanted};
use crate::http::{Call, segment};

/// Days that an invoice sent by mail may stay open.
const DAYS_UNTIL_DUE: u32 = 7;

/// `GET /v1/subscriptions` of every status.
pub(crate) fn list() -> Call {
    list_open().query("status", "all")
}

/// `GET /v1/subscriptions` that are not canceled. Whether Stripe counts `incomplete_expired` among those is not documented;
/// nothing here depends on it.
pub(crate) fn list_open() -> Call {
    Call::get("/v1/subscriptions").query("expand[]", "data.customer").query("expand[]", "data.latest_invoice")
}

/// `GET /v1/subscriptions` that ended: `canceled` and `incomplete_expired`.
pub(crate) fn list_ended() -> Call {
    list_open().query("status", "ended")
}

/// The subscriptions of one customer.
pub(crate) fn of_customer(customer: &str) -> Call {
    list().query("customer", customer)
}

/// One subscription.
pub(crate) fn get(id: &str) -> Call {
    Call::get(format!("/v1/subscriptions/{}", segment(id)))
        .query("expand[]", "customer")
        .query("expand[]", "latest_invoice")
}

/// Refunds made since a time, with their charges.
pub(crate) fn refunds_since(since: i64) -> Call {
    Call::get("/v1/refunds").query("expand[]", "data.charge").query("created[gte]", since)
}

/// The refunds of one charge.
pub(crate) fn refunds_of(charge: &str) -> Call {
    Call::get("/v1/refunds").query("charge", charge)
}

/// One price.
pub(crate) fn price(id: &str) -> Call {
    Call::get(format!("/v1/prices/{}", segment(id)))
}

/// A customer's charges since a time.
pub(crate) fn charges_since(customer: &str, since: i64) -> Call {
    Call::get("/v1/charges").query("customer", customer).query("created[gte]", since)
}

/// All customers.
pub(crate) fn customers() -> Call {
    Call::get("/v1/customers")
}

/// The customers with an email address.
pub(crate) fn customers_of(email: &str) -> Call {
    customers().query("email", email)
}

/// One customer.
pub(crate) fn customer(id: &str) -> Call {
    Call::get(format!("/v1/customers/{}", segment(id)))
}

/// A new customer.
pub(crate) fn create_customer(email: &str, marker: &Marker, key: &str) -> Call {
    let mut form = vec![("email".to_owned(), email.to_owned())];
    form.extend(metadata(marker));
    Call::post("/v1/customers").form(form).idempotent(format!("{key}-customer"))
}

/// What must change on a customer; none if nothing.
pub(crate) fn update_customer(customer: &Customer, email: &str, marker: &Marker, key: &str) -> Option<Call> {
    let mut form = Vec::new();
    if customer.email.as_deref() != Some(email) {
        form.push(("email".to_owned(), email.to_owned()));
    }
    if customer.marker.as_ref() != Some(marker) {
        form.extend(metadata(marker));
    }
    let call = Call::post(format!("/v1/customers/{}", segment(&customer.id)));
    (!form.is_empty()).then(|| call.form(form).idempotent(format!("{key}-customer-change")))
}

/// `DELETE /v1/customers/{id}`: cancels its subscriptions as well.
pub(crate) fn delete_customer(id: &str) -> Call {
    Call::delete(format!("/v1/customers/{}", segment(id)))
}

/// A new subscription of a customer.
///
/// `default_incomplete` makes Stripe ask for the first payment on its own page instead of charging blindly.
pub(crate) fn create(customer: &str, wanted: &Wanted, marker: &Marker, key: &str) -> Call {
    let mut form = vec![
        pair("customer", customer),
        pair("items[0][price]", &wanted.price),
        pair("payment_behavior", "default_incomplete"),
        pair("expand[]", "customer"),
        pair("expand[]", "latest_invoice"),
    ];
    form.extend(collection(&wanted.payment));
    if let Some(days) = wanted.trial_days {
        form.push(pair("trial_period_days", days.to_string()));
        // A trial that ends without a means of payment must not run on unpaid.
        form.push(pair("trial_settings[end_behavior][missing_payment_method]", "cancel"));
    }
    form.extend(metadata(marker));
    form.extend(own_metadata(wanted));
    Call::post("/v1/subscriptions").form(form).idempotent(format!("{key}-subscription"))
}

/// What must change on a subscription; none if nothing.
pub(crate) fn update(current: &Subscription, wanted: &Wanted, marker: &Marker, key: &str) -> Option<Call> {
    let mut form = Vec::new();
    if current.price.as_deref() != Some(&wanted.price) {
        if let Some(item) = &current.item {
            form.push(pair("items[0][id]", item));
        }
        form.push(pair("items[0][price]", &wanted.price));
    }
    if current.payment.as_deref() != Some(&wanted.payment) {
        form.extend(collection(&wanted.payment));
    }
    if current.marker.as_ref() != Some(marker) {
        form.extend(metadata(marker));
    }
    form.extend(own_metadata(wanted).into_iter().filter(|(name, value)| current.metadata_of(name) != value));
    if form.is_empty() {
        return None;
    }
    form.push(pair("expand[]", "customer"));
    form.push(pair("expand[]", "latest_invoice"));
    let call = Call::post(format!("/v1/subscriptions/{}", segment(&current.id)));
    Some(call.form(form).idempotent(format!("{key}-subscription-change")))
}

/// `DELETE /v1/subscriptions/{id}`: ends it now.
pub(crate) fn cancel(id: &str) -> Call {
    Call::delete(format!("/v1/subscriptions/{}", segment(id)))
}

fn collection(payment: &str) -> Vec<(String, String)> {
    let mut form = vec![pair("collection_method", payment)];
    if payment == "send_invoice" {
        form.push(pair("days_until_due", DAYS_UNTIL_DUE.to_string()));
    }
    form
}

fn metadata(marker: &Marker) -> Vec<(String, String)> {
    vec![
        pair("metadata[ampere_stack]", marker.stack.to_string()),
        pair("metadata[ampere_address]", marker.address.to_string()),
    ]
}

/// What Stripe keeps for us, so that a lost state can be rebuilt from it.
fn own_metadata(wanted: &Wanted) -> Vec<(String, String)> {
    vec![
        pair("metadata[ampere_account]", &wanted.account),
        pair("metadata[ampere_erase_on]", &wanted.erase_on),
        pair("metadata[ampere_erase_on_refund]", wanted.erase_on_refund.as_deref().unwrap_or_default()),
        pair("metadata[ampere_trial_days]", wanted.trial_days.map(|days| days.to_string()).unwrap_or_default()),
    ]
}

fn pair(name: &str, value: impl Into<String>) -> (String, String) {
    (name.to_owned(), value.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Payload;
    use crate::marker;

    fn wanted() -> Wanted {
        Wanted {
            account: "uid-1".into(),
            price: "price_1".into(),
            payment: "charge_automatically".into(),
            erase_on: "period_end".into(),
            erase_on_refund: None,
            trial_days: None,
        }
    }

    fn field<'a>(call: &'a Call, name: &str) -> Option<&'a str> {
        let Payload::Form(form) = &call.payload else { panic!("a form") };
        form.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    #[test]
    fn a_create_asks_for_payment_on_stripes_page_and_bears_the_marker() {
        let call = create("cus_1", &wanted(), &marker::marker("aa", "bb"), "k1");
        assert_eq!(field(&call, "payment_behavior"), Some("default_incomplete"));
        assert_eq!(field(&call, "items[0][price]"), Some("price_1"));
        assert_eq!(field(&call, "metadata[ampere_address]"), Some("bb"));
        assert_eq!(field(&call, "trial_period_days"), None);
        assert_eq!(call.idempotency_key.as_deref(), Some("k1-subscription"));
        let invoiced = Wanted { payment: "send_invoice".into(), trial_days: Some(14), ..wanted() };
        let call = create("cus_1", &invoiced, &marker::marker("aa", "bb"), "k1");
        assert_eq!(field(&call, "days_until_due"), Some("7"));
        assert_eq!(field(&call, "trial_period_days"), Some("14"));
    }

    #[test]
    fn an_update_sends_only_what_differs() {
        let ours = marker::marker("aa", "bb");
        let body = serde_json::json!({"id": "sub_1", "status": "active", "customer": "cus_1",
            "collection_method": "charge_automatically",
            "items": {"data": [{"id": "si_1", "price": {"id": "price_1"}}]},
            "metadata": {"ampere_stack": "aa", "ampere_address": "bb", "ampere_account": "uid-1",
                         "ampere_erase_on": "period_end"}});
        let current = Subscription::read(&body).unwrap();
        assert!(update(&current, &wanted(), &ours, "k").is_none());
        let dearer = Wanted { price: "price_2".into(), ..wanted() };
        let call = update(&current, &dearer, &ours, "k").unwrap();
        assert_eq!((field(&call, "items[0][id]"), field(&call, "items[0][price]")), (Some("si_1"), Some("price_2")));
        assert_eq!(field(&call, "collection_method"), None);
        let moved = update(&current, &wanted(), &marker::marker("aa", "cc"), "k").unwrap();
        assert_eq!(field(&moved, "metadata[ampere_address]"), Some("cc"));
    }
}
