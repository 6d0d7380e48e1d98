//! A stack through its script, and what must hold at its end.
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use ampere_core::address::Address;
use ampere_core::audit;
use ampere_core::clock::Clock;
use ampere_core::engine::{ApplyOptions, Engine, EngineError};
use ampere_core::identity::{AddressHash, Marker, StackId};
use ampere_core::plan::{Mode, Options, Plan};
use ampere_core::provider::Providers;
use ampere_core::store::{LockHolder, MemoryStore, Store, StoreError, StoredSnapshot};
use ampere_core::vault::{RootKey, Sealer, Vault};
use ampere_lang::config::{self, Module};
use ampere_lang::eval::Nowhere;
use ampere_lang::value::{Marks, Value};
use futures::FutureExt;
use tokio_util::sync::CancellationToken;

use super::cloud::{Cloud, place};
use super::kinds;
use super::script::{Act, Course, Customer, SLOTS};
use super::world::World;
use crate::chance::Bytes;
use crate::process::{Disk, Fuse, Watch};

/// What every secret's value begins with.
const CANARY: &str = "canary-";

type Customers = [Option<Customer>; SLOTS];

/// A plan that an operator has kept, with what it was made from.
struct Saved {
    plan: Plan,
    module: Arc<Module>,
    variables: BTreeMap<Arc<str>, Value>,
}

/// What a run is to do.
enum Task<'a> {
    Bring(Mode),
    Keep,
    Carry(&'a Saved),
}

/// A stack.
pub struct Life {
    world: Arc<Mutex<World>>,
    rows: MemoryStore,
    watch: Arc<Watch>,
    bytes: Arc<Bytes>,
    customers: Customers,
    module: Arc<Module>,
    saved: [Option<Saved>; 2],
    runs: u64,
    /// What was done.
    pub tally: Tally,
}

/// What lives were made of.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    pub runs: u64,
    pub kills: u64,
    pub steps: u64,
}

impl Life {
    /// A stack in which nothing is configured yet.
    pub fn new(seed: u64) -> Life {
        let world = Arc::new(Mutex::new(World::default()));
        let watch = Arc::new(Watch::at("2026-01-01T00:00:00Z".parse().expect("a time")));
        let bytes = Arc::new(Bytes::new(seed));
        let (rows, customers, saved) = (MemoryStore::new(), [None; SLOTS], [None, None]);
        let module = Arc::new(configuration(&customers));
        let (runs, tally) = (0, Tally::default());
        let life = Life { world, rows, watch, bytes, customers, module, saved, runs, tally };
        let vault = life.vault(&[]);
        let marker =
            |kind| Marker { stack: StackId("00000000deadbeef".into()), ..vault.marker(&Address::new(kind, "c0")) };
        let mut world = life.world();
        world.ours = Some(vault.stack_id().clone());
        world.plant(&marker);
        drop(world);
        life
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().expect("nobody panics with it")
    }

    fn vault(&self, keys: &[ampere_core::snapshot::StoredKey]) -> Vault {
        Vault::open(&RootKey::from_bytes([7; 32]), "sim", keys, self.bytes.clone()).expect("the key fits")
    }

    /// Lives through a script.
    ///
    /// # Errors
    /// What was wrong.
    pub async fn play(&mut self, script: &[Act]) -> Result<(), String> {
        let others = self.world().others();
        for act in script {
            self.world().turn();
            self.act(act).await?;
            self.is_right()?;
        }
        self.end().await?;
        if self.world().others() != others {
            return Err("what is not ours has changed".into());
        }
        Ok(())
    }

    async fn act(&mut self, act: &Act) -> Result<(), String> {
        match act {
            Act::Configure(customers) => {
                self.customers = *customers;
                self.module = Arc::new(configuration(customers));
            }
            Act::Apply { course, .. } => drop(self.run(Task::Bring(Mode::Normal), course).await?),
            Act::Destroy { course, .. } => drop(self.run(Task::Bring(Mode::Destroy), course).await?),
            Act::Plan { who } => self.saved[usize::from(*who)] = self.run(Task::Keep, &Course::default()).await?,
            Act::ApplyPlan { who, course } => {
                if let Some(saved) = self.saved[usize::from(*who)].take() {
                    self.run(Task::Carry(&saved), course).await?;
                }
            }
            Act::Both { first, second } => self.both(first, second).await?,
            Act::Change { object } => self.world().change(*object),
            Act::Delete { object } => self.world().delete(*object),
            Act::Arrive => self.world().arrive(),
            Act::LoseState { recover } => {
                self.rows = MemoryStore::new();
                if *recover {
                    self.run(Task::Bring(Mode::Recover), &Course::default()).await?;
                }
            }
        }
        Ok(())
    }

