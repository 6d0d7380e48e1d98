//! One operator's connection to the clouds, with what goes wrong on it.
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use ampere_core::identity::ExternalId;
use ampere_core::inventory::{ListProblem, Listing, Observed};
use ampere_core::kind::{Kind, Kinds};
use ampere_core::provider::{Applied, Inquiry, Listings, Provider, ProviderError, ProviderErrorKind, Request};
use ampere_core::store::{MemoryStore, Store};
use ampere_core::vault::{SealContext, Sealed};
use ampere_lang::value::Value;
use async_trait::async_trait;
use futures::FutureExt;

use super::kinds;
use super::script::{Course, Fault, ListFault};
use super::world::{Effect, Thing, World};
use crate::process::Fuse;

/// A connection of one run.
pub struct Cloud {
    kinds: Kinds,
    world: Arc<Mutex<World>>,
    fuse: Arc<Fuse>,
    /// The operator's state, to see whether the journal was written before the call.
    rows: MemoryStore,
    course: Course,
    calls: AtomicU64,
    /// Kinds whose listing this run cannot rely on.
    doubtful: Mutex<BTreeSet<String>>,
}

impl Cloud {
    /// A connection on which things go as the course says.
    pub fn new(world: Arc<Mutex<World>>, fuse: Arc<Fuse>, rows: MemoryStore, course: Course) -> Cloud {
        let (kinds, calls, doubtful) = (kinds::kinds(), AtomicU64::new(0), Mutex::default());
        Cloud { kinds, world, fuse, rows, course, calls, doubtful }
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().expect("nobody panics with it")
    }

    async fn call(&self, request: &Request<'_>, effect: Effect) -> Result<ExternalId, ProviderError> {
        self.fuse.point().await;
        self.expect_journal(request);
        let n = self.calls.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(5 + n * 7 % 11)).await;
        let refused = |kind, message: &str| Err(ProviderError::new("Sim", kind, message));
        let fault = self.course.faults.iter().find(|(at, _)| *at == n).map(|(_, fault)| *fault);
        let lags = self.course.listing == Some(ListFault::Lags);
        let done = {
            let mut world = self.world();
            world.call();
            match fault {
                Some(Fault::Refused) => return refused(ProviderErrorKind::Invalid, "it does not want to"),
                Some(Fault::Down) => return refused(ProviderErrorKind::Unavailable, "it is down"),
                Some(Fault::Late(calls)) => {
                    world.delay(calls, effect);
                    return refused(ProviderErrorKind::Unknown, "the answer was lost");
                }
                _ => world.perform(effect, lags),
            }
        };
        self.fuse.point().await;
        match fault {
            Some(Fault::AnswerLost) => refused(ProviderErrorKind::Unknown, "the answer was lost"),
            _ => done,
        }
    }

    /// The journal is written before the call.
    fn expect_journal(&self, request: &Request<'_>) {
        let rows = self.rows.load().now_or_never().expect("memory does not wait").expect("memory can be read");
        let address = request.address.to_string();
        if !rows.pending.iter().any(|entry| entry.address == address) {
            self.world().wrong.push(format!("{address} was called for without an entry in the journal"));
        }
    }

    fn applied(&self, id: ExternalId, request: &Request<'_>, sealed: Option<Sealed>) -> Applied {
        let found = self.world().things.get(&id).map(|thing| thing.attributes.clone()).unwrap_or_default();
        let after = request.after.and_then(Value::entries).cloned().unwrap_or_default();
        let entries = after.iter().map(|(name, value)| {
            let known = || if value.is_wholly_known() { value.clone() } else { Value::null(value.ty().clone()) };
            (name.clone(), found.get(name).cloned().unwrap_or_else(known))
        });
        Applied { id, attributes: Value::object(entries), sealed }
    }

    fn doubt(&self, kind: &str) {
        self.doubtful.lock().expect("nobody panics with it").insert(kind.to_owned());
    }

    fn listing(&self, kind: &str, inquiry: &Inquiry<'_>) -> Result<Listing, ProviderError> {
        let world = self.world();
        let things = if self.course.listing == Some(ListFault::Lags) { world.lagging() } else { &world.things };
        let ours = things.iter().filter(|(_, t)| t.kind == kind && t.marker.stack == *inquiry.stack);
        let mut objects: Vec<Observed> = ours.map(|(id, thing)| thing.observed(id)).collect();
        match self.course.listing {
            Some(ListFault::Fails(which)) if is(kind, which) => {
                self.doubt(kind);
                Err(ProviderError::new("Sim", ProviderErrorKind::Unavailable, "it is down"))
            }
            Some(ListFault::Incomplete(which, some)) if is(kind, which) => {
                self.doubt(kind);
                objects.truncate(some.into());
                let problem = ListProblem { place: "page 2".into(), message: "a page is missing".into() };
                Ok(Listing { objects, problems: vec![problem] })
            }
            _ => Ok(Listing { objects, problems: Vec::new() }),
        }
    }
}

