//! One stack through its months: passes every quarter of an hour or when a webhook comes, kills, people who approve and erase.
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use ampere_core::address::Address;
use ampere_core::clock::Clock;
use ampere_core::engine::Engine;
use ampere_core::identity::{AddressHash, Marker, StackId};
use ampere_core::provider::Providers;
use ampere_core::reconcile::{Desired, Guard, PassOptions, PassReport, Reconciler};
use ampere_core::retention::{Cause, Departure, Tombstone};
use ampere_core::snapshot::ObjectKey;
use ampere_core::store::{Mutation, StoreChange};
use ampere_core::vault::{RootKey, Vault, rows};
use ampere_lang::config::{self, Module};
use ampere_lang::eval::Nowhere;
use ampere_lang::value::{Type, Value};
use jiff::{SignedDuration, Timestamp};
use tokio_util::sync::CancellationToken;

use crate::chance::{Bytes, Chance};
use crate::cloud::Cloud;
use crate::process::{Disk, Fuse, Watch};
use crate::tally::Tally;
use crate::world::World;

/// Customers of which each has an account, a subscription (some have two), a secret and a server.
const CONFIGURATION: &str = r#"
variable "customers" {
  type = map(object({ email = string, trial_days = number, erase_on = string, second = bool }))
}
variable "key" {
  type      = string
  ephemeral = true
}
resource "ampere_account" "all" {
  for_each = var.customers
  email    = each.value.email
}
resource "ampere_subscription" "all" {
  for_each   = var.customers
  account    = ampere_account.all[each.key].id
  price      = "price_hosting_monthly"
  trial_days = each.value.trial_days
  erase_on   = each.value.erase_on
}
resource "ampere_subscription" "second" {
  for_each   = { for key, customer in var.customers : key => customer if customer.second }
  account    = ampere_account.all[each.key].id
  price      = "price_hosting_monthly"
  trial_days = each.value.trial_days
  erase_on   = each.value.erase_on
}
resource "ampere_secret" "all" {
  for_each = var.customers
  account  = ampere_account.all[each.key].id
  kind     = "anthropic"
  value_wo = var.key
}
resource "ampere_instance" "all" {
  for_each     = var.customers
  account      = ampere_account.all[each.key].id
  subscription = ampere_subscription.all[each.key].id
  location     = "nbg1"
  server_type  = "cx23"
  model        = "anthropic/claude-sonnet-4-6"
  secrets      = [ampere_secret.all[each.key].id]
}
"#;

/// A quarter of an hour.
const INTERVAL: SignedDuration = SignedDuration::from_mins(15);

/// A stack and the world around it.
pub struct Stack {
    seed: u64,
    module: Module,
    world: Arc<Mutex<World>>,
    watch: Arc<Watch>,
    fuse: Arc<Fuse>,
    disk: Arc<Disk>,
    bytes: Arc<Bytes>,
    chance: Chance,
    tally: Tally,
    process: Reconciler,
    /// When a person comes to look at what the guard holds.
    approval: Option<Timestamp>,
}

impl Stack {
    /// A stack of so many lives.
    pub fn new(seed: u64, lives: usize, span: SignedDuration) -> Stack {
        let begin: Timestamp = "2026-01-01T00:00:00Z".parse().expect("a time");
        let (module, findings) = config::load(vec![("main.tf".into(), CONFIGURATION.into())]);
        assert!(!findings.has_errors(), "{findings:?}");
        let world = Arc::new(Mutex::new(World::new(seed, lives, begin, span)));
        let (watch, fuse) = (Arc::new(Watch::at(begin)), Arc::new(Fuse::default()));
        fuse.put_out();
        let (disk, bytes) = (Arc::new(Disk::new(fuse.clone())), Arc::new(Bytes::new(seed)));
        let process = start(&world, &watch, &fuse, &disk, &bytes);
        let chance = Chance::new(seed, "stack");
        let tally = Tally { lives, outages: world.lock().expect("not poisoned").outages.len(), ..Tally::default() };
        let mut stack = Stack { seed, module, world, watch, fuse, disk, bytes, chance, tally, process, approval: None };
        stack.plant();
        stack
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().expect("nobody panics with it")
    }

    /// Objects of another stack that look like ours.
    fn plant(&mut self) {
        let mut world = self.world();
        for kind in ["ampere_account", "ampere_subscription", "ampere_secret", "ampere_instance"] {
            let address = Address::new(kind, "all");
            let ours = self.process.engine.vault.marker(&address);
            let marker = Marker { stack: StackId("00000000deadbeef".into()), ..ours };
            let given = BTreeMap::from([("account".into(), Value::string("uid-of-theirs"))]);
            world.plant(&format!("theirs-{kind}"), kind, marker, given);
        }
    }

