//! The backend's use of Ampere: its customers are the desired state, and every change of them is planned and applied.
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ampere_core::apply::{DEFAULT_PARALLELISM, Event, Outcome};
use ampere_core::engine::{ApplyOptions, Engine, EngineError};
use ampere_core::lang::config::Module;
use ampere_core::plan::{Change, Options};
use ampere_core::provider::Providers;
use ampere_core::rotation::{self, MemoryEpochs, Rotation, RotationError};
use ampere_core::secret::Secret as SecretText;
use ampere_core::store::Lease;
use ampere_core::store::memory::MemoryStore;
use ampere_core::vault::RootKey;
use ampere_provider::AmpereProvider;
use ampere_provider::typed::{
    Account, Channel, Input, Instance, Messenger, NameError, Secret, SecretKind, Stack, Subscription,
};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use crate::system::System;

/// Somebody who proved who they are: their Firebase user, and the address it is known to have.
#[derive(Clone)]
pub struct Customer {
    /// The uid.
    pub uid: String,
    /// Where notices go.
    pub email: String,
}

/// What a signup form holds, and who sent it.
pub struct Signup {
    /// Short, unique, never changes: it names the customer's resources.
    pub name: String,
    /// Who proved to be the customer.
    pub person: Customer,
    /// As `provider/model`.
    pub model: String,
    /// The customer's key of that provider: used once, then forgotten here.
    pub model_key: Option<SecretText>,
}

/// Why a change could not be made.
#[derive(Debug, thiserror::Error)]
pub enum BackendError {
    /// There is a customer of that name already.
    #[error("there is a customer named {0} already")]
    Taken(String),
    /// There is no customer of that name, or it is somebody else: the one is told like the other.
    #[error("you are no customer named {0}")]
    Unknown(String),
    /// The name cannot stand in an address.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The plan has errors; these are their texts.
    #[error("the plan has errors: {}", .0.join("; "))]
    Plan(Vec<String>),
    /// State, keys or lock.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// An epoch of keys could not be ended.
    #[error(transparent)]
    Keys(#[from] RotationError),
}

/// All customers, and the engine that makes them real.
pub struct Backend {
    engine: Engine,
    epochs: MemoryEpochs,
    customers: Mutex<BTreeMap<String, Signup>>,
}

impl Backend {
    /// A backend with an empty state in memory. A real one opens `store::sqlite`, reads its root key from a KMS or a file, and
    /// keeps its epochs in another place than its state (see `rotation::EpochStore`).
    pub async fn open(provider: AmpereProvider) -> Result<Backend, Box<dyn std::error::Error>> {
        let (root, store, epochs) = (RootKey::generate(&System)?, MemoryStore::new(), MemoryEpochs::new());
        let (vault, _rows) = rotation::open(&root, "embed", &store, &epochs, Arc::new(System)).await?;
        let engine = Engine {
            providers: Providers::new().with(Arc::new(provider)),
            store: Arc::new(store),
            vault: Arc::new(vault),
            clock: Arc::new(System),
            random: Arc::new(System),
            host: Arc::new(System),
            actor: "signup".to_owned(),
        };
        Ok(Backend { engine, epochs, customers: Mutex::default() })
    }

    /// Takes a customer in and brings all of theirs into being.
    pub async fn sign_up(&self, signup: Signup, tell: &(dyn Fn(Event) + Sync)) -> Result<Outcome, BackendError> {
        let mut customers = self.customers.lock().await;
        if customers.contains_key(&signup.name) {
            return Err(BackendError::Taken(signup.name));
        }
        let name = signup.name.clone();
        customers.insert(name.clone(), signup);
        let outcome = self.converge(&customers, tell).await;
        // The key has been sealed, or the signup failed: either way it is not kept here.
        if let Some(customer) = customers.get_mut(&name) {
            customer.model_key = None;
        }
        if outcome.is_err() {
            customers.remove(&name);
        }
        outcome
    }

