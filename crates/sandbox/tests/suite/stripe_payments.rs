//! Payments that a bank or a card stands in the way of; prices and currencies; events.

use serde_json::{Value, json};

use crate::kit::{Calls, sandbox};

const SUBSCRIPTIONS: &str = "/stripe/v1/subscriptions";

fn id(object: &Value) -> &str {
    object["id"].as_str().expect("an id")
}

async fn customer(calls: &Calls, card: &str) -> Value {
    let card = match card {
        "" => String::new(),
        card => format!("&payment_method={card}&invoice_settings[default_payment_method]={card}"),
    };
    calls.form("/stripe/v1/customers", &format!("email=ada@example.com{card}")).await.ok()
}

fn form(customer: &Value, terms: &str) -> String {
    format!("customer={}&items[0][price]=price_hosting_monthly&expand[]=latest_invoice.payments&{terms}", id(customer))
}

/// The intent to pay a subscription's latest invoice.
async fn intent(calls: &Calls, subscription: &Value) -> Value {
    let payment = &subscription["latest_invoice"]["payments"]["data"][0]["payment"]["payment_intent"];
    let intent = payment.as_str().expect("an intent");
    calls.get(&format!("/stripe/v1/payment_intents/{intent}")).await.ok()
}

#[tokio::test]
async fn a_bank_that_asks_for_confirmation_holds_the_first_payment_up() {
    let sandbox = sandbox().await;
    let calls = Calls::new(&sandbox);
    let ada = customer(&calls, "pm_card_threeDSecure2Required").await;
    let made = calls.form(SUBSCRIPTIONS, &form(&ada, "")).await.ok();
    assert_eq!(made["status"], "incomplete");
    let asked = intent(&calls, &made).await;
    assert_eq!((&asked["status"], &asked["amount"]), (&json!("requires_action"), &json!(1900)));
    assert!(asked["next_action"]["type"].is_string());
    let refused = calls.form(SUBSCRIPTIONS, &form(&ada, "payment_behavior=error_if_incomplete")).await.refused(402);
    assert_eq!(refused["error"]["code"], "subscription_payment_intent_requires_action");
    let pay = format!("/stripe/v1/invoices/{}/pay", id(&made["latest_invoice"]));
    let refused = calls.form(&pay, "").await.refused(402);
    assert_eq!(refused["error"]["code"], "invoice_payment_intent_requires_action");

    calls.post(&format!("/_sandbox/stripe/subscriptions/{}/pay", id(&made)), json!({})).await.ok();
    let paid = intent(&calls, &made).await;
    assert_eq!((&paid["status"], &paid["amount_received"]), (&json!("succeeded"), &json!(1900)));
    let charge =
        calls.get(&format!("/stripe/v1/charges/{}", paid["latest_charge"].as_str().expect("an id"))).await.ok();
    assert_eq!(charge["payment_intent"], paid["id"]);
}

#[tokio::test]
async fn a_declined_card_leaves_its_reason_and_another_one_pays() {
    let sandbox = sandbox().await;
    let calls = Calls::new(&sandbox);
    let ada = customer(&calls, "").await;
    let made = calls.form(SUBSCRIPTIONS, &form(&ada, "payment_behavior=default_incomplete")).await.ok();
    let waiting = intent(&calls, &made).await;
    assert_eq!(waiting["status"], "requires_payment_method");
    let confirm = format!("/stripe/v1/payment_intents/{}/confirm", id(&waiting));
    calls.form(&confirm, "").await.refused(400);
    calls.form(&confirm, "payment_method=pm_card_chargeDeclined").await.refused(402);
    let asked = calls.form(&confirm, "payment_method=pm_card_threeDSecure2Required").await.ok();
    assert_eq!(asked["status"], "requires_action");
    let paid = calls.form(&confirm, "payment_method=pm_card_visa").await.ok();
    assert_eq!(paid["status"], "succeeded");
    calls.form(&confirm, "payment_method=pm_card_visa").await.refused(400);
    assert_eq!(calls.get(&format!("{SUBSCRIPTIONS}/{}", id(&made))).await.ok()["status"], "active");
    let refund = calls.form("/stripe/v1/refunds", &format!("payment_intent={}", id(&paid))).await.ok();
    assert_eq!(refund["charge"], paid["latest_charge"]);
}

#[tokio::test]
async fn archived_prices_and_other_currencies_are_refused() {
    let sandbox = sandbox().await;
    let calls = Calls::new(&sandbox);
    let prices = "/_sandbox/objects/stripe/prices";
    calls.post(prices, json!({"id": "price_usd", "currency": "usd"})).await.ok();
    calls.post(prices, json!({"id": "price_old", "active": false})).await.ok();
    let ada = customer(&calls, "pm_card_visa").await;
    let made = calls.form(SUBSCRIPTIONS, &form(&ada, "")).await.ok();
    for price in ["price_usd", "price_old"] {
        let create = form(&ada, "").replace("price_hosting_monthly", price);
        calls.form(SUBSCRIPTIONS, &create).await.refused(400);
        let change = format!("items[0][id]={}&items[0][price]={price}", id(&made["items"]["data"][0]));
        let refused = calls.form(&format!("{SUBSCRIPTIONS}/{}", id(&made)), &change).await.refused(400);
        assert_eq!(refused["error"]["type"], "invalid_request_error");
    }
    let bob = customer(&calls, "pm_card_visa").await;
    let create = form(&bob, "").replace("price_hosting_monthly", "price_usd");
    assert_eq!(calls.form(SUBSCRIPTIONS, &create).await.ok()["currency"], "usd");
}

