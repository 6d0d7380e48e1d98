//! What the tests of apply stand on: a stack with a configuration, a cloud and a state, run by run.
mod cloud;
#[path = "../../plan/kit/household.rs"]
mod household;
#[path = "../../plan/kit/kinds.rs"]
mod kinds;
mod store;

pub use cloud::{Cloud, Fault, context};
pub use household::household_kinds;
pub use store::{Failure, Notebook};

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ampere_core::apply::{DEFAULT_PARALLELISM, Event, Outcome};
use ampere_core::builtin::Builtin;
use ampere_core::clock::{Clock, NoRandomness, Random};
use ampere_core::engine::{ApplyOptions, Engine, EngineError};
use ampere_core::plan::{Options, Plan};
use ampere_core::provider::Providers;
use ampere_core::vault::{RootKey, Vault};
use ampere_lang::config::{self, Module, variables};
use ampere_lang::value::Value;
use tokio_util::sync::CancellationToken;

use ampere_lang::eval::Nowhere;

/// Bytes that never repeat, the same in every run.
#[derive(Default)]
struct Dice(AtomicU64);

impl Random for Dice {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), NoRandomness> {
        let n = self.0.fetch_add(1, Ordering::Relaxed);
        blake3::Hasher::new().update(&n.to_be_bytes()).finalize_xof().fill(buffer);
        Ok(())
    }
}

/// A clock that stands still until it is moved.
pub struct Watch(Mutex<jiff::Timestamp>);

impl Watch {
    /// Some hours go by.
    pub fn pass(&self, hours: i64) {
        self.wait(60 * hours);
    }

    /// Some minutes go by.
    pub fn wait(&self, minutes: i64) {
        let mut now = self.0.lock().unwrap();
        *now = now.checked_add(jiff::SignedDuration::from_mins(minutes)).unwrap();
    }
}

impl Clock for Watch {
    fn now(&self) -> jiff::Timestamp {
        *self.0.lock().unwrap()
    }
}

/// A configuration, a cloud and a state. Each run opens the vault anew from the rows, as a new process does.
pub struct Stack {
    pub module: Module,
    pub variables: BTreeMap<Arc<str>, Value>,
    pub cloud: Arc<Cloud>,
    pub store: Arc<Notebook>,
    pub options: Options,
    pub parallelism: usize,
    pub cancel: CancellationToken,
    pub events: Arc<Mutex<Vec<Event>>>,
    pub clock: Arc<Watch>,
    random: Arc<Dice>,
}

impl Stack {
    pub fn new(text: &str) -> Stack {
        let mut stack = Stack {
            module: Module::default(),
            variables: BTreeMap::new(),
            cloud: Arc::new(Cloud::new()),
            store: Arc::default(),
            options: Options { refreshed: true, ..Options::default() },
            parallelism: DEFAULT_PARALLELISM,
            cancel: CancellationToken::new(),
            events: Arc::default(),
            clock: Arc::new(Watch(Mutex::new("2026-11-22T12:00:00Z".parse().unwrap()))),
            random: Arc::default(),
        };
        stack.configure(text);
        stack
    }

    /// Another configuration for the same stack; variables have their defaults.
    pub fn configure(&mut self, text: &str) {
        let (mut module, findings) = config::load(vec![("main.tf".into(), text.into())]);
        assert!(!findings.has_errors(), "{findings:?}");
        let (raw, findings) = variables::collect(&mut module, &variables::Sources::default());
        assert!(!findings.has_errors(), "{findings:?}");
        let (finished, findings) = variables::finish(&module, &raw);
        assert!(!findings.has_errors(), "{findings:?}");
        self.variables = finished.values;
        self.module = module;
    }

    pub fn engine(&self) -> Engine {
        let rows = self.store.rows();
        let root = RootKey::from_bytes([7; 32]);
        let builtin = Arc::new(Builtin::new(self.random.clone()));
        Engine {
            providers: Providers::new().with(builtin).with(self.cloud.clone()),
            store: self.store.clone(),
            vault: Arc::new(Vault::open(&root, "test", &rows.keys, self.random.clone()).unwrap()),
            clock: self.clock.clone(),
            random: self.random.clone(),
            host: Arc::new(Nowhere),
            actor: "ada@laptop".into(),
        }
    }

    /// The plan of what is left to do; it has no errors.
    pub async fn plan(&self) -> Plan {
        let engine = self.engine();
        let snapshot = engine.snapshot().await.unwrap();
        let plan = engine.plan(&self.module, &self.variables, &snapshot, &self.options).await;
        assert!(!plan.diagnostics.has_errors(), "{:?}", plan.diagnostics);
        plan
    }

    pub async fn apply(&self, plan: &Plan) -> Result<Outcome, EngineError> {
        let engine = self.engine();
        let lease = engine.lock("apply", Duration::ZERO).await?;
        let note = |event| self.events.lock().unwrap().push(event);
        let options = ApplyOptions { parallelism: self.parallelism, cancel: self.cancel.clone(), events: &note };
        let outcome = engine.apply(plan, &self.module, &self.variables, &lease, options).await;
        self.store_unlock(lease).await;
        outcome
    }

    async fn store_unlock(&self, lease: ampere_core::store::Lease) {
        use ampere_core::store::Store;
        self.store.unlock(lease).await.unwrap();
    }

    /// Plans and applies.
    pub async fn run(&self) -> Outcome {
        let plan = self.plan().await;
        self.apply(&plan).await.unwrap()
    }

    /// Plans and applies until the process is killed, which is when nothing happens for an hour.
    pub async fn run_until_killed(&self) {
        let killed = tokio::time::timeout(Duration::from_secs(3600), self.run()).await;
        assert!(killed.is_err(), "nothing killed this run");
    }

    /// Plans and applies; then nothing is left to do, nothing is left open, and the log's chain holds.
    pub async fn converge(&self) -> Outcome {
        let outcome = self.run().await;
        assert!(outcome.is_complete(), "{outcome:?}");
        let plan = self.plan().await;
        assert!(plan.steps.is_empty(), "{:?}", plan.steps);
        let pending = self.store.rows().pending;
        assert!(pending.is_empty(), "{pending:?}");
        self.check_log().await;
        outcome
    }

    async fn check_log(&self) {
        use ampere_core::audit::Head;
        use ampere_core::store::Store;
        let entries = self.store.audit_entries(1, u32::MAX).await.unwrap();
        Head::default().follow(&entries).unwrap();
    }

    /// Kinds of what is at the cloud, sorted.
    pub fn kinds_there(&self) -> Vec<String> {
        let mut kinds: Vec<String> = self.cloud.things().into_values().map(|t| t.kind).collect();
        kinds.sort();
        kinds
    }

    /// The errors of an outcome, one a line.
    pub fn errors(outcome: &Outcome) -> Vec<String> {
        outcome.diagnostics.iter().map(|d| format!("{}: {}", d.summary, d.detail)).collect()
    }
}

/// One customer, all four kinds.
pub const CUSTOMER: &str = r#"
variable "token" {
  ephemeral = true
  default   = "sk-ant-EXAMPLE-canary"
}
resource "cloud_account" "ada" { email = "ada@example.com" }
resource "cloud_subscription" "ada" { account = cloud_account.ada.id }
resource "cloud_secret" "ada" {
  account  = cloud_account.ada.id
  value_wo = var.token
}
resource "cloud_server" "ada" {
  subscription = cloud_subscription.ada.id
  location     = "fsn1"
}
output "ip" { value = cloud_server.ada.ipv4 }
"#;
