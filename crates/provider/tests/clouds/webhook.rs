//! Messages to a webhook, over real HTTP.
use std::sync::{Arc, Mutex};

use ampere_core::notice::{Message, Messenger, MessengerError, NoticeId, NoticeKind};
use ampere_provider::messenger::{NoticeSettings, messenger};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::Value as Document;

type Seen = Arc<Mutex<Vec<(HeaderMap, Document)>>>;

/// A webhook that answers with that status, and what it has seen.
async fn webhook(status: u16) -> (String, Seen) {
    let seen = Seen::default();
    let take = move |State(seen): State<Seen>, headers: HeaderMap, Json(document): Json<Document>| async move {
        seen.lock().unwrap().push((headers, document));
        StatusCode::from_u16(status).unwrap()
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().route("/notices", post(take)).with_state(seen.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (format!("http://hook-EXAMPLE@{address}/notices"), seen)
}

fn to(url: &str) -> Arc<dyn Messenger> {
    let environment = |name: &str| match name {
        "AMPERE_NOTICE_URL" => Some(url.to_owned()),
        "AMPERE_NOTICE_FROM" => Some("Ampere <notices@example.com>".to_owned()),
        _ => None,
    };
    messenger(&NoticeSettings::of_environment(&environment).unwrap().unwrap()).unwrap()
}

fn message() -> Message {
    Message {
        id: NoticeId("7f3a9c".into()),
        kind: NoticeKind::PaymentDue,
        to: "ada@example.com".into(),
        subject: "Ä payment".into(),
        text: "Hello\n".into(),
    }
}

#[tokio::test]
async fn a_message_is_a_document_with_a_stable_key() {
    let (url, seen) = webhook(202).await;
    let hook = to(&url);
    hook.send(&message()).await.unwrap();
    hook.send(&message()).await.unwrap();
    let seen = seen.lock().unwrap();
    let (headers, document) = &seen[0];
    assert_eq!(headers["idempotency-key"], "7f3a9c");
    assert_eq!(headers["authorization"], "Bearer hook-EXAMPLE");
    assert_eq!(headers["idempotency-key"], seen[1].0["idempotency-key"]);
    let expected = serde_json::json!({
        "id": "7f3a9c", "kind": "payment_due", "from": "Ampere <notices@example.com>", "to": "ada@example.com",
        "subject": "Ä payment", "text": "Hello\n",
    });
    assert_eq!(*document, expected);
}

#[tokio::test]
async fn failures_are_of_the_message_or_of_the_webhook() {
    let kind = |error: MessengerError| match error {
        MessengerError::Refused(_) => "refused",
        MessengerError::Later(_) => "later",
        MessengerError::Down(_) => "down",
    };
    for (status, expected) in [(422, "refused"), (500, "later"), (401, "down"), (429, "down"), (302, "down")] {
        let (url, _) = webhook(status).await;
        let error = to(&url).send(&message()).await.unwrap_err();
        let told = error.to_string();
        assert!(told.contains(&status.to_string()) && !told.contains("ada") && !told.contains("EXAMPLE"), "{told}");
        assert_eq!(kind(error), expected, "{status}");
    }
    let error = to("http://127.0.0.1:1/notices").send(&message()).await.unwrap_err();
    assert_eq!(error, MessengerError::Down("the webhook cannot be reached".into()));
}
