//! A watch sees every request, and may let it, its answer or its moment get lost.

use std::sync::{Arc, Mutex};

use ampere_sandbox::{After, Before, Call, Config, Decision, Sandbox, Watch};
use serde_json::json;
use tokio::sync::Notify;

use crate::kit::{Calls, client};

/// Strikes at what is made, by its name.
#[derive(Default)]
struct Striker {
    seen: Mutex<Vec<Call>>,
    moment: Arc<Notify>,
}

impl Watch for Striker {
    fn before<'a>(&'a self, call: &'a Call) -> Decision<'a, Before> {
        let nth = {
            let mut seen = self.seen.lock().expect("no panic while held");
            seen.push(call.clone());
            seen.len()
        };
        let moment = self.moment.clone();
        Box::pin(async move {
            match nth {
                1 => Before::Drop,
                2 => Before::Late(Box::pin(async move { moment.notified().await })),
                _ => Before::Go,
            }
        })
    }

    fn after<'a>(&'a self, call: &'a Call, status: u16) -> Decision<'a, After> {
        assert_eq!(status / 100, 2);
        Box::pin(async move { if call.number == 2 { After::Lose } else { After::Answer } })
    }
}

#[tokio::test]
async fn a_request_is_dropped_or_comes_late_or_its_answer_is_lost() {
    let striker = Arc::new(Striker::default());
    let config = Config { watch: Some(striker.clone()), ..Config::default() };
    let sandbox = Sandbox::start(config).await.expect("the sandbox starts");
    let url = format!("{}/v1/customers", sandbox.endpoints().stripe);
    let create = async |email: &str| {
        let request = client().post(&url).bearer_auth("sk_test_EXAMPLE").header("user-agent", "a-test/1");
        request.form(&[("email", email)]).send().await
    };
    let calls = Calls::new(&sandbox);
    let there = async || {
        let answer = calls.request("GET", "/_sandbox/objects/stripe/customers").send().await.expect("an answer");
        let objects: Vec<serde_json::Value> = answer.json().await.expect("JSON");
        objects.iter().map(|object| object["email"].clone()).collect::<Vec<_>>()
    };

    assert!(create("dropped@example.com").await.is_err());
    assert!(create("late@example.com").await.is_err());
    assert_eq!(there().await, Vec::<serde_json::Value>::new());
    assert!(create("lost@example.com").await.is_err());
    assert!(create("told@example.com").await.expect("an answer").status().is_success());
    assert_eq!(there().await, ["lost@example.com", "told@example.com"].map(|email| json!(email)));

    striker.moment.notify_one();
    while there().await.len() < 3 {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let seen = striker.seen.lock().expect("no panic while held").clone();
    assert_eq!(seen.len(), 4, "the control API is not watched");
    assert_eq!((seen[0].cloud, &*seen[0].method, &*seen[0].caller), ("stripe", "POST", "a-test/1"));
    assert_eq!(seen[0].path, "/stripe/v1/customers");
}
