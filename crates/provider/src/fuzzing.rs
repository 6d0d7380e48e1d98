//! Doors for the fuzz targets: the clouds' answers are given, and no network is touched. Nothing but those builds this.
use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use ampere_core::address::Address;
use ampere_core::clock::{NoRandomness, Random};
use ampere_core::identity::ExternalId;
use ampere_core::inventory::Depth;
use ampere_core::provider::{Inquiry, Provider, ProviderError, ProviderErrorKind, Request};
use ampere_core::schema::Schema;
use ampere_core::secret::Secret;
use ampere_core::vault::{RootKey, Vault};
use ampere_lang::value::{Type, Value};
use futures::future::BoxFuture;
use jiff::Timestamp;
use zeroize::Zeroizing;

use crate::http::Answer;
use crate::{AmpereProvider, Endpoints, Settings, Timer};

thread_local! {
    static GIVEN: RefCell<VecDeque<(u16, Vec<u8>)>> = const { RefCell::new(VecDeque::new()) };
}

/// The next answer that is given; a failure once there is none.
pub(crate) fn answer(cloud: &'static str, place: String) -> Result<Answer, ProviderError> {
    let next = GIVEN.with_borrow_mut(VecDeque::pop_front);
    let (status, body) =
        next.ok_or_else(|| ProviderError::new(cloud, ProviderErrorKind::Invalid, "no more answers"))?;
    Ok(Answer { cloud, place, status, retry_after: Some(Duration::ZERO), body: Zeroizing::new(body) })
}

/// The little that is taken from an event of Stripe's.
pub fn event(body: &[u8]) {
    crate::stripe::webhook::read_unsigned(body);
}

/// Asks a question (by a letter from `0` on) of clouds that give these answers, one after the other, each after a line
/// `>>> STATUS`. In them `$STACK` and `$ADDRESS` are our marker.
pub fn ask(question: u8, answers: &[u8]) {
    let question = question.wrapping_sub(b'0');
    let address = VAULT.marker(&Address::new(kind(question), "a"));
    let marked = String::from_utf8_lossy(answers);
    let marked = marked.replace("$STACK", &address.stack.0).replace("$ADDRESS", &address.address.0);
    GIVEN.with_borrow_mut(|given| *given = parted(marked.as_bytes()));
    crate::id_token::read_keys(answers);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime can be had").block_on(asked(question));
}

fn parted(answers: &[u8]) -> VecDeque<(u16, Vec<u8>)> {
    let mut given: VecDeque<(u16, Vec<u8>)> = VecDeque::new();
    for line in answers.split_inclusive(|b| *b == b'\n') {
        match line.strip_prefix(b">>> ") {
            Some(status) => {
                let status = str::from_utf8(status).ok().and_then(|status| status.trim().parse().ok());
                given.push_back((status.unwrap_or(200), Vec::new()));
            }
            None => match given.back_mut() {
                Some((_, body)) => body.extend_from_slice(line),
                None => given.push_back((200, line.to_vec())),
            },
        }
    }
    given
}

struct Fixed;

impl Random for Fixed {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), NoRandomness> {
        buffer.fill(7);
        Ok(())
    }
}

/// Nobody waits: time is where it is waited for.
struct Leaping(AtomicI64);

impl Timer for Leaping {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.0.fetch_add(1, Ordering::Relaxed)).unwrap_or(Timestamp::MAX)
    }

    fn sleep_until(&self, at: Timestamp) -> BoxFuture<'_, ()> {
        self.0.fetch_max(at.as_second(), Ordering::Relaxed);
        Box::pin(std::future::ready(()))
    }
}

static VAULT: LazyLock<Vault> = LazyLock::new(|| {
    Vault::open(&RootKey::from_bytes([7; 32]), "test", &[], Arc::new(Fixed)).expect("bytes are there")
});

fn provider() -> AmpereProvider {
    let at = |path: &str| format!("http://127.0.0.1:9/{path}");
    let endpoints = Endpoints {
        hetzner: at("hetzner/v1"),
        stripe: at("stripe"),
        identity_toolkit: at("identitytoolkit.googleapis.com"),
        firestore: at("firestore"),
        secure_token: None,
    };
    let settings = Settings::sandbox(&endpoints).expect("they are URLs");
    AmpereProvider::with_timer(&settings, Arc::new(Leaping(AtomicI64::new(1_795_000_000)))).expect("no TLS is needed")
}

const KINDS: [&str; 4] = ["ampere_account", "ampere_subscription", "ampere_secret", "ampere_instance"];
const QUESTIONS: u8 = 9;

fn kind(question: u8) -> &'static str {
    KINDS[usize::from(question / QUESTIONS) % KINDS.len()]
}

async fn asked(question: u8) {
    let provider = provider();
    let kind = kind(question);
    let id = ExternalId::from("17");
    let known = BTreeMap::from([(Arc::from(kind), vec![id.clone()])]);
    let inquiry = |depth| Inquiry { stack: VAULT.stack_id(), kinds: &KINDS, depth, known: &known };
    let address = Address::new(kind, "a");
    let marker = VAULT.marker(&address);
    let object = object(provider.kinds()[kind].schema());
    let write_only = BTreeMap::from([("value_wo", Secret::new("sk-ant-EXAMPLE"))]);
    let cancel = tokio_util::sync::CancellationToken::new();
    let request = |before, after| Request {
        kind,
        address: &address,
        marker: &marker,
        idempotency_key: "k",
        before,
        after,
        write_only: &write_only,
        sealer: &*VAULT,
        fingerprint: &*VAULT,
        progress: &|_| {},
        cancel: &cancel,
    };
    match question % QUESTIONS {
        0 => drop(provider.list(&Inquiry { kinds: &[kind], ..inquiry(Depth::Parts) }).await),
        1 => drop(provider.list(&Inquiry { kinds: &[kind], ..inquiry(Depth::Objects) }).await),
        2 => drop(provider.list(&inquiry(Depth::Parts)).await),
        3 => drop(provider.read(kind, &id).await),
        4 => drop(provider.status(kind, &id).await),
        5 => drop(provider.foreign_actions(&inquiry(Depth::Parts), None).await),
        6 => drop(provider.create(request(None, Some(&object))).await),
        7 => drop(provider.update(&id, request(Some(&object), Some(&object))).await),
        _ => drop(provider.delete(&id, request(Some(&object), None)).await),
    }
}

/// An object with something in every attribute.
fn object(schema: &Schema) -> Value {
    Value::object(schema.attributes.iter().map(|attribute| {
        let value = match &attribute.ty {
            ty if attribute.write_only => Value::null(ty.clone()),
            Type::String => Value::string("17"),
            Type::Number => Value::number(1),
            Type::Bool => Value::bool(true),
            ty => Value::null(ty.clone()),
        };
        (attribute.name, value)
    }))
}
