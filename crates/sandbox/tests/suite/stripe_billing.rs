//! What time and money do to a subscription.

use serde_json::{Value, json};

use crate::kit::{Calls, sandbox};

const DAY: i64 = 86_400;
const SUBSCRIPTIONS: &str = "/stripe/v1/subscriptions";
const CARD: &str = "payment_method=pm_card_visa&invoice_settings[default_payment_method]=pm_card_visa";
const BAD_CARD: &str = "payment_method=pm_card_chargeCustomerFail\
                        &invoice_settings[default_payment_method]=pm_card_chargeCustomerFail";

struct Subscriber {
    calls: Calls,
    customer: String,
}

impl Subscriber {
    async fn new(calls: Calls, card: &str) -> Subscriber {
        let form = format!("email=ada@example.com&{card}");
        let customer = calls.form("/stripe/v1/customers", &form).await.ok();
        let customer = customer["id"].as_str().expect("an id").to_owned();
        Subscriber { calls, customer }
    }

    async fn subscribe(&self, terms: &str) -> Value {
        let (customer, price) = (&self.customer, "price_hosting_monthly");
        let form = format!("customer={customer}&items[0][price]={price}&{terms}");
        self.calls.form(SUBSCRIPTIONS, &form).await.ok()
    }

    async fn read(&self, subscription: &Value) -> Value {
        let id = subscription["id"].as_str().expect("an id");
        self.calls.get(&format!("{SUBSCRIPTIONS}/{id}?expand[]=latest_invoice")).await.ok()
    }

    async fn event(&self, subscription: &Value, event: &str) -> Value {
        let id = subscription["id"].as_str().expect("an id");
        let path = format!("/_sandbox/stripe/subscriptions/{id}/{event}");
        self.calls.post(&path, json!({})).await.ok()
    }
}

fn period(subscription: &Value) -> (i64, i64) {
    let item = &subscription["items"]["data"][0];
    let second = |field: &str| item[field].as_i64().expect("a time");
    (second("current_period_start"), second("current_period_end"))
}

#[tokio::test]
async fn an_awaited_first_payment_activates_or_expires() {
    let sandbox = sandbox().await;
    let ada = Subscriber::new(Calls::new(&sandbox), "").await;
    let paid = ada.subscribe("payment_behavior=default_incomplete").await;
    assert_eq!(paid["status"], "incomplete");
    let forgotten = ada.subscribe("payment_behavior=default_incomplete").await;
    let invoice = ada.read(&paid).await["latest_invoice"].clone();
    assert!(invoice["hosted_invoice_url"].as_str().is_some_and(|url| url.starts_with("https://")));
    assert_eq!(ada.event(&paid, "pay").await["status"], "active");
    ada.calls.advance(24 * 3600).await;
    assert_eq!(ada.read(&paid).await["status"], "active");
    let expired = ada.read(&forgotten).await;
    assert_eq!(expired["status"], "incomplete_expired");
    assert_eq!(expired["latest_invoice"]["status"], "void");
}

#[tokio::test]
async fn a_trial_ends_active_with_a_card_and_past_due_without() {
    let sandbox = sandbox().await;
    let ada = Subscriber::new(Calls::new(&sandbox), CARD).await;
    let bob = Subscriber::new(Calls::new(&sandbox), "").await;
    let terms = "trial_period_days=14";
    let (with, without) = (ada.subscribe(terms).await, bob.subscribe(terms).await);
    let ends = "trial_settings[end_behavior][missing_payment_method]";
    let cancels = bob.subscribe(&format!("{terms}&{ends}=cancel")).await;
    let pauses = bob.subscribe(&format!("{terms}&{ends}=pause")).await;
    assert_eq!(with["status"], "trialing");
    assert_eq!(ada.read(&with).await["latest_invoice"]["amount_due"], 0);
    ada.calls.advance(15 * DAY).await;
    let active = ada.read(&with).await;
    assert_eq!((&active["status"], &active["latest_invoice"]["status"]), (&json!("active"), &json!("paid")));
    assert_eq!(active["latest_invoice"]["amount_paid"], 1900);
    assert_eq!(period(&active).0, with["trial_end"].as_i64().expect("a time"));
    assert_eq!(bob.read(&without).await["status"], "past_due");
    assert_eq!(bob.read(&cancels).await["status"], "canceled");
    assert_eq!(bob.read(&pauses).await["status"], "paused");
    assert_eq!(bob.event(&without, "pay").await["status"], "active");
}

