//! Customers, lists, expansion, idempotency keys.

use serde_json::{Value, json};

use crate::kit::{Calls, sandbox};

const CUSTOMERS: &str = "/stripe/v1/customers";
const SUBSCRIPTIONS: &str = "/stripe/v1/subscriptions";

fn id(object: &Value) -> &str {
    object["id"].as_str().expect("an id")
}

#[tokio::test]
async fn a_deleted_customer_stays_readable_and_its_subscriptions_end() {
    let sandbox = sandbox().await;
    let calls = Calls::new(&sandbox);
    let form = "email=ada@example.com&metadata[ampere_stack]=s";
    let customer = calls.form(CUSTOMERS, form).await.ok();
    assert_eq!(customer["metadata"]["ampere_stack"], "s");
    let path = format!("{CUSTOMERS}/{}", id(&customer));
    let changed = calls.form(&path, "name=Ada&metadata[ampere_stack]=").await.ok();
    assert_eq!((&changed["name"], &changed["metadata"]), (&json!("Ada"), &json!({})));
    let form = format!("customer={}&items[0][price]=price_hosting_monthly&trial_period_days=7", id(&customer));
    let subscription = calls.form(SUBSCRIPTIONS, &form).await.ok();

    assert_eq!(calls.delete(&path).await.ok()["deleted"], true);
    let gone = calls.get(&path).await.ok();
    assert_eq!(gone, json!({"id": id(&customer), "object": "customer", "deleted": true}));
    let ended = calls.get(&format!("{SUBSCRIPTIONS}/{}", id(&subscription))).await.ok();
    assert_eq!(ended["status"], "canceled");
    assert!(ended["ended_at"].is_i64());
    assert_eq!(calls.get(CUSTOMERS).await.ok()["data"], json!([]));
    calls.delete(&path).await.refused(404);
    calls.form(&path, "name=x").await.refused(404);
}

#[tokio::test]
async fn lists_are_newest_first_and_cursors_reach_every_object_once() {
    let sandbox = sandbox().await;
    let calls = Calls::new(&sandbox);
    let mut made = Vec::new();
    for index in 0..23 {
        let customer = calls.form(CUSTOMERS, &format!("name=c{index}")).await.ok();
        made.push(id(&customer).to_owned());
    }
    made.reverse();
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = calls.get(&format!("{CUSTOMERS}?limit=10{cursor}")).await.ok();
        let data = page["data"].as_array().expect("a list");
        seen.extend(data.iter().map(|customer| id(customer).to_owned()));
        if page["has_more"] == false {
            break;
        }
        cursor = format!("&starting_after={}", seen.last().expect("a page has objects"));
    }
    assert_eq!(seen, made);
    let back = calls.get(&format!("{CUSTOMERS}?limit=2&ending_before={}", made[2])).await.ok();
    assert_eq!((id(&back["data"][0]), id(&back["data"][1])), (&*made[0], &*made[1]));
    calls.get(&format!("{CUSTOMERS}?limit=101")).await.refused(400);
    let unknown = calls.get(&format!("{CUSTOMERS}?starting_after=cus_no")).await.refused(400);
    assert_eq!(unknown["error"]["param"], "starting_after");
    let none = calls.get(&format!("{CUSTOMERS}?created%5Blt%5D=1000")).await.ok();
    assert_eq!(none["data"], json!([]));
}

#[tokio::test]
async fn a_key_makes_a_call_happen_once() {
    let sandbox = sandbox().await;
    let calls = Calls::new(&sandbox);
    let send = |path: &'static str, form: &'static str| {
        let request = calls.form_request(path, form).header("idempotency-key", "key-1");
        calls.send(request)
    };
    let first = send(CUSTOMERS, "name=Ada").await;
    assert!(!first.headers.contains_key("idempotent-replayed"));
    let second = send(CUSTOMERS, "name=Ada").await;
    assert_eq!(second.headers["idempotent-replayed"], "true");
    assert_eq!(first.ok(), second.ok());
    for (path, form) in [(CUSTOMERS, "name=Bob"), (SUBSCRIPTIONS, "name=Ada")] {
        let other = send(path, form).await.refused(400);
        assert_eq!(other["error"]["type"], "idempotency_error", "{path} {form}");
    }
    let counts = calls.get("/_sandbox/objects").await.ok();
    assert_eq!(counts["stripe"]["customers"], 1);
    calls.advance(25 * 3600).await;
    send(CUSTOMERS, "name=Bob").await.ok();
}

#[tokio::test]
async fn a_refused_call_is_remembered_unless_it_never_began() {
    let sandbox = sandbox().await;
    let calls = Calls::new(&sandbox);
    let keyed = |form: &'static str| calls.send(calls.form_request(CUSTOMERS, form).header("idempotency-key", "k"));
    keyed("nmae=Ada").await.refused(400);
    let declined = keyed("payment_method=pm_card_chargeDeclined").await;
    assert_eq!(declined.status, 402);
    let again = keyed("payment_method=pm_card_chargeDeclined").await;
    assert_eq!(
        (again.status.as_u16(), &again.headers["idempotent-replayed"]),
        (402, &"true".parse().expect("a value"))
    );
}

#[tokio::test]
async fn ids_are_expanded_on_objects_and_in_lists() {
    let sandbox = sandbox().await;
    let calls = Calls::new(&sandbox);
    let customer = calls.form(CUSTOMERS, "name=Ada").await.ok();
    let form = format!(
        "customer={}&items[0][price]=price_hosting_monthly&payment_behavior=default_incomplete\
         &expand[]=latest_invoice",
        id(&customer)
    );
    let subscription = calls.form(SUBSCRIPTIONS, &form).await.ok();
    assert_eq!(subscription["latest_invoice"]["status"], "open");
    let list = calls.get(&format!("{SUBSCRIPTIONS}?expand[]=data.latest_invoice&expand[]=data.customer")).await.ok();
    assert_eq!(list["data"][0]["latest_invoice"]["amount_due"], 1900);
    assert_eq!(list["data"][0]["customer"]["name"], "Ada");
    let plain = calls.get(&format!("{SUBSCRIPTIONS}/{}", id(&subscription))).await.ok();
    assert!(plain["latest_invoice"].is_string());
    calls.get(&format!("{SUBSCRIPTIONS}?expand[]=data.status")).await.refused(400);
}

#[tokio::test]
async fn errors_name_what_is_wrong() {
    let sandbox = sandbox().await;
    let calls = Calls::new(&sandbox);
    let customer = calls.form(CUSTOMERS, "name=Ada").await.ok();
    let form = format!("customer={}&items[0][price]=price_no", id(&customer));
    let unknown = calls.form(SUBSCRIPTIONS, &form).await.refused(400);
    assert_eq!(unknown["error"]["code"], "resource_missing");
    assert_eq!(unknown["error"]["message"], "No such price: 'price_no'");
    assert_eq!(unknown["error"]["param"], "items[0][price]");
    let missing = calls.form(SUBSCRIPTIONS, "metadata[a]=b").await.refused(400);
    assert_eq!(missing["error"]["code"], "parameter_missing");
    let email = calls.form(CUSTOMERS, "email=nobody").await.refused(400);
    assert_eq!(email["error"]["code"], "email_invalid");
    calls.get("/stripe/v1/nothing").await.refused(404);
    let bad = crate::kit::client().get(format!("http://{}{CUSTOMERS}", sandbox.address()));
    calls.send(bad.bearer_auth("pk_test_x")).await.refused(401);
}
