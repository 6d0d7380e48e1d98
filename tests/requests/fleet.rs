//! A stack of customers, as an embedding backend would run it.
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ampere_core::clock::{Clock, NoRandomness, Random};
use ampere_core::engine::{ApplyOptions, Engine};
use ampere_core::plan::{Options, Plan};
use ampere_core::provider::Providers;
use ampere_core::reconcile::{Desired, Guard, PassOptions, PassReport, Reconciler};
use ampere_core::store::SqliteStore;
use ampere_core::vault::{RootKey, Vault};
use ampere_lang::config::{self, Module, variables};
use ampere_lang::eval::Nowhere;
use ampere_lang::value::{Type, Value};

use crate::clouds::Clouds;
use crate::ledger::Ledger;
use crate::seed::Pattern;

/// One account, subscription, secret and instance each.
const CUSTOMERS: &str = r#"
variable "customers" {
  type    = map(string)
  default = {}
}
variable "model_key" {
  ephemeral = true
  default   = "sk-ant-EXAMPLE"
}
resource "ampere_account" "all" {
  for_each = var.customers
  email    = each.value
}
resource "ampere_subscription" "all" {
  for_each   = var.customers
  account    = ampere_account.all[each.key].id
  price      = "price_hosting_monthly"
  trial_days = 14
}
resource "ampere_secret" "all" {
  for_each = var.customers
  account  = ampere_account.all[each.key].id
  kind     = "anthropic"
  value_wo = var.model_key
}
resource "ampere_instance" "all" {
  for_each     = var.customers
  account      = ampere_account.all[each.key].id
  subscription = ampere_subscription.all[each.key].id
  location     = "fsn1"
  server_type  = "cx23"
  model        = "anthropic/claude-sonnet-4-6"
  secrets      = [ampere_secret.all[each.key].id]
}
"#;

/// The key of a customer in the configuration.
pub fn key(n: usize) -> String {
    format!("c{n:05}")
}

/// The email address of a customer.
pub fn email(n: usize) -> String {
    format!("{}@example.com", key(n))
}

struct Now;

impl Clock for Now {
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::now()
    }
}

/// Bytes that never repeat.
#[derive(Default)]
struct Dice(AtomicU64);

impl Random for Dice {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), NoRandomness> {
        for chunk in buffer.chunks_mut(8) {
            let mut n = self.0.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed).wrapping_add(0x1234_5678_9ABC_DEF1);
            n = (n ^ (n >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            n = (n ^ (n >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            chunk.copy_from_slice(&(n ^ (n >> 31)).to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

/// Customers at the clouds and in the state, and an engine over both.
pub struct Fleet {
    pub clouds: Arc<Clouds>,
    pub engine: Engine,
    pub ledger: Arc<Ledger>,
    module: Module,
    random: Arc<Dice>,
    _directory: tempfile::TempDir,
}

impl Fleet {
    /// So many customers, of whom the state says what the clouds say.
    pub async fn of(customers: usize) -> Fleet {
        let clouds = Arc::new(Clouds::start().await);
        let directory = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&directory.path().join("state.db"), Arc::new(Now)).await.unwrap();
        let ledger = Ledger::new(store);
        let random = Arc::new(Dice::default());
        let (module, findings) = config::load(vec![("main.tf".into(), CUSTOMERS.into())]);
        assert!(!findings.has_errors(), "{findings:?}");
        let engine = Engine {
            providers: Providers::new().with(clouds.provider()),
            store: ledger.clone(),
            vault: Arc::new(vault(&[], &random)),
            clock: Arc::new(Now),
            random: random.clone(),
            host: Arc::new(Nowhere),
            actor: "test".into(),
        };
        let mut fleet = Fleet { clouds, engine, ledger, module, random, _directory: directory };
        fleet.apply(1).await;
        fleet.clouds.agents.leave();
        let pattern = Pattern::of(&fleet.clouds, &fleet).await;
        pattern.repeat(&fleet.clouds, &fleet, 1..customers).await;
        fleet.reopen().await;
        fleet.clouds.requests().await;
        fleet.ledger.rows();
        fleet
    }

    /// Opens keys and state anew, as another process would.
    async fn reopen(&mut self) {
        let keys = self.engine.store.load().await.unwrap().keys;
        self.engine.vault = Arc::new(vault(&keys, &self.random));
    }

    /// The configuration, and the values of its variables for so many customers.
    pub fn desired(&mut self, customers: usize) -> (Module, BTreeMap<Arc<str>, Value>) {
        let (raw, findings) = variables::collect(&mut self.module, &variables::Sources::default());
        assert!(!findings.has_errors(), "{findings:?}");
        let (finished, findings) = variables::finish(&self.module, &raw);
        assert!(!findings.has_errors(), "{findings:?}");
        let mut values = finished.values;
        let all = (0..customers).map(|n| (key(n), Value::string(email(n))));
        values.insert("customers".into(), Value::map(Type::String, all));
        (self.module.clone(), values)
    }

    /// Plans so many customers.
    pub async fn plan(&mut self, customers: usize, options: &Options) -> Plan {
        let (module, variables) = self.desired(customers);
        let snapshot = self.engine.snapshot().await.unwrap();
        let plan = self.engine.plan(&module, &variables, &snapshot, options).await;
        assert!(!plan.diagnostics.has_errors(), "{:?}", plan.diagnostics);
        plan
    }

    async fn apply(&mut self, customers: usize) {
        let (module, variables) = self.desired(customers);
        let plan = self.plan(customers, &Options { refreshed: true, ..Options::default() }).await;
        let lease = self.engine.lock("apply", Duration::ZERO).await.unwrap();
        let options = ApplyOptions { parallelism: 10, cancel: Default::default(), events: &|_| {} };
        let outcome = self.engine.apply(&plan, &module, &variables, &lease, options).await.unwrap();
        assert!(outcome.is_complete() && outcome.deferred.is_empty(), "{outcome:?}");
        self.engine.store.unlock(lease).await.unwrap();
    }

    /// One pass of the loop that keeps the promises.
    pub async fn pass(&mut self, customers: usize) -> PassReport {
        let (module, variables) = self.desired(customers);
        let engine = Engine {
            providers: Providers::new().with(self.clouds.provider_without_boxes()),
            store: self.engine.store.clone(),
            vault: self.engine.vault.clone(),
            clock: self.engine.clock.clone(),
            random: self.engine.random.clone(),
            host: self.engine.host.clone(),
            actor: self.engine.actor.clone(),
        };
        let witness = Providers::new().with(self.clouds.provider_without_boxes());
        let reconciler = Reconciler { engine, witness, guard: Guard::default(), post: None };
        let options = PassOptions {
            desired: Some(Desired { module: &module, variables: &variables }),
            approved: 0,
            lock_wait: Duration::ZERO,
            parallelism: 10,
            cancel: Default::default(),
            before_apply: &|_| {},
            events: &|_| {},
        };
        let report = reconciler.pass(options).await.unwrap();
        assert!(report.is_sound() && !report.retention_only, "{report:?}");
        report
    }
}

fn vault(keys: &[ampere_core::store::StoredKey], random: &Arc<Dice>) -> Vault {
    Vault::open(&RootKey::from_bytes([7; 32]), "fleet", keys, random.clone()).unwrap()
}