    /// Lives through it all.
    pub async fn play(mut self) -> Tally {
        let mut next = self.watch.now();
        loop {
            tokio::time::sleep_until(self.watch.instant(next)).await;
            let before = self.turn();
            self.erase().await;
            let idle = self.pass().await;
            let now = self.turn();
            next = match self.after(before != now, idle) {
                Some(next) => next,
                None => break,
            };
        }
        self.end()
    }

    /// Lets the world catch up; returns how much has happened there.
    fn turn(&self) -> u64 {
        let mut world = self.world();
        let now = self.watch.now();
        world.settle(now);
        world.judge.look(now);
        world.happened
    }

    /// When the next pass is; none when all is over.
    fn after(&mut self, moved: bool, idle: bool) -> Option<Timestamp> {
        let now = self.watch.now();
        let tick = INTERVAL + self.chance.between(SignedDuration::ZERO, SignedDuration::from_mins(2));
        if moved || !idle {
            // A webhook that comes, or comes twice, or was forged, only makes the next pass come sooner.
            let sooner = self.chance.percent(10.0);
            return Some(now + if sooner { self.chance.between(SignedDuration::ZERO, tick) } else { tick });
        }
        // Nothing is to be done: passes change nothing until something happens. (Some are made all the same.)
        let next = [self.world().next(), self.approval].into_iter().flatten().min();
        if next.is_none() && self.world().judge.is_waiting(now) {
            return Some(now + tick);
        }
        let next = next?.max(now);
        let quiet = next.duration_since(now);
        if quiet > tick && self.chance.percent(5.0) {
            self.tally.idle += 1;
            return Some(now + self.chance.between(SignedDuration::ZERO, quiet));
        }
        let comes = self.chance.percent(30.0);
        let latest = if comes { SignedDuration::from_secs(20) } else { tick };
        Some(next + self.chance.between(SignedDuration::from_secs(1), latest))
    }

    /// One pass, perhaps one that is killed. Whether it left nothing to do.
    async fn pass(&mut self) -> bool {
        let now = self.watch.now();
        let customers = self.customers();
        let variables =
            BTreeMap::from([("customers".into(), customers), ("key".into(), ephemeral("sk-ant-EXAMPLE-1"))]);
        let agreed = self.approval.is_some_and(|at| at <= now);
        let approved = if agreed { self.disk.rows().records.len() } else { 0 };
        let killed = self.chance.percent(12.0);
        if killed {
            self.fuse.light(self.chance.below(60));
        }
        let broken = self.chance.percent(2.0);
        let desired = (!broken).then_some(Desired { module: &self.module, variables: &variables });
        let options = PassOptions {
            desired,
            approved,
            lock_wait: Duration::from_secs(60),
            parallelism: 4,
            cancel: CancellationToken::new(),
            before_apply: &|_| {},
            events: &|_| {},
        };
        self.tally.passes += 1;
        let rough = self.world().rough;
        let report = tokio::select! {
            biased;
            () = self.fuse.blown() => None,
            report = self.process.pass(options) => Some(report.expect("the state can be used")),
        };
        self.fuse.put_out();
        match report {
            None => {
                self.tally.kills += 1;
                self.process = start(&self.world, &self.watch, &self.fuse, &self.disk, &self.bytes);
                false
            }
            Some(report) => self.reported(&report, agreed) && !broken && rough == self.world().rough,
        }
    }

    /// Takes note of a pass; whether it left nothing to do.
    fn reported(&mut self, report: &PassReport, agreed: bool) -> bool {
        self.tally.confirmed += report.confirmed.len();
        self.tally.alarms += report.alarms.len();
        self.tally.held += usize::from(!report.held.is_empty());
        if report.held.is_empty() || agreed {
            self.approval = None;
        }
        if !report.held.is_empty() && self.approval.is_none() {
            let later = self.chance.between(SignedDuration::ZERO, SignedDuration::from_hours(3));
            self.approval = Some(self.watch.now() + later);
        }
        let begun = report.open.iter().any(Tombstone::is_begun);
        let down = !report.is_sound() && report.outcome.failed == 0;
        let done = !report.outcome.did_something() && report.confirmed.is_empty() && report.alarms.is_empty();
        // During an outage the next pass can do no more than this one.
        done && report.outcome.failed == 0 && (down && self.world().is_any_down() || !begun)
    }