    async fn both(&mut self, first: &Course, second: &Course) -> Result<(), String> {
        self.runs += 2;
        let (a, b) = (self.runs - 1, self.runs);
        let (tasks, fuses) = ([Task::Bring(Mode::Normal), Task::Bring(Mode::Normal)], [fuse(first), fuse(second)]);
        let (one, other) =
            tokio::join!(self.process(a, &tasks[0], first, &fuses[0]), self.process(b, &tasks[1], second, &fuses[1]));
        self.count(one?);
        self.count(other?);
        Ok(())
    }

    async fn run(&mut self, task: Task<'_>, course: &Course) -> Result<Option<Saved>, String> {
        self.runs += 1;
        let ended = self.process(self.runs, &task, course, &fuse(course)).await?;
        Ok(self.count(ended))
    }

    fn count(&mut self, ended: Ended) -> Option<Saved> {
        self.tally.runs += 1;
        match ended {
            Ended::Killed => self.tally.kills += 1,
            Ended::Done(steps) => self.tally.steps += steps,
            Ended::Kept(saved) => return Some(*saved),
            Ended::Refused => {}
        }
        None
    }

    /// One process, which may be killed.
    async fn process(&self, n: u64, task: &Task<'_>, course: &Course, fuse: &Arc<Fuse>) -> Result<Ended, String> {
        tokio::select! {
            biased;
            () = fuse.blown() => Ok(Ended::Killed),
            ended = self.work(n, task, course, fuse) => match ended {
                Ok(ended) => Ok(ended),
                Err(EngineError::Store(StoreError::Locked(_) | StoreError::Stale { .. })) => Ok(Ended::Refused),
                Err(error) => Err(format!("a run failed: {error}")),
            },
        }
    }

    async fn work(&self, n: u64, task: &Task<'_>, course: &Course, fuse: &Arc<Fuse>) -> Result<Ended, EngineError> {
        let disk = Arc::new(Disk::over(self.rows.clone(), fuse.clone()));
        let (id, since) = (format!("{n}"), self.watch.now());
        let holder = LockHolder { id, who: format!("operator {n}"), operation: "apply".into(), since };
        let lease = disk.lock(holder, Duration::from_secs(if n.is_multiple_of(2) { 60 } else { 0 })).await?;
        let cloud = Cloud::new(self.world.clone(), fuse.clone(), self.rows.clone(), course.clone());
        let engine = Engine {
            providers: Providers::new().with(Arc::new(cloud)),
            vault: Arc::new(self.vault(&disk.rows().keys)),
            store: disk.clone(),
            clock: self.watch.clone(),
            random: self.bytes.clone(),
            host: Arc::new(Nowhere),
            actor: format!("operator {n}"),
        };
        let (module, variables) = match task {
            Task::Carry(saved) => (saved.module.clone(), saved.variables.clone()),
            Task::Bring(_) | Task::Keep => (self.module.clone(), variables(&self.customers)),
        };
        let fresh = match task {
            Task::Carry(_) => None,
            Task::Keep => Some(self.plan(&engine, Mode::Normal).await?),
            Task::Bring(mode) => Some(self.plan(&engine, *mode).await?),
        };
        let plan = match (task, &fresh) {
            (Task::Carry(saved), _) => &saved.plan,
            (_, Some(plan)) => plan,
            (_, None) => unreachable!("it was just made"),
        };
        if plan.diagnostics.has_errors() {
            return Ok(Ended::Refused);
        }
        if let (Task::Keep, Some(plan)) = (task, fresh.clone()) {
            return Ok(Ended::Kept(Box::new(Saved { plan, module, variables })));
        }
        let options =
            ApplyOptions { parallelism: 1 + (n % 3) as usize, cancel: CancellationToken::new(), events: &|_| {} };
        engine.apply(plan, &module, &variables, &lease, options).await?;
        disk.unlock(lease).await?;
        Ok(Ended::Done(plan.steps.len() as u64))
    }

