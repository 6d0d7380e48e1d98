//! `ampere_subscription`: a customer and a subscription of Stripe.
use ampere_core::inventory::Depth;
use ampere_core::provider::{Applied, ProviderErrorKind};
use ampere_lang::value::Value;
use ampere_tests_clouds::{Backend, Case, Effect, Fault, Given, World, number, string, text};
use reqwest::Method;
use serde_json::json;

use super::{ALONE, ALONE_EMULATED, BILLING, Run, STRIPE};

const KIND: &str = "ampere_subscription";

const fn case(on: &'static [Backend], name: &'static str, run: Run) -> Case {
    Case { kind: KIND, name, on, run }
}

pub const CASES: &[Case] = &[
    case(STRIPE, "is made with its customer and listed as made", |w| Box::pin(made_as_listed(w))),
    case(BILLING, "its price changes in place", |w| Box::pin(another_price(w))),
    case(BILLING, "is cancelled and deleted with its customer, twice", |w| Box::pin(deleted(w))),
    case(STRIPE, "a create whose answer was lost takes over what is there", |w| Box::pin(lost_answers(w))),
    case(IDEMPOTENT, "a repeated create that cannot see the first one makes no second", |w| Box::pin(replayed(w))),
    case(BILLING_EMULATED, "customers of others are left alone, with the same email too", |w| Box::pin(foreign(w))),
    case(BILLING, "a price that is not there is named", |w| Box::pin(unknown_price(w))),
    case(BILLING, "a customer left over by a failed create is listed and deleted", |w| Box::pin(leftover(w))),
    case(ALONE, "a moved subscription keeps its id, and its customer moves along", |w| Box::pin(moved(w))),
    case(BILLING, "R2: one that was cancelled elsewhere shows its end", |w| Box::pin(cancelled_elsewhere(w))),
    case(BILLING, "R2: one that ended is seen by the shortest listing, if it is known", |w| {
        Box::pin(ended_and_known(w))
    }),
    case(ALONE_EMULATED, "R2: a full refund shows, a part does not", |w| Box::pin(refunded(w))),
    case(PAGED, "is found behind a page of others", |w| Box::pin(last_page(w))),
    case(STRIPE_EMULATED, "a malformed object is a problem and hides no other", |w| Box::pin(malformed(w))),
    // The others expand no customer in a list.
    case(ALONE, "the shortest listing shows what a thorough one shows", |w| Box::pin(shallow(w))),
    case(STRIPE, "an unknown id is no object, and deleting it is done already", |w| Box::pin(unknown(w))),
];

/// As [`BILLING`] and [`STRIPE`], for cases that leave something behind which is not ours.
const BILLING_EMULATED: &[Backend] = &[Backend::Sandbox, Backend::Localstripe];
/// See [`BILLING_EMULATED`].
const STRIPE_EMULATED: &[Backend] = &[Backend::Sandbox, Backend::Localstripe, Backend::StatefulMock];
/// What keeps idempotency keys.
const IDEMPOTENT: &[Backend] = &[Backend::Sandbox, Backend::StatefulMock, Backend::Live];
/// What filters its lists by time, which the order of localstripe's does not allow to be put in other words.
const PAGED: &[Backend] = &[Backend::Sandbox, Backend::StatefulMock];

/// A price of this cloud.
async fn price(world: &World, which: &str) -> String {
    // localstripe charges at once when the interval changes, and there is nothing to charge.
    let yearly = which == "yearly" && world.backend != Backend::Localstripe;
    let interval = if yearly { "year" } else { "month" };
    let plan = [("interval", interval), ("amount", "1900"), ("product[name]", "VPS"), ("currency", "eur")];
    let make = async |path, form: &[(&str, &str)]| world.outside.stripe(Method::POST, path, form).await["id"].clone();
    let id = match world.backend {
        Backend::Sandbox | Backend::Firebase => return format!("price_hosting_{which}"),
        Backend::Live => {
            let prices = world.outside.access().prices.clone().expect("two prices");
            return prices[usize::from(yearly)].clone();
        }
        Backend::Localstripe => make("/v1/plans", &plan).await,
        Backend::StatefulMock => {
            let price = [("recurring[interval]", interval), ("unit_amount", "1900"), ("product_data[name]", "VPS")];
            let price = make("/v1/prices", &[&price[..], &plan[3..]].concat()).await;
            make("/v1/plans", &[&plan[..], &[("id", price.as_str().unwrap())]].concat()).await
        }
    };
    id.as_str().unwrap().to_owned()
}