    /// Deletes a customer and all of theirs, if it is this person.
    pub async fn remove(&self, uid: &str, name: &str, tell: &(dyn Fn(Event) + Sync)) -> Result<Outcome, BackendError> {
        let mut customers = self.customers.lock().await;
        if customers.get(name).is_none_or(|customer| customer.person.uid != uid) {
            return Err(BackendError::Unknown(name.to_owned()));
        }
        customers.remove(name);
        self.converge(&customers, tell).await
    }

    /// What a change of this person's resources would be made of if one were made now.
    pub async fn plan(&self, uid: &str) -> Result<Vec<Change>, BackendError> {
        let customers = self.customers.lock().await;
        let is_theirs = |name: &str| customers.get(name).is_some_and(|customer| customer.person.uid == uid);
        let module = module(&customers)?;
        let snapshot = self.engine.snapshot().await?;
        let plan = self.engine.plan(&module, &BTreeMap::new(), &snapshot, &refreshed()).await;
        Ok(plan.changes.into_iter().filter(|change| is_theirs(&change.address.resource.name)).collect())
    }

    /// Plans and applies under the lock.
    async fn converge(
        &self,
        customers: &BTreeMap<String, Signup>,
        tell: &(dyn Fn(Event) + Sync),
    ) -> Result<Outcome, BackendError> {
        let module = module(customers)?;
        let lease = self.engine.lock("signup", Duration::from_secs(30)).await?;
        let outcome = async {
            self.keep_keys(&lease).await?;
            let variables = BTreeMap::new();
            let snapshot = self.engine.snapshot().await?;
            let plan = self.engine.plan(&module, &variables, &snapshot, &refreshed()).await;
            if plan.diagnostics.has_errors() {
                let texts = plan.diagnostics.iter().map(|d| format!("{}: {}", d.summary, d.detail));
                return Err(BackendError::Plan(texts.collect()));
            }
            let options =
                ApplyOptions { parallelism: DEFAULT_PARALLELISM, cancel: CancellationToken::new(), events: tell };
            Ok(self.engine.apply(&plan, &module, &variables, &lease, options).await?)
        };
        let outcome = outcome.await;
        self.engine.store.unlock(lease).await.map_err(EngineError::from)?;
        outcome
    }

    /// Under every lock: an epoch of keys whose twelve hours are over ends here.
    async fn keep_keys(&self, lease: &Lease) -> Result<(), RotationError> {
        let Engine { vault, store, clock, actor, .. } = &self.engine;
        let (store, epochs, clock) = (&**store, &self.epochs, &**clock);
        Rotation { vault, store, lease, epochs, clock, actor, progress: &|_, _| {} }.keep().await.map(drop)
    }
}

fn refreshed() -> Options {
    Options { refreshed: true, ..Options::default() }
}

/// The desired state: four resources for each customer.
fn module(customers: &BTreeMap<String, Signup>) -> Result<Module, NameError> {
    let mut stack = Stack::new();
    for (name, customer) in customers {
        let account = Input::id_of::<Account>(name);
        let provider = customer.model.split('/').next().unwrap_or_default();
        let mut key = Secret::new(account.clone(), SecretKind::named(provider));
        if let Some(text) = &customer.model_key {
            key = key.value(text);
        }
        stack = stack
            // The user exists since the person signed in for the first time.
            .adopt(name, Account::new(customer.person.email.as_str()), &customer.person.uid)
            .with(name, Subscription::new(account.clone(), "price_hosting_monthly").trial_days(14))
            .with(name, key)
            .with(
                name,
                Instance::new(account, Input::id_of::<Subscription>(name))
                    .location("nbg1")
                    .server_type("cx23")
                    .model(customer.model.as_str())
                    .channel(Messenger::Telegram, Channel::new())
                    .secret(Input::id_of::<Secret>(name)),
            );
    }
    stack.build()
}
