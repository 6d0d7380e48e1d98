//! The outbox: once each, sealed while it waits, forgotten when it is over.
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ampere_core::audit;
use ampere_core::clock::{Clock, NoRandomness, Random};
use ampere_core::notice::{
    Content, Delivered, Delivery, Desk, Message, Messenger, MessengerError, NoticeState, Occasion, Outbox, Recipient,
    deleted, deliver, guard,
};
use ampere_core::retention::{Owner, Tombstone};
use ampere_core::store::{LockHolder, MemoryStore, Store, StoredRecord};
use ampere_core::vault::{RootKey, Vault};
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use tokio_util::sync::CancellationToken;

const ADA: &str = "ada@example.com";

struct Dice(std::sync::atomic::AtomicU64);

impl Random for Dice {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), NoRandomness> {
        let n = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        blake3::Hasher::new().update(&n.to_be_bytes()).finalize_xof().fill(buffer);
        Ok(())
    }
}

struct Now(Mutex<Timestamp>);

impl Clock for Now {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

/// A mail server that answers as it is told, and remembers what it took: id and recipient.
#[derive(Default)]
struct Post {
    answers: Mutex<BTreeMap<String, Vec<MessengerError>>>,
    taken: Mutex<Vec<(String, String)>>,
    stuck: bool,
}

#[async_trait]
impl Messenger for Post {
    async fn send(&self, message: &Message) -> Result<(), MessengerError> {
        if let Some(error) = self.answers.lock().unwrap().get_mut(&message.to).and_then(Vec::pop) {
            return Err(error);
        }
        self.taken.lock().unwrap().push((message.id.to_string(), message.to.clone()));
        if self.stuck {
            std::future::pending::<()>().await;
        }
        Ok(())
    }
}

impl Post {
    fn answering(to: &str, answers: &[MessengerError]) -> Post {
        Post { answers: Mutex::new(BTreeMap::from([(to.into(), answers.to_vec())])), ..Post::default() }
    }

    fn recipients(&self) -> Vec<String> {
        self.taken.lock().unwrap().iter().map(|(_, to)| to.clone()).collect()
    }
}

struct Lab {
    store: MemoryStore,
    clock: Now,
}

impl Lab {
    fn new() -> Lab {
        Lab { store: MemoryStore::new(), clock: Now(Mutex::new(noon())) }
    }

    fn pass(&self, hours: i64) {
        let mut now = self.clock.0.lock().unwrap();
        *now = now.checked_add(SignedDuration::from_hours(hours)).unwrap();
    }

    /// A run: lock, queue, settle, deliver, as a process of its own.
    async fn run(&self, occasions: &[Occasion], tombstones: &[Tombstone], post: &Post) -> Delivered {
        let rows = self.store.load().await.unwrap();
        let root = RootKey::from_bytes([7; 32]);
        let dice = Arc::new(Dice(std::sync::atomic::AtomicU64::new(rows.serial << 32 | rows.records.len() as u64)));
        let vault = Vault::open(&root, "test", &rows.keys, dice).unwrap();
        let holder = LockHolder {
            id: "run".into(),
            who: "ada@laptop".into(),
            operation: "reconcile".into(),
            since: self.clock.now(),
        };
        let lease = self.store.lock(holder, Duration::ZERO).await.unwrap();
        let desk = Desk { store: &self.store, lease: &lease, vault: &vault, clock: &self.clock, actor: "ada@laptop" };
        let mut outbox = desk.outbox().await.unwrap();
        desk.queue(&mut outbox, occasions).await.unwrap();
        let tombstones = tombstones.iter().map(|t| (t.owner.clone(), t.clone())).collect();
        desk.settle(&mut outbox, &tombstones).await.unwrap();
        let delivery = Delivery {
            desk,
            messenger: post,
            operator: Some("ops@example.com"),
            patience: Duration::from_secs(60),
            cancel: CancellationToken::new(),
        };
        deliver(&mut outbox, &delivery).await.unwrap()
    }

    async fn rows(&self) -> Vec<StoredRecord> {
        self.store.load().await.unwrap().records
    }

    async fn states(&self) -> Vec<NoticeState> {
        Outbox::read(&self.rows().await).unwrap().iter().map(|notice| notice.state).collect()
    }