/// A subscription on trial: no payment is needed, which not every cloud here can take.
async fn wanted(world: &World, account: &str, which: &str) -> Value {
    let config =
        [("account", string(account)), ("price", string(&price(world, which).await)), ("trial_days", number(14))];
    world.planned(KIND, None, &config)
}

fn given(after: &Value) -> Given<'_> {
    Given { after: Some(after), ..Given::default() }
}

async fn made(world: &World) -> Applied {
    let account = world.account("ada").await;
    let after = wanted(world, &account, "monthly").await;
    world.create(KIND, "ada", given(&after)).await.unwrap()
}

/// The customers of this world that are not deleted.
async fn customers(world: &World) -> Vec<serde_json::Value> {
    let mut found = Vec::new();
    for name in ["ada", "grace"] {
        let path = format!("/v1/customers?limit=100&email={}", world.email(name));
        found.extend(world.outside.stripe_list(&path).await);
    }
    found.retain(|customer| customer["deleted"] != json!(true));
    found
}

async fn subscriptions(world: &World) -> Vec<serde_json::Value> {
    let mut found = Vec::new();
    for customer in customers(world).await {
        let id = customer["id"].as_str().unwrap();
        found.extend(world.outside.stripe_list(&format!("/v1/subscriptions?limit=100&status=all&customer={id}")).await);
    }
    found
}

async fn made_as_listed(world: World) {
    let made = made(&world).await;
    assert!(made.attributes.is_wholly_known());
    let observed = world.only(KIND).await;
    assert_eq!((observed.id.as_ref(), &observed.marker), (Some(&made.id), &world.marker(KIND, "ada")));
    assert!(observed.missing.is_empty() && observed.parts.len() == 2, "{observed:?}");
    for (name, value) in &observed.attributes {
        assert!(value.same(&made.attributes.get(name).unwrap()), "{name}: listed and applied differ");
    }
    assert_eq!(world.read(KIND, &made.id).await.unwrap().marker, observed.marker);
    // Neither of the others knows that a trial is one.
    if matches!(world.backend, Backend::Sandbox | Backend::Live) {
        assert_eq!(text(&made.attributes, "status"), "trialing");
    }
}

async fn another_price(world: World) {
    let made = made(&world).await;
    let account = text(&made.attributes, "account");
    let config =
        [("account", string(&account)), ("price", string(&price(&world, "yearly").await)), ("trial_days", number(14))];
    let next = world.planned(KIND, Some(&made.attributes), &config);
    let change = Given { before: Some(&made.attributes), after: Some(&next), key: Some("2"), ..Given::default() };
    let changed = world.update(KIND, "ada", &made.id, change).await.unwrap();
    assert_eq!(changed.id, made.id, "in place");
    let observed = world.only(KIND).await;
    assert!(observed.attributes["price"].same(&next.get("price").unwrap()), "{observed:?}");
}

async fn deleted(world: World) {
    let made = made(&world).await;
    for _ in 0..2 {
        world.delete(KIND, "ada", &made.id, Some(&made.attributes)).await.unwrap();
        world.none(KIND).await;
        // Stripe keeps what ended readable for ever; localstripe forgets the customer, and what is asked by it.
        if world.backend != Backend::Localstripe {
            let read = world.read(KIND, &made.id).await.unwrap();
            assert_eq!((read.attributes["status"].as_str(), read.missing), (Some("canceled"), vec!["customer"]));
        }
    }
    assert!(customers(&world).await.is_empty());
}