    /// Plans, and now and then once more: the same input makes the same plan, and none holds a secret.
    async fn plan(&self, engine: &Engine, mode: Mode) -> Result<Plan, EngineError> {
        let options = Options { mode, refreshed: true, thorough: true, ..Options::default() };
        let (snapshot, variables) = (engine.snapshot().await?, variables(&self.customers));
        let plan = engine.plan(&self.module, &variables, &snapshot, &options).await;
        if self.runs.is_multiple_of(3) {
            let again = engine.plan(&self.module, &variables, &snapshot, &options).await;
            let mut world = self.world();
            if again.id != plan.id {
                world.wrong.push("the same input made another plan".into());
            }
            if format!("{plan:?}").contains(CANARY) {
                world.wrong.push("a plan holds a secret".into());
            }
        }
        Ok(plan)
    }

    /// Nothing happened that must never happen.
    fn is_right(&self) -> Result<(), String> {
        let wrong = self.world().wrong.clone();
        if wrong.is_empty() { Ok(()) } else { Err(wrong.join("; ")) }
    }

    /// All is quiet: one more run brings what is wanted, and nothing is left for another one.
    async fn end(&mut self) -> Result<(), String> {
        self.world().arrive();
        self.world().turn();
        self.world().turn();
        let course = Course::default();
        self.runs += 1;
        if !matches!(self.process(2, &Task::Bring(Mode::Normal), &course, &fuse(&course)).await?, Ended::Done(_)) {
            return Err("the last run was refused".into());
        }
        match self.process(4, &Task::Bring(Mode::Normal), &course, &fuse(&course)).await? {
            Ended::Done(0) => {}
            Ended::Done(_) => return Err(format!("left after the last run: {}", self.log(24))),
            _ => return Err("the second plan was refused".into()),
        }
        self.is_right()?;
        self.is_as_wanted()?;
        self.is_written_down()
    }

    /// The world is what the configuration says, and every secret opens.
    fn is_as_wanted(&self) -> Result<(), String> {
        let world = self.world();
        let doubles = world.doubles();
        if !doubles.is_empty() {
            return Err(format!("made twice: {doubles:?}"));
        }
        let vault = self.vault(&self.stored().keys);
        let mut found: BTreeMap<(&str, AddressHash), _> = BTreeMap::new();
        for thing in world.own().iter().map(|id| &world.things[id]) {
            found.insert((thing.kind, thing.marker.address.clone()), thing);
        }
        for (slot, customer) in self.customers.iter().enumerate() {
            let Some(customer) = customer else { continue };
            for (kind, attribute, value) in wanted(customer) {
                let address = Address::new(kind, format!("c{slot}").as_str());
                let Some(thing) = found.remove(&(kind, vault.address_hash(&address))) else {
                    return Err(format!("{address} is not there"));
                };
                let is = thing.attributes.get(attribute).and_then(|v| v.as_str().map(str::to_owned));
                if kind != kinds::SECRET && is.as_deref() != Some(&*value) {
                    return Err(format!("{address} has {attribute} {is:?} instead of {value}"));
                }
                if kind == kinds::SECRET && opened(thing, &address, &vault) != Some(secret(slot, customer)) {
                    return Err(format!("{address} does not open to its value"));
                }
            }
        }
        if !found.is_empty() {
            return Err(format!("orphans: {:?}", found.keys().map(|(kind, _)| kind).collect::<Vec<_>>()));
        }
        Ok(())
    }

    /// The last entries of the log.
    fn log(&self, last: usize) -> String {
        let log =
            self.rows.audit_entries(1, u32::MAX).now_or_never().expect("memory does not wait").unwrap_or_default();
        let told = |entry: &audit::Entry| {
            let event = &entry.event;
            let why = event.details.get("why").map(|why| format!(" ({why})")).unwrap_or_default();
            let address = event.address.as_deref().unwrap_or_default();
            format!("\n  {} {} {} {}{why}", event.actor, event.action, address, event.outcome.as_str())
        };
        log[log.len().saturating_sub(last)..].iter().map(told).collect()
    }

    fn stored(&self) -> StoredSnapshot {
        self.rows.load().now_or_never().expect("memory does not wait").expect("memory can be read")
    }