    async fn keys(&self) -> usize {
        self.store.load().await.unwrap().keys.len()
    }
}

fn noon() -> Timestamp {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

fn owner(name: &str) -> Owner {
    Owner(format!("0000{name}").into())
}

fn to(name: &str) -> Recipient {
    Recipient::Owner { owner: owner(name), address: format!("{name}@example.com") }
}

fn payment(name: &str, url: &str) -> Occasion {
    Occasion {
        to: to(name),
        about: "sub_1 2026-12-01".into(),
        content: Content::PaymentDue { url: url.into() },
        expires_at: "2026-12-06T12:00:00Z".parse().unwrap(),
        held: false,
    }
}

fn tombstone(name: &str, confirmed: bool) -> Tombstone {
    let mut body = serde_json::json!({
        "owner": owner(name), "members": [], "cause": "subscription_ended", "since": noon(), "begun_at": noon(),
    });
    if confirmed {
        body["confirmed_at"] = serde_json::json!(noon());
    }
    serde_json::from_value(body).unwrap()
}

#[tokio::test(start_paused = true)]
async fn u4_the_same_occasion_is_told_once() {
    let (lab, post) = (Lab::new(), Post::default());
    lab.run(&[payment("ada", "https://pay.example/1"), payment("bob", "https://pay.example/2")], &[], &post).await;
    // The URL of an invoice may differ from one listing to the next.
    let delivered = lab.run(&[payment("ada", "https://pay.example/other")], &[], &post).await;
    assert_eq!(delivered, Delivered::default());
    let mut recipients = post.recipients();
    recipients.sort();
    assert_eq!(recipients, [ADA, "bob@example.com"]);
    audit::verify(&lab.store.audit_entries(1, 100).await.unwrap()).unwrap();
}

#[tokio::test(start_paused = true)]
async fn s1_an_address_is_sealed_while_it_waits_and_forgotten_when_it_is_over() {
    let lab = Lab::new();
    let later = MessengerError::Later("greylisted (451)".into());
    let post = Post::answering(ADA, &[later]);
    lab.run(&[payment("ada", "https://pay.example/1")], &[], &post).await;
    let text = format!("{:?}", lab.rows().await);
    assert!(!text.contains("ada@") && !text.contains("pay.example"), "{text}");
    assert_eq!(lab.keys().await, 2, "the stack's key, and that of what waits for ada");
    let waiting = lab.rows().await;

    lab.pass(1);
    assert_eq!(lab.run(&[], &[], &post).await.sent, 1);
    assert_eq!(lab.keys().await, 1, "the key went with the last notice");
    assert!(!format!("{:?}", lab.rows().await).contains("amp1."), "nothing sealed is left");
    assert!(format!("{waiting:?}").contains("amp1."), "there was something to forget");
}

#[tokio::test(start_paused = true)]
async fn a_killed_run_sends_again_under_the_same_id() {
    let lab = Lab::new();
    let stuck = Post { stuck: true, ..Post::default() };
    let occasions = [payment("ada", "https://pay.example/1")];
    let killed = tokio::time::timeout(Duration::from_secs(1), lab.run(&occasions, &[], &stuck)).await;
    assert!(killed.is_err(), "it was killed after the message was taken");
    assert_eq!(lab.states().await, [NoticeState::Sending]);

    let post = Post::default();
    lab.pass(1);
    assert_eq!(lab.run(&[], &[], &post).await.sent, 1);
    assert_eq!(*stuck.taken.lock().unwrap(), *post.taken.lock().unwrap(), "same id, same recipient");
    assert_eq!(lab.run(&[], &[], &post).await.sent, 0);
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_is_dropped_and_what_is_put_off_comes_later() {
    let lab = Lab::new();
    let post = Post::answering(ADA, &[MessengerError::Refused("no such mailbox (550)".into())]);
    post.answers.lock().unwrap().insert("bob@example.com".into(), vec![MessengerError::Later("451".into())]);
    let delivered = lab.run(&[payment("ada", "u"), payment("bob", "u")], &[], &post).await;
    assert_eq!((delivered.sent, delivered.put_off, delivered.dropped), (0, 1, 1));
    assert_eq!(lab.run(&[payment("ada", "u")], &[], &post).await, Delivered::default(), "too early");
    lab.pass(1);
    assert_eq!(lab.run(&[payment("ada", "u")], &[], &post).await.sent, 1);
    assert_eq!(post.recipients(), ["bob@example.com"]);
    assert_eq!(lab.keys().await, 1);
}

#[tokio::test(start_paused = true)]
async fn a_dead_server_is_not_asked_for_every_notice() {
    let lab = Lab::new();
    let names: Vec<String> = (0..50).map(|n| format!("c{n:02}")).collect();
    let occasions: Vec<Occasion> = names.iter().map(|name| payment(name, "u")).collect();
    let post = Post::default();
    for name in &names {
        let down = MessengerError::Down("connection refused".into());
        post.answers.lock().unwrap().insert(format!("{name}@example.com"), vec![down]);
    }
    let delivered = lab.run(&occasions, &[], &post).await;
    assert!(delivered.put_off <= 8 && delivered.left >= 42, "{delivered:?}");
    lab.pass(1);
    let delivered = lab.run(&[], &[], &Post::default()).await;
    assert_eq!((delivered.sent, delivered.left), (50, 0));
}

#[tokio::test(start_paused = true)]
async fn a_stuck_server_holds_up_no_pass() {
    let lab = Lab::new();
    let occasions: Vec<Occasion> = (0..100).map(|n| payment(&format!("c{n:02}"), "u")).collect();
    let begun = tokio::time::Instant::now();
    let delivered = lab.run(&occasions, &[], &Post { stuck: true, ..Post::default() }).await;
    assert!(begun.elapsed() <= Duration::from_secs(81), "{:?}", begun.elapsed());
    assert!(delivered.left > 0 && delivered.sent == 0, "{delivered:?}");
}

#[tokio::test(start_paused = true)]
async fn the_word_that_all_is_gone_waits_for_the_confirmation() {
    let (lab, post) = (Lab::new(), Post::default());
    let occasions = [deleted(to("ada"), noon())];
    lab.run(&occasions, &[tombstone("ada", false)], &post).await;
    lab.pass(2);
    lab.run(&occasions, &[tombstone("ada", false)], &post).await;
    assert!(post.recipients().is_empty());
    lab.run(&occasions, &[tombstone("ada", true)], &post).await;
    lab.run(&occasions, &[tombstone("ada", true)], &post).await;
    assert_eq!(post.recipients(), [ADA]);
}

#[tokio::test(start_paused = true)]
async fn r2_no_address_outlives_the_deadline() {
    let lab = Lab::new();
    let down = || MessengerError::Down("connection refused".into());
    let post = Post::answering(ADA, &[down(), down(), down()]);
    let waiting = [payment("ada", "u"), deleted(to("ada"), noon())];
    lab.run(&waiting, &[tombstone("ada", false)], &post).await;
    lab.pass(23);
    lab.run(&[], &[tombstone("ada", true)], &post).await;
    assert!(lab.states().await.contains(&NoticeState::Queued));
    lab.pass(1);
    lab.run(&[], &[tombstone("ada", true)], &Post::default()).await;
    assert_eq!(lab.states().await, [NoticeState::Dropped, NoticeState::Dropped]);
    assert_eq!(lab.keys().await, 1);
    lab.run(&waiting, &[tombstone("ada", true)], &Post::default()).await;
    assert_eq!(lab.keys().await, 1, "what has expired is not taken in again");
}

#[tokio::test(start_paused = true)]
async fn a_departure_called_off_is_not_announced() {
    let (lab, post) = (Lab::new(), Post::default());
    lab.run(&[deleted(to("ada"), noon())], &[tombstone("ada", false)], &post).await;
    lab.run(&[], &[], &post).await;
    assert!(lab.rows().await.is_empty() && lab.keys().await == 1, "nothing of it is kept");
    assert!(post.recipients().is_empty());
    // The same departure begins after all.
    lab.run(&[deleted(to("ada"), noon())], &[tombstone("ada", true)], &post).await;
    assert_eq!(post.recipients(), [ADA]);
}

#[tokio::test(start_paused = true)]
async fn the_operator_is_told_first_and_once_a_day() {
    let (lab, post) = (Lab::new(), Post::default());
    let occasions = [payment("ada", "u"), guard(7, noon())];
    lab.run(&occasions, &[], &post).await;
    lab.run(&[guard(9, lab.clock.now())], &[], &post).await;
    assert_eq!(post.recipients(), ["ops@example.com", ADA]);
    lab.pass(24);
    lab.run(&[guard(9, lab.clock.now())], &[], &post).await;
    assert_eq!(post.recipients().len(), 3);
}