async fn lost_answers(world: World) {
    let account = world.account("ada").await;
    let after = wanted(&world, &account, "monthly").await;
    for path in ["/v1/customers", "/v1/subscriptions"] {
        world.tap.fault(Fault { method: "POST", path, effect: Effect::LoseAnswer });
    }
    for _ in 0..2 {
        let lost = world.create(KIND, "ada", given(&after)).await.unwrap_err();
        assert_eq!(lost.kind, ProviderErrorKind::Unknown, "{lost}");
    }
    let made = world.create(KIND, "ada", given(&after)).await.unwrap();
    // And by the marker alone, under another idempotency key.
    let again = Given { key: Some("another plan"), ..given(&after) };
    assert_eq!(world.create(KIND, "ada", again).await.unwrap().id, made.id);
    assert_eq!((customers(&world).await.len(), subscriptions(&world).await.len()), (1, 1));
}

async fn replayed(world: World) {
    let account = world.account("ada").await;
    let after = wanted(&world, &account, "monthly").await;
    let made = world.create(KIND, "ada", given(&after)).await.unwrap();
    for path in ["/v1/customers", "/v1/subscriptions"] {
        let effect = Effect::Change(|list| list["data"] = json!([]));
        world.tap.fault(Fault { method: "GET", path, effect });
    }
    let again = world.create(KIND, "ada", given(&after)).await.unwrap();
    assert_eq!(world.tap.waiting(), 0, "it looked, and saw nothing");
    assert_eq!(again.id, made.id);
    assert_eq!((customers(&world).await.len(), subscriptions(&world).await.len()), (1, 1));
}

async fn foreign(world: World) {
    let email = world.email("ada");
    let foreign = world.outside.stripe(Method::POST, "/v1/customers", &[("email", &email)]).await;
    let made = made(&world).await;
    assert_ne!(text(&made.attributes, "customer_id"), foreign["id"].as_str().unwrap());
    world.delete(KIND, "ada", &made.id, Some(&made.attributes)).await.unwrap();
    let left = customers(&world).await;
    assert!(left.len() == 1 && left[0]["id"] == foreign["id"], "{left:?}");
}

async fn unknown_price(world: World) {
    let account = world.account("ada").await;
    let config = [("account", string(&account)), ("price", string("price_nowhere"))];
    let after = world.planned(KIND, None, &config);
    let refused = world.create(KIND, "ada", given(&after)).await.unwrap_err();
    assert!(matches!(refused.kind, ProviderErrorKind::Invalid | ProviderErrorKind::NotFound), "{refused:?}");
    // localstripe says no more than that something is not there.
    if world.backend != Backend::Localstripe {
        assert_eq!(refused.attribute, Some("price"), "{refused:?}");
    }
}

async fn leftover(world: World) {
    let account = world.account("ada").await;
    let after = wanted(&world, &account, "monthly").await;
    world.tap.fault(Fault { method: "POST", path: "/v1/subscriptions", effect: Effect::Refuse(503) });
    world.create(KIND, "ada", given(&after)).await.unwrap_err();
    let left = world.only(KIND).await;
    assert_eq!((left.id.as_ref(), &*left.missing), (None, &["subscription"][..]));
    world.delete(KIND, "ada", &left.parts[0].id, None).await.unwrap();
    world.none(KIND).await;
    assert!(customers(&world).await.is_empty());
}

async fn moved(world: World) {
    let made = made(&world).await;
    let same =
        Given { before: Some(&made.attributes), after: Some(&made.attributes), key: Some("moved"), ..Given::default() };
    assert_eq!(world.update(KIND, "lovelace", &made.id, same).await.unwrap().id, made.id);
    let observed = world.only(KIND).await;
    assert_eq!((observed.marker, observed.missing), (world.marker(KIND, "lovelace"), vec![]));
}

async fn cancelled_elsewhere(world: World) {
    let made = made(&world).await;
    world.outside.stripe(Method::DELETE, &format!("/v1/subscriptions/{}", made.id), &[]).await;
    let observed = world.only(KIND).await;
    assert_eq!(observed.attributes["status"].as_str(), Some("canceled"));
    assert!(observed.attributes["ended_at"].as_str().is_some(), "{observed:?}");
}