    /// State and log are sound, complete, and hold no secret.
    fn is_written_down(&self) -> Result<(), String> {
        let stored = self.stored();
        if !stored.pending.is_empty() {
            return Err(format!("the journal is open: {:?}", stored.pending));
        }
        let current = stored.objects.iter().filter(|row| row.deposed.is_empty()).count();
        if current != stored.objects.len() || current != self.world().own().len() {
            return Err("the state does not hold just what is there".into());
        }
        let log = self.rows.audit_entries(1, u32::MAX).now_or_never().expect("memory does not wait");
        let log = log.map_err(|error| error.to_string())?;
        audit::verify(&log).map_err(|error| format!("the log does not verify: {error}"))?;
        if format!("{stored:?}{log:?}{:?}", self.world().things).contains(CANARY) {
            return Err("a secret stands somewhere in the clear".into());
        }
        Ok(())
    }
}

/// How a process ended.
enum Ended {
    Killed,
    Refused,
    Done(u64),
    Kept(Box<Saved>),
}

fn fuse(course: &Course) -> Arc<Fuse> {
    let fuse = Fuse::default();
    fuse.put_out();
    if let Some(points) = course.killed_at {
        fuse.light(points);
    }
    Arc::new(fuse)
}

fn secret(slot: usize, customer: &Customer) -> String {
    format!("{CANARY}{slot}-{}", customer.secret)
}

fn variables(customers: &Customers) -> BTreeMap<Arc<str>, Value> {
    let value = |slot: usize, customer: &Option<Customer>| {
        Value::string(secret(slot, &customer.unwrap_or_default())).with_marks(Marks::EPHEMERAL)
    };
    let named = customers.iter().enumerate().map(|(slot, customer)| (format!("s{slot}").into(), value(slot, customer)));
    named.collect()
}

/// The objects of a customer, and an attribute by which each is known.
fn wanted(customer: &Customer) -> Vec<(&'static str, &'static str, String)> {
    let mut wanted = vec![
        (kinds::ACCOUNT, "email", format!("e{}", customer.email)),
        (kinds::CONTRACT, "price", format!("p{}", customer.price)),
        (kinds::SECRET, "account", String::new()),
    ];
    if customer.server {
        wanted.push((kinds::SERVER, "size", format!("z{}", customer.size)));
        wanted.truncate(4);
    }
    wanted
}

fn opened(thing: &super::world::Thing, address: &Address, vault: &Vault) -> Option<String> {
    let account = thing.attributes.get("account")?.as_str()?.to_owned();
    let version = thing.attributes.get("version")?.as_number()?.to_u64()?;
    let address = address.to_string();
    let opened = vault.open_sealed(&place(&account, &address, version), thing.sealed.as_ref()?).ok()?;
    Some(opened.expose().to_owned())
}

fn configuration(customers: &Customers) -> Module {
    let mut text = String::new();
    for (slot, customer) in customers.iter().enumerate() {
        text.push_str(&format!("variable \"s{slot}\" {{\n  type = string\n  ephemeral = true\n}}\n"));
        let Some(Customer { email, price, region, size, new_first, server, .. }) = customer else { continue };
        text.push_str(&format!(
            r#"resource "sim_account" "c{slot}" {{
  email = "e{email}"
}}
resource "sim_contract" "c{slot}" {{
  account = sim_account.c{slot}.id
  price   = "p{price}"
}}
resource "sim_secret" "c{slot}" {{
  account  = sim_account.c{slot}.id
  value_wo = var.s{slot}
}}
"#
        ));
        if *server {
            text.push_str(&format!(
                r#"resource "sim_server" "c{slot}" {{
  account  = sim_account.c{slot}.id
  contract = sim_contract.c{slot}.id
  secret   = sim_secret.c{slot}.id
  region   = "r{region}"
  size     = "z{size}"
  lifecycle {{
    create_before_destroy = {new_first}
  }}
}}
"#
            ));
        }
    }
    let (module, findings) = config::load(vec![("main.tf".into(), text)]);
    assert!(!findings.has_errors(), "{findings:?}");
    module
}

impl Tally {
    /// Adds what another life was made of.
    pub fn add(&mut self, other: Tally) {
        self.runs += other.runs;
        self.kills += other.kills;
        self.steps += other.steps;
    }
}
