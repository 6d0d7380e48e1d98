//! Typed structs through the whole engine: plan, apply, "no changes", rotation, destruction.
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ampere_core::clock::Clock;
use ampere_core::engine::{ApplyOptions, Engine};
use ampere_core::plan::{Action, Mode, Options, Plan};
use ampere_core::provider::Providers;
use ampere_core::secret::Secret as SecretText;
use ampere_core::store::sqlite::SqliteStore;
use ampere_lang::config::Module;
use ampere_lang::eval::Nowhere;
use ampere_provider::typed::{Account, Channel, Input, Instance, Messenger, Secret, SecretKind, Stack, Subscription};
use jiff::Timestamp;

use crate::kit::{self, SECRET, World};

struct Now;

impl Clock for Now {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// A customer with one resource of each kind.
fn customer(key: &str, server_type: &str) -> Module {
    customer_at(key, server_type, "nbg1")
}

fn customer_at(key: &str, server_type: &str, location: &str) -> Module {
    let account = || Input::id_of::<Account>("ada");
    let key = SecretText::new(key);
    Stack::new()
        .with("ada", Account::new("ada@example.com").name("Ada"))
        .with("ada", Subscription::new(account(), "price_hosting_monthly").trial_days(14))
        .with("key", Secret::new(account(), SecretKind::named("anthropic")).value(&key))
        .with(
            "bot",
            Instance::new(account(), Input::id_of::<Subscription>("ada"))
                .location(location)
                .server_type(server_type)
                .model("anthropic/claude-sonnet-4-6")
                .channel(Messenger::Telegram, Channel::new().allow_from(["123456789"]))
                .secret(Input::id_of::<Secret>("key")),
        )
        .build()
        .unwrap()
}

struct Run {
    engine: Engine,
    world: World,
    _directory: tempfile::TempDir,
}

impl Run {
    async fn start() -> Run {
        let world = World::start().await;
        let directory = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&directory.path().join("state.db"), Arc::new(Now)).await.unwrap();
        let provider = Arc::new(kit::provider(&world, &[]));
        let engine = Engine {
            providers: Providers::new().with(provider),
            store: Arc::new(store),
            vault: Arc::new(kit::vault()),
            clock: Arc::new(Now),
            random: Arc::new(kit::Counter::default()),
            host: Arc::new(Nowhere),
            actor: "test".into(),
        };
        Run { engine, world, _directory: directory }
    }

    /// The same world with an empty state.
    async fn forget(mut self) -> Run {
        let directory = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&directory.path().join("state.db"), Arc::new(Now)).await.unwrap();
        self.engine.store = Arc::new(store);
        self.engine.vault = Arc::new(kit::vault());
        self._directory = directory;
        self
    }

    async fn plan(&self, module: &Module, mode: Mode) -> Plan {
        let snapshot = self.engine.snapshot().await.unwrap();
        let options = Options { mode, refreshed: true, ..Options::default() };
        let plan = self.engine.plan(module, &BTreeMap::new(), &snapshot, &options).await;
        assert!(!plan.diagnostics.has_errors(), "{:?}", plan.diagnostics);
        plan
    }

    async fn apply(&self, module: &Module, plan: &Plan) {
        let lease = self.engine.lock("apply", Duration::ZERO).await.unwrap();
        let options = ApplyOptions { parallelism: 10, cancel: Default::default(), events: &|_| {} };
        let outcome = self.engine.apply(plan, module, &BTreeMap::new(), &lease, options).await.unwrap();
        assert!(outcome.is_complete() && outcome.deferred.is_empty(), "{outcome:?}");
        self.engine.store.unlock(lease).await.unwrap();
    }
}

fn actions(plan: &Plan) -> Vec<(String, Action)> {
    let changes = plan.changes.iter().filter(|change| change.action != Action::NoOp);
    changes.map(|change| (change.address.to_string(), change.action)).collect()
}

#[tokio::test]
async fn a_customer_comes_into_being_is_changed_and_goes() {
    let run = Run::start().await;
    let module = customer(SECRET, "cx23");
    let plan = run.plan(&module, Mode::Normal).await;
    assert_eq!(actions(&plan).len(), 4, "{:?}", actions(&plan));
    run.apply(&module, &plan).await;
    let again = run.plan(&module, Mode::Normal).await;
    assert_eq!(actions(&again), [], "no changes");
    assert!(again.drift.is_empty(), "{:?}", again.drift);

    let rotated = customer("sk-ant-EXAMPLE-2", "cx33");
    let plan = run.plan(&rotated, Mode::Normal).await;
    let expected =
        [("ampere_instance.bot".to_owned(), Action::Update), ("ampere_secret.key".to_owned(), Action::Update)];
    assert_eq!(actions(&plan), expected);
    run.apply(&rotated, &plan).await;
    assert_eq!(actions(&run.plan(&rotated, Mode::Normal).await), []);

    let plan = run.plan(&rotated, Mode::Destroy).await;
    assert_eq!(actions(&plan).len(), 4);
    run.apply(&rotated, &plan).await;
    for (cloud, kind) in [
        ("identity_toolkit", "accounts"),
        ("firestore", "documents"),
        ("hetzner", "servers"),
        ("hetzner", "firewalls"),
        ("hetzner", "ssh_keys"),
        ("hetzner", "primary_ips"),
    ] {
        assert!(run.world.objects(cloud, kind).await.is_empty(), "{cloud} {kind}");
    }
    let customers = run.world.objects("stripe", "customers").await;
    assert!(customers.iter().all(|customer| customer["deleted"] == true), "{customers:?}");
    assert_eq!(actions(&run.plan(&Module::default(), Mode::Normal).await), [], "and nothing is missed or found again");
}