async fn ended_and_known(world: World) {
    let made = made(&world).await;
    world.outside.stripe(Method::DELETE, &format!("/v1/subscriptions/{}", made.id), &[]).await;
    let mut listings = world.list_all(&[KIND], Depth::Objects, &[(KIND, &made.id)]).await;
    let listing = listings.remove(KIND).unwrap();
    assert!(listing.is_complete() && listing.objects.len() == 1, "{listing:?}");
    assert_eq!(listing.objects[0].attributes["status"].as_str(), Some("canceled"));
}

async fn refunded(world: World) {
    let account = world.account("ada").await;
    let config = [("account", string(&account)), ("price", string("price_hosting_monthly"))];
    let after = world.planned(KIND, None, &config);
    let made = world.create(KIND, "ada", given(&after)).await.unwrap();
    let customer = text(&made.attributes, "customer_id");
    let method = [("payment_method", "pm_card_visa"), ("customer", &customer)];
    world.outside.stripe(Method::POST, "/v1/payment_methods/pm_card_visa/attach", &method[1..]).await;
    let invoice = world.outside.stripe_list(&format!("/v1/invoices?customer={customer}")).await[0]["id"].clone();
    let path = format!("/v1/invoices/{}/pay", invoice.as_str().unwrap());
    world.outside.stripe(Method::POST, &path, &method[..1]).await;
    let charge = world.outside.stripe_list(&format!("/v1/charges?customer={customer}")).await[0]["id"].clone();
    let charge = charge.as_str().unwrap();
    world.outside.stripe(Method::POST, "/v1/refunds", &[("charge", charge), ("amount", "100")]).await;
    assert!(world.only(KIND).await.attributes["refunded_at"].is_null());
    world.outside.stripe(Method::POST, "/v1/refunds", &[("charge", charge)]).await;
    assert!(world.only(KIND).await.attributes["refunded_at"].as_str().is_some());
}

async fn last_page(world: World) {
    let made = made(&world).await;
    let price = price(&world, "monthly").await;
    let customer = world.outside.stripe(Method::POST, "/v1/customers", &[("email", &world.email("crowd"))]).await;
    let customer = customer["id"].as_str().unwrap();
    let plan = ("items[0][plan]", &*price);
    let form = [("customer", customer), ("trial_period_days", "14"), ("items[0][price]", &price), plan];
    // The mock wants both, Stripe the price alone.
    let form = if world.backend == Backend::StatefulMock { &form[..] } else { &form[..3] };
    for _ in 0..101 {
        world.outside.stripe(Method::POST, "/v1/subscriptions", form).await;
    }
    assert_eq!(world.only(KIND).await.id, Some(made.id));
    let pages =
        world.tap.exchanges().into_iter().filter(|e| e.method == "GET" && e.path == "/v1/subscriptions").count();
    assert!(pages >= 2, "{pages} page");
}

async fn malformed(world: World) {
    let made = made(&world).await;
    let nonsense = |list: &mut serde_json::Value| {
        let objects = list["data"].as_array_mut().expect("a list");
        objects.push(json!({"object": "subscription", "id": 42, "metadata": {"ampere_stack": 7}}));
    };
    world.tap.fault(Fault { method: "GET", path: "/v1/subscriptions", effect: Effect::Change(nonsense) });
    let listing = world.list(KIND).await;
    assert!(listing.objects.iter().any(|object| object.id.as_ref() == Some(&made.id)), "{listing:?}");
    assert!(!listing.is_complete(), "{listing:?}");
}

async fn shallow(world: World) {
    made(&world).await;
    world.shallow_as_deep(KIND).await;
}

async fn unknown(world: World) {
    assert!(world.read(KIND, &"sub_nothing".into()).await.is_none());
    world.delete(KIND, "nothing", &"sub_nothing".into(), None).await.unwrap();
}