#[tokio::test]
async fn what_happens_is_told_as_events() {
    let sandbox = sandbox().await;
    let calls = Calls::new(&sandbox);
    let ada = customer(&calls, "pm_card_visa").await;
    let made = calls.form(SUBSCRIPTIONS, &form(&ada, "")).await.ok();
    for event in ["cancel_at_period_end", "resume", "refund?amount=900", "refund", "delete_customer"] {
        calls.post(&format!("/_sandbox/stripe/subscriptions/{}/{event}", id(&made)), json!({})).await.ok();
    }
    let all = calls.get("/stripe/v1/events?limit=100").await.ok();
    let told: Vec<&str> = all["data"].as_array().expect("a list").iter().filter_map(|e| e["type"].as_str()).collect();
    for name in ["customer.created", "customer.subscription.created", "invoice.paid", "payment_intent.succeeded"] {
        assert_eq!(told.iter().filter(|told| **told == name).count(), 1, "{name}: {told:?}");
    }
    assert_eq!(told.iter().filter(|told| **told == "charge.refunded").count(), 2, "of a part, too: {told:?}");
    assert_eq!(told[..2], ["customer.deleted", "customer.subscription.deleted"], "newest first: {told:?}");
    let updated = calls.get("/stripe/v1/events?type=customer.subscription.updated&limit=1").await.ok();
    let updated = updated["data"][0].clone();
    assert_eq!(updated["data"]["previous_attributes"]["cancel_at_period_end"], true);
    assert_eq!(calls.get(&format!("/stripe/v1/events/{}", id(&updated))).await.ok(), updated);
    calls.get("/stripe/v1/events/evt_none").await.refused(404);
}

#[tokio::test]
async fn endpoints_of_this_machine_alone_are_taken() {
    let sandbox = sandbox().await;
    let calls = Calls::new(&sandbox);
    let endpoints = "/stripe/v1/webhook_endpoints";
    for url in ["https://example.com/hook", "http://example.com/hook", "http://10.0.0.1/", "nonsense"] {
        let refused = calls.form(endpoints, &format!("url={url}&enabled_events[]=*")).await.refused(400);
        assert_eq!(refused["error"]["param"], "url", "{url}");
    }
    calls.form(endpoints, "url=http://127.0.0.1:9/").await.refused(400);
    let made = calls.form(endpoints, "url=http://127.0.0.1:9/&enabled_events[]=customer.*").await.ok();
    assert!(made["secret"].as_str().is_some_and(|secret| secret.starts_with("whsec_")));
    let path = format!("{endpoints}/{}", id(&made));
    assert!(calls.get(&path).await.ok().get("secret").is_none(), "it is told once");
    assert_eq!(calls.form(&path, "disabled=true").await.ok()["status"], "disabled");
    assert_eq!(calls.get(endpoints).await.ok()["data"].as_array().map(Vec::len), Some(1));
    assert_eq!(calls.delete(&path).await.ok()["deleted"], true);
    calls.get(&path).await.refused(404);
}

#[tokio::test]
async fn a_key_of_stripes_is_answered_at_the_root_and_others_are_not() {
    let sandbox = sandbox().await;
    let calls = Calls::new(&sandbox);
    let base = format!("http://{}", sandbox.address());
    let client = crate::kit::client();
    customer(&calls, "").await;
    let listed = calls.send(client.get(format!("{base}/v1/customers")).bearer_auth("sk_test_EXAMPLE")).await.ok();
    assert_eq!(listed["data"].as_array().map(Vec::len), Some(1));
    let basic = client.get(format!("{base}/v1/customers")).basic_auth("sk_test_EXAMPLE", Some(""));
    calls.send(basic).await.ok();
    calls.send(client.get(format!("{base}/v1/customers")).bearer_auth("sk_live_EXAMPLE")).await.refused(401);
    for token in ["owner", "hc-EXAMPLE"] {
        calls.send(client.get(format!("{base}/v1/customers")).bearer_auth(token)).await.refused(404);
    }
    let log = calls.get("/_sandbox/requests").await.ok();
    let asked = log["requests"]
        .as_array()
        .expect("a log")
        .iter()
        .find(|r| r["path"] == "/stripe/v1/customers" && r["method"] == "GET");
    assert_eq!(asked.map(|asked| &asked["count"]), Some(&json!(3)), "counted with the rest");
}
