//! Stubs in the places of Anthropic and of Telegram. They keep what they are told.
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, post};
use serde_json::{Value, json};

/// What came to the model provider.
#[derive(Clone, Debug)]
pub struct Turn {
    pub key: String,
    pub model: String,
    pub tools: Vec<String>,
    pub text: String,
}

/// What came to the messenger.
#[derive(Clone, Debug)]
pub struct Call {
    pub token: String,
    pub method: String,
    pub body: Value,
    /// As it came: pictures are no JSON.
    pub bytes: Bytes,
}

#[derive(Default)]
struct Told {
    turns: Vec<Turn>,
    calls: Vec<Call>,
    waiting: VecDeque<Value>,
    sent: u64,
}

#[derive(Clone)]
pub struct Stubs {
    told: Arc<Mutex<Told>>,
    address: SocketAddr,
}

impl Stubs {
    pub async fn start() -> Stubs {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let stubs = Stubs { told: Arc::default(), address: listener.local_addr().expect("its address") };
        let router = Router::new()
            .route("/v1/messages", post(model))
            .route("/telegram/{bot}/{method}", any(telegram))
            .with_state(stubs.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        stubs
    }

    pub fn model(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn telegram(&self) -> String {
        format!("http://{}/telegram", self.address)
    }

    /// Somebody writes to the bot.
    pub fn write(&self, sender: u64, text: &str) {
        let mut told = self.told.lock().expect("what was told");
        told.sent += 1;
        let message = json!({
            "message_id": told.sent,
            "date": 1_800_000_000 + told.sent,
            "chat": { "id": sender, "type": "private", "first_name": "Ada" },
            "from": { "id": sender, "is_bot": false, "first_name": "Ada" },
            "text": text,
        });
        let update = json!({ "update_id": told.sent, "message": message });
        told.waiting.push_back(update);
    }

    pub fn turns(&self) -> Vec<Turn> {
        self.told.lock().expect("what was told").turns.clone()
    }

    pub fn calls(&self) -> Vec<Call> {
        self.told.lock().expect("what was told").calls.clone()
    }

    /// Waits for a turn of the model that `wanted` takes.
    pub async fn turn(&self, wanted: impl Fn(&Turn) -> bool) -> Turn {
        self.wait("turn", || self.turns().into_iter().find(&wanted)).await
    }

    /// Waits for a call to the messenger that `wanted` takes.
    pub async fn call(&self, wanted: impl Fn(&Call) -> bool) -> Call {
        self.wait("call", || self.calls().into_iter().find(&wanted)).await
    }

    async fn wait<T>(&self, what: &str, look: impl Fn() -> Option<T>) -> T {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(120) {
            if let Some(found) = look() {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let methods: Vec<String> = self.calls().into_iter().map(|call| call.method).collect();
        panic!("no such {what} came; turns: {:#?}; calls: {methods:?}", self.turns());
    }
}

/// Anthropic's Messages API: <https://docs.claude.com/en/api/messages-streaming>.
async fn model(State(stubs): State<Stubs>, headers: HeaderMap, body: Bytes) -> Response {
    let request: Value = serde_json::from_slice(&body).unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let tools = request["tools"].as_array().into_iter().flatten().map(|tool| text(&tool["name"])).collect();
    let key = headers.get("x-api-key").and_then(|key| key.to_str().ok()).unwrap_or_default().to_owned();
    let turn = Turn { key, model: text(&request["model"]), tools, text: request["messages"].to_string() };
    let number = {
        let mut told = stubs.told.lock().expect("what was told");
        told.turns.push(turn);
        told.turns.len()
    };
    let usage = json!({ "input_tokens": 1, "output_tokens": 1 });
    let message = json!({
        "id": format!("msg_{number}"), "type": "message", "role": "assistant", "model": "m1", "content": [],
        "stop_reason": null, "stop_sequence": null, "usage": usage,
    });
    let said = format!("reply {number}");
    let events = [
        json!({ "type": "message_start", "message": message }),
        json!({ "type": "content_block_start", "index": 0, "content_block": { "type": "text", "text": "" } }),
        json!({ "type": "content_block_delta", "index": 0, "delta": { "type": "text_delta", "text": said } }),
        json!({ "type": "content_block_stop", "index": 0 }),
        json!({ "type": "message_delta", "delta": { "stop_reason": "end_turn", "stop_sequence": null }, "usage": usage }),
        json!({ "type": "message_stop" }),
    ];
    let stream: String =
        events.iter().map(|event| format!("event: {}\ndata: {event}\n\n", text(&event["type"]))).collect();
    ([(header::CONTENT_TYPE, "text/event-stream")], stream).into_response()
}

/// Telegram's Bot API: <https://core.telegram.org/bots/api>.
async fn telegram(State(stubs): State<Stubs>, Path((bot, method)): Path<(String, String)>, body: Bytes) -> Response {
    let token = bot.strip_prefix("bot").unwrap_or_default().to_owned();
    let bytes = body;
    let body: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    let call = Call { token, method: method.clone(), body: body.clone(), bytes };
    stubs.told.lock().expect("what was told").calls.push(call);
    let result = match method.as_str() {
        "getMe" => json!({ "id": 42, "is_bot": true, "first_name": "Bot", "username": "ada_example_bot" }),
        "getUpdates" => Value::Array(updates(&stubs).await),
        "sendMessage" | "editMessageText" => json!({
            "message_id": 1000, "date": 1_800_000_000, "chat": { "id": body["chat_id"], "type": "private" }, "text": body["text"],
        }),
        "sendPhoto" => json!({
            "message_id": 1001, "date": 1_800_000_000, "chat": { "id": 123_456_789, "type": "private" },
            "photo": [{ "file_id": "p", "file_unique_id": "p", "width": 1, "height": 1 }],
        }),
        _ => json!(true),
    };
    axum::Json(json!({ "ok": true, "result": result })).into_response()
}

/// Waits a little for messages, as Telegram does.
async fn updates(stubs: &Stubs) -> Vec<Value> {
    for _ in 0..20 {
        let waiting: Vec<Value> = stubs.told.lock().expect("what was told").waiting.drain(..).collect();
        if !waiting.is_empty() {
            return waiting;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Vec::new()
}