#[tokio::test]
async fn a_cancellation_at_period_end_ends_then_and_can_be_taken_back() {
    let sandbox = sandbox().await;
    let ada = Subscriber::new(Calls::new(&sandbox), CARD).await;
    let (leaves, stays) = (ada.subscribe("").await, ada.subscribe("").await);
    assert_eq!(leaves["status"], "active");
    for subscription in [&leaves, &stays] {
        let path = format!("{SUBSCRIPTIONS}/{}", subscription["id"].as_str().expect("an id"));
        let noted = ada.calls.form(&path, "cancel_at_period_end=true").await.ok();
        assert_eq!(noted["cancel_at"], period(subscription).1);
        assert_eq!(noted["status"], "active");
    }
    let path = format!("{SUBSCRIPTIONS}/{}", stays["id"].as_str().expect("an id"));
    ada.calls.form(&path, "cancel_at_period_end=false").await.ok();
    ada.calls.advance(32 * DAY).await;
    let left = ada.read(&leaves).await;
    assert_eq!(left["status"], "canceled");
    assert_eq!(left["ended_at"], period(&leaves).1);
    let stayed = ada.read(&stays).await;
    assert_eq!(stayed["status"], "active");
    assert_eq!(period(&stayed).0, period(&stays).1);
    let listed = ada.calls.get(SUBSCRIPTIONS).await.ok();
    assert_eq!(listed["data"].as_array().map(Vec::len), Some(1));
    let all = ada.calls.get(&format!("{SUBSCRIPTIONS}?status=all")).await.ok();
    assert_eq!(all["data"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn a_renewal_that_fails_is_past_due_until_it_is_paid() {
    let sandbox = sandbox().await;
    let ada = Subscriber::new(Calls::new(&sandbox), CARD).await;
    let subscription = ada.subscribe("").await;
    assert_eq!(ada.event(&subscription, "fail_payment").await["status"], "past_due");
    assert_eq!(ada.event(&subscription, "pay").await["status"], "active");
    assert_eq!(ada.event(&subscription, "end").await["status"], "canceled");

    let bob = Subscriber::new(Calls::new(&sandbox), BAD_CARD).await;
    let refused = bob.subscribe("").await;
    assert_eq!(refused["status"], "incomplete");
    let form =
        format!("customer={}&items[0][price]=price_hosting_monthly&payment_behavior=error_if_incomplete", bob.customer);
    let declined = bob.calls.form(SUBSCRIPTIONS, &form).await.refused(402);
    assert_eq!(declined["error"]["code"], "card_declined");
    let left = bob.calls.get(&format!("{SUBSCRIPTIONS}?customer={}", bob.customer)).await.ok();
    assert_eq!(left["data"].as_array().map(Vec::len), Some(1), "the declined one left nothing");
}

#[tokio::test]
async fn an_invoice_that_is_sent_is_active_until_it_is_overdue() {
    let sandbox = sandbox().await;
    let ada = Subscriber::new(Calls::new(&sandbox), "").await;
    let subscription = ada.subscribe("collection_method=send_invoice&days_until_due=7").await;
    assert_eq!(subscription["status"], "active");
    assert_eq!(ada.read(&subscription).await["latest_invoice"]["status"], "open");
    ada.calls.advance(8 * DAY).await;
    assert_eq!(ada.read(&subscription).await["status"], "past_due");
    let invoice = ada.read(&subscription).await["latest_invoice"]["id"].clone();
    let pay = format!("/stripe/v1/invoices/{}/pay", invoice.as_str().expect("an id"));
    ada.calls.form(&pay, "").await.refused(400);
    ada.calls.form(&pay, "paid_out_of_band=true").await.ok();
    assert_eq!(ada.read(&subscription).await["status"], "active");
}

#[tokio::test]
async fn a_charge_is_refunded_in_parts_and_never_twice() {
    let sandbox = sandbox().await;
    let ada = Subscriber::new(Calls::new(&sandbox), CARD).await;
    let subscription = ada.subscribe("").await;
    let path = format!("/stripe/v1/charges?customer={}", ada.customer);
    let charge = ada.calls.get(&path).await.ok()["data"][0].clone();
    let id = charge["id"].as_str().expect("an id");
    ada.calls.form("/stripe/v1/refunds", &format!("charge={id}&amount=900")).await.ok();
    assert_eq!(ada.calls.get(&path).await.ok()["data"][0]["refunded"], false);
    let intent = charge["payment_intent"].as_str().expect("an intent");
    ada.calls.form("/stripe/v1/refunds", &format!("payment_intent={intent}")).await.ok();
    let refunded = ada.calls.get(&path).await.ok()["data"][0].clone();
    assert_eq!((&refunded["refunded"], &refunded["amount_refunded"]), (&json!(true), &json!(1900)));
    let twice = ada.calls.form("/stripe/v1/refunds", &format!("charge={id}")).await.refused(400);
    assert_eq!(twice["error"]["code"], "charge_already_refunded");
    assert_eq!(ada.read(&subscription).await["status"], "active", "a refund cancels nothing");
    let invoice = subscription["latest_invoice"].as_str().expect("an id");
    let invoice = ada.calls.get(&format!("/stripe/v1/invoices/{invoice}?expand[]=payments")).await.ok();
    assert_eq!(invoice["payments"]["data"][0]["payment"]["payment_intent"], intent);
}