#[tokio::test]
async fn r2_an_ended_subscription_takes_everything_of_the_account_with_it() {
    let run = Run::start().await;
    let module = customer(SECRET, "cx23");
    let plan = run.plan(&module, Mode::Normal).await;
    run.apply(&module, &plan).await;
    let subscription = run.world.objects("stripe", "subscriptions").await[0]["id"].as_str().unwrap().to_owned();
    run.world.event(&subscription, "end").await;
    let plan = run.plan(&module, Mode::Normal).await;
    assert!(actions(&plan).iter().all(|(_, action)| *action == Action::Delete), "{:?}", actions(&plan));
    let change = plan.changes.iter().find(|change| change.address.to_string() == "ampere_instance.bot").unwrap();
    assert!(change.deadline.is_some() && change.loss.as_deref().is_some_and(|loss| loss.contains("memory")));
    run.apply(&module, &plan).await;
    for (cloud, kind) in [("hetzner", "servers"), ("identity_toolkit", "accounts"), ("firestore", "documents")] {
        assert!(run.world.objects(cloud, kind).await.is_empty(), "{cloud} {kind}");
    }
    let customers = run.world.objects("stripe", "customers").await;
    assert!(customers.iter().all(|customer| customer["deleted"] == true), "{customers:?}");
    assert_eq!(actions(&run.plan(&module, Mode::Normal).await), [], "it is not planned again");
}

#[tokio::test]
async fn another_location_is_another_server_and_the_plan_says_what_is_lost() {
    let run = Run::start().await;
    let module = customer(SECRET, "cx23");
    let plan = run.plan(&module, Mode::Normal).await;
    run.apply(&module, &plan).await;
    let elsewhere = customer_at(SECRET, "cx23", "hel1");
    for create_first in [false, true] {
        let mut module = if create_first { customer(SECRET, "cx23") } else { elsewhere.clone() };
        for resource in module.resources.values_mut().filter(|r| &*r.name.resource_type == "ampere_instance") {
            resource.lifecycle.create_before_destroy = Some(create_first);
        }
        let before = run.world.objects("hetzner", "servers").await[0]["id"].clone();
        let plan = run.plan(&module, Mode::Normal).await;
        let action = if create_first { Action::CreateThenDelete } else { Action::DeleteThenCreate };
        assert_eq!(actions(&plan), [("ampere_instance.bot".to_owned(), action)]);
        assert!(plan.changes.iter().any(|change| change.loss.as_deref().is_some_and(|loss| loss.contains("memory"))));
        run.apply(&module, &plan).await;
        let servers = run.world.objects("hetzner", "servers").await;
        assert_eq!(servers.len(), 1);
        assert_ne!(servers[0]["id"], before);
        assert_eq!(run.world.objects("hetzner", "firewalls").await.len(), 1);
        assert_eq!(actions(&run.plan(&module, Mode::Normal).await), []);
    }
}

#[tokio::test]
async fn a_lost_state_is_found_again_in_the_clouds() {
    let run = Run::start().await;
    let module = customer(SECRET, "cx23");
    let plan = run.plan(&module, Mode::Normal).await;
    run.apply(&module, &plan).await;
    let server = run.world.objects("hetzner", "servers").await[0]["id"].clone();
    let run = run.forget().await;
    let plan = run.plan(&module, Mode::Normal).await;
    assert!(actions(&plan).iter().all(|(_, action)| *action == Action::Update), "{:?}", actions(&plan));
    run.apply(&module, &plan).await;
    assert_eq!(run.world.objects("hetzner", "servers").await[0]["id"], server);
    assert_eq!(actions(&run.plan(&module, Mode::Normal).await), []);

    let run = run.forget().await;
    // Neither state nor configuration names anything: what bears our marker is found all the same.
    let empty = Module::default();
    let plan = run.plan(&empty, Mode::Destroy).await;
    assert_eq!(actions(&plan).len(), 4, "{:?}", actions(&plan));
    run.apply(&empty, &plan).await;
    assert!(run.world.objects("hetzner", "servers").await.is_empty());
}