fn is(kind: &str, which: u8) -> bool {
    kinds::ALL[usize::from(which) % kinds::ALL.len()] == kind
}

fn kind_of(request: &Request<'_>) -> &'static str {
    kinds::ALL.into_iter().find(|kind| *kind == request.kind).expect("a kind of ours")
}

/// The object that a request wants.
fn wanted(request: &Request<'_>, sealed: Option<Sealed>) -> Box<Thing> {
    let (after, _) = request.after.expect("an object is wanted").clone().unmark_deep();
    let entries = after.entries().expect("an object").iter();
    let mut attributes: BTreeMap<Arc<str>, Value> = entries
        .filter(|(_, value)| value.is_wholly_known() && !value.is_null())
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    match request.kind {
        kinds::CONTRACT => drop(attributes.insert("status".into(), Value::string("active"))),
        kinds::SERVER => drop(attributes.insert("address".into(), Value::string("203.0.113.1"))),
        _ => {}
    }
    Box::new(Thing::new(kind_of(request), request.marker.clone(), attributes, sealed))
}

/// What a secret at the cloud is bound to.
pub fn place<'a>(account: &'a str, address: &'a str, version: u64) -> SealContext<'a> {
    SealContext { account, address, attribute: "value_wo", version }
}

/// Seals a secret under its account's key, as the real client does before anything is sent.
fn seal(request: &Request<'_>) -> Option<Sealed> {
    let secret = request.write_only.get("value_wo")?;
    let after = request.after?;
    let (account, version) = (after.get("account")?, after.get("version")?.as_number()?.to_u64()?);
    let address = request.address.to_string();
    Some(request.sealer.seal(&place(account.as_str()?, &address, version), secret).expect("the key was made before"))
}

#[async_trait]
impl Provider for Cloud {
    fn kinds(&self) -> &BTreeMap<&'static str, Arc<dyn Kind>> {
        &self.kinds
    }

    async fn list(&self, inquiry: &Inquiry<'_>) -> Listings {
        self.fuse.point().await;
        tokio::time::sleep(Duration::from_millis(3)).await;
        inquiry.kinds.iter().map(|kind| (Arc::from(*kind), self.listing(kind, inquiry))).collect()
    }

    async fn read(&self, kind: &str, id: &ExternalId) -> Result<Option<Observed>, ProviderError> {
        Ok(self.world().things.get(id).filter(|thing| thing.kind == kind).map(|thing| thing.observed(id)))
    }

    async fn create(&self, request: Request<'_>) -> Result<Applied, ProviderError> {
        let sealed = seal(&request);
        let thing = wanted(&request, sealed.clone());
        let not = request.before.and_then(|before| Some(ExternalId(before.get("id")?.as_str()?.into())));
        let id = self.call(&request, Effect::Make { key: request.idempotency_key.to_owned(), thing, not }).await?;
        Ok(self.applied(id, &request, sealed))
    }

    async fn update(&self, id: &ExternalId, request: Request<'_>) -> Result<Applied, ProviderError> {
        let sealed = seal(&request);
        let thing = self.world().over(id, wanted(&request, sealed.clone()));
        let id = self.call(&request, Effect::Set { id: id.clone(), thing }).await?;
        Ok(self.applied(id, &request, sealed))
    }

    async fn delete(&self, id: &ExternalId, request: Request<'_>) -> Result<(), ProviderError> {
        if self.doubtful.lock().expect("nobody panics with it").contains(request.kind) {
            self.world().wrong.push(format!("{id} was deleted on the word of an incomplete listing"));
        }
        self.call(&request, Effect::Remove { id: id.clone() }).await.map(drop)
    }
}