    /// What the configuration says now.
    fn customers(&self) -> Value {
        let world = self.world();
        let named = world.lives.iter().filter(|life| life.configured);
        let customers: Vec<_> = named.map(|life| (life.key.clone(), life.value())).collect();
        let element = Type::Object(Arc::new(Default::default()));
        let element = customers.first().map_or(element, |(_, value)| value.ty().clone());
        Value::map(element, customers)
    }

    /// Writes down who asked for erasure, as `ampere erase` does.
    async fn erase(&mut self) {
        let asking = std::mem::take(&mut self.world().erasures);
        for life in asking {
            let engine = &self.process.engine;
            let key = self.world().lives[life].key.clone();
            let snapshot = engine.snapshot().await.expect("the state can be read");
            let kinds = engine.providers.kinds();
            let owner_of =
                |key: &ObjectKey| kinds.get(key.address.kind())?.owner(&snapshot.objects.get(key)?.attributes);
            let address = Address::new("ampere_account", "all");
            let address = address.with_key(Some(ampere_core::address::InstanceKey::Key(key.as_str().into())));
            let Some(uid) = owner_of(&ObjectKey::current(address)) else { continue };
            let own = snapshot.objects.keys().filter(|key| owner_of(key) == Some(uid));
            let mut members: Vec<AddressHash> = own.map(|key| engine.vault.address_hash(&key.address)).collect();
            members.sort();
            members.dedup();
            let (now, owner) = (self.watch.now(), engine.owner(uid));
            let held = snapshot.tombstones.get(&owner);
            if held.is_some_and(Tombstone::is_begun) {
                continue;
            }
            let since = held.map_or(now, |held| held.since.min(now));
            let departure = Departure { owner, members, cause: Cause::ErasureRequested, since };
            let row = Mutation::PutRecord(rows::tombstone_row(&Tombstone::new(&departure, Some(now))));
            let lease = engine.lock("erase", Duration::from_secs(60)).await.expect("nobody holds the lock");
            let change = StoreChange { base: None, mutations: vec![row], event: None };
            engine.store.commit(&lease, change).await.expect("the state can be written");
            engine.store.unlock(lease).await.expect("the lock is held");
            let mut world = self.world();
            world.judge.erased(life, now);
            world.afterwards(life);
        }
    }

    /// Looks at what is there in the end.
    fn end(mut self) -> Tally {
        let now = self.watch.now();
        let mut world = self.world.lock().expect("nobody panics with it");
        world.judge.look(now);
        for index in 0..world.lives.len() {
            let own = world.things.values().filter(|thing| thing.life == Some(index) && !thing.is_over());
            let mut kinds: Vec<_> = own.filter(|thing| !thing.half).map(|thing| thing.kind).collect();
            kinds.dedup();
            // The server of a contract that ended is gone, whatever other contracts there are.
            let whole = if world.judge.stays_in_part(index) { 3 } else { 4 };
            if world.judge.stays(index) && world.lives[index].configured && kinds.len() < whole {
                world.judge.wrong.push((index, format!("stays and has only {kinds:?}")));
            }
            let leaves = world.judge.leaves(index);
            self.tally.left += usize::from(leaves);
            self.tally.stayed += usize::from(!leaves);
        }
        self.tally.lives = world.lives.len();
        self.tally.objects = world.made;
        self.tally.times = world.judge.times();
        let told = |(life, text): &(usize, String)| {
            format!("stack {}: {text}: {:?}\n  {}", self.seed, world.lives[*life], world.judge.story(*life))
        };
        self.tally.wrong = world.judge.wrong.iter().map(told).chain(world.judge.trespassed.clone()).collect();
        self.tally.missed = world.judge.missed.iter().map(told).collect();
        drop(world);
        self.tally
    }
}

/// A new process: it knows what the rows say and nothing else.
fn start(
    world: &Arc<Mutex<World>>,
    watch: &Arc<Watch>,
    fuse: &Arc<Fuse>,
    disk: &Arc<Disk>,
    bytes: &Arc<Bytes>,
) -> Reconciler {
    let root = RootKey::from_bytes([7; 32]);
    let vault = Vault::open(&root, "lives", &disk.rows().keys, bytes.clone()).expect("the key fits");
    let connection = || Arc::new(Cloud::new(world.clone(), watch.clone(), fuse.clone()));
    let engine = Engine {
        providers: Providers::new().with(connection()),
        store: disk.clone(),
        vault: Arc::new(vault),
        clock: watch.clone(),
        random: bytes.clone(),
        host: Arc::new(Nowhere),
        actor: "reconcile".into(),
    };
    Reconciler { engine, witness: Providers::new().with(connection()), guard: Guard::default(), post: None }
}

fn ephemeral(text: &str) -> Value {
    Value::string(text).with_marks(ampere_lang::value::Marks::EPHEMERAL)
}
