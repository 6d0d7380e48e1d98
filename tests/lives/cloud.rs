//! The clouds in memory, with the faults of real ones: outages, lost answers, refusals, listings with a page missing.
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use ampere_core::address::InstanceKey;
use ampere_core::clock::Clock;
use ampere_core::identity::ExternalId;
use ampere_core::inventory::{ListProblem, Listing, Observed, Part};
use ampere_core::kind::{Kind, Kinds};
use ampere_core::provider::{Applied, Inquiry, Listings, Provider, ProviderError, ProviderErrorKind, Request};
use ampere_core::vault::{SealContext, Sealed};
use ampere_lang::value::Value;
use async_trait::async_trait;

use crate::process::{Fuse, Watch};
use crate::thing::Thing;
use crate::world::{Weather, World};

/// One connection to the clouds; the witness has another one.
pub struct Cloud {
    kinds: Kinds,
    world: Arc<Mutex<World>>,
    watch: Arc<Watch>,
    fuse: Arc<Fuse>,
}

impl Cloud {
    /// A connection of a process.
    pub fn new(world: Arc<Mutex<World>>, watch: Arc<Watch>, fuse: Arc<Fuse>) -> Cloud {
        Cloud { kinds: ampere_provider::kinds(), world, watch, fuse }
    }

    /// The world as it is now: what was to happen until now has happened.
    fn world(&self) -> MutexGuard<'_, World> {
        let mut world = self.world.lock().expect("nobody panics with it");
        world.settle(self.watch.now());
        world
    }

    /// A call that changes something: it takes its time, the process may die around it, and it may go wrong.
    async fn call<T>(
        &self,
        kind: &str,
        effect: impl Future<Output = Result<T, ProviderError>>,
    ) -> Result<T, ProviderError> {
        self.fuse.point().await;
        let (weather, takes) = {
            let mut world = self.world();
            (world.weather(kind), Duration::from_millis(50 + world.faults.below(1500)))
        };
        tokio::time::sleep(takes).await;
        let refused = |kind, message: &str| Err(ProviderError::new("Test Cloud", kind, message));
        match weather {
            Weather::Down => return refused(ProviderErrorKind::Unavailable, "it is down"),
            Weather::Busy => return refused(ProviderErrorKind::RateLimited { retry_after: None }, "it is busy"),
            Weather::Stubborn => return refused(ProviderErrorKind::Invalid, "it does not want to"),
            Weather::Fine | Weather::Lossy => {}
        }
        let answer = effect.await;
        self.fuse.point().await;
        match weather {
            Weather::Lossy => refused(ProviderErrorKind::Unknown, "the answer was lost"),
            _ => answer,
        }
    }

    async fn make(&self, request: &Request<'_>) -> Result<ExternalId, ProviderError> {
        let key = match &request.address.key {
            Some(InstanceKey::Key(key)) => key.to_string(),
            _ => return Err(ProviderError::new("Test Cloud", ProviderErrorKind::Invalid, "nobody's object")),
        };
        let half = self.world().make_half(request.kind, &key, request.marker);
        if half {
            self.fuse.point().await;
        }
        self.world().make(request.kind, &key, request.marker, wanted(request))
    }

    async fn remove(&self, id: &ExternalId, request: &Request<'_>) -> Result<(), ProviderError> {
        let half = self.world().delete(id, request.marker);
        if let Some(half) = half {
            self.fuse.point().await;
            self.world().delete(&half, request.marker);
        }
        Ok(())
    }

    fn applied(&self, id: &ExternalId, request: &Request<'_>, sealed: Option<Sealed>) -> Applied {
        let found = self.world().things.get(id).map(Thing::attributes).unwrap_or_default();
        let after = request.after.and_then(Value::entries).cloned().unwrap_or_default();
        let entries = after.iter().map(|(name, value)| {
            let known = || if value.is_wholly_known() { value.clone() } else { Value::null(value.ty().clone()) };
            (name.clone(), found.get(name).cloned().unwrap_or_else(known))
        });
        Applied { id: id.clone(), attributes: Value::object(entries), sealed }
    }
}

/// What is wanted of an object: what is known and not null.
fn wanted(request: &Request<'_>) -> BTreeMap<Arc<str>, Value> {
    let (after, _) = request.after.expect("an object is wanted").clone().unmark_deep();
    let known = after.entries().expect("an object").iter().filter(|(_, v)| v.is_wholly_known() && !v.is_null());
    known.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Seals a secret under its account's key, as the real client does before anything is sent.
fn seal(request: &Request<'_>) -> Option<Sealed> {
    let secret = request.write_only.get("value_wo")?;
    let account = request.after?.get("account")?;
    let address = request.address.to_string();
    let place = SealContext { account: account.as_str()?, address: &address, attribute: "value_wo", version: 1 };
    Some(request.sealer.seal(&place, secret).expect("the account's key was made before"))
}

#[async_trait]
impl Provider for Cloud {
    fn kinds(&self) -> &BTreeMap<&'static str, Arc<dyn Kind>> {
        &self.kinds
    }

    async fn list(&self, inquiry: &Inquiry<'_>) -> Listings {
        self.fuse.point().await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        let mut world = self.world();
        let listings = inquiry.kinds.iter().map(|kind| {
            let weather = world.weather_of_list(kind);
            let mut objects = observed(&world, kind, inquiry);
            let listing = match weather {
                Weather::Down => Err(ProviderError::new("Test Cloud", ProviderErrorKind::Unavailable, "it is down")),
                Weather::Lossy => {
                    objects.truncate(world.faults.below(objects.len() as u64) as usize);
                    let problem = ListProblem { place: "page 2".into(), message: "a page is missing".into() };
                    Ok(Listing { objects, problems: vec![problem] })
                }
                _ => Ok(Listing { objects, problems: Vec::new() }),
            };
            (Arc::from(*kind), listing)
        });
        listings.collect()
    }

    async fn read(&self, _: &str, id: &ExternalId) -> Result<Option<Observed>, ProviderError> {
        let world = self.world();
        Ok(world.things.get(id).map(|thing| shown(&world, id, thing)))
    }

    async fn create(&self, request: Request<'_>) -> Result<Applied, ProviderError> {
        let sealed = seal(&request);
        let id = self.call(request.kind, self.make(&request)).await?;
        Ok(self.applied(&id, &request, sealed))
    }

    async fn update(&self, id: &ExternalId, request: Request<'_>) -> Result<Applied, ProviderError> {
        let sealed = seal(&request);
        let effect = async { self.world().update(id, request.kind, request.marker, wanted(&request)) };
        self.call(request.kind, effect).await?;
        Ok(self.applied(id, &request, sealed))
    }

    async fn delete(&self, id: &ExternalId, request: Request<'_>) -> Result<(), ProviderError> {
        self.call(request.kind, self.remove(id, &request)).await
    }
}

/// The objects of a kind and of the stack that asks.
fn observed(world: &World, kind: &str, inquiry: &Inquiry<'_>) -> Vec<Observed> {
    let known = |id: &ExternalId| inquiry.known.get(kind).is_some_and(|ids| ids.contains(id));
    let ours = world.things.iter().filter(|(_, thing)| thing.kind == kind && thing.marker.stack == *inquiry.stack);
    // A half stands for itself only without its main part. Stripe keeps ended contracts for ever: without a customer they
    // count while the state knows them.
    let counts = ours.filter(|(id, thing)| match thing.half {
        true => !world.mains.contains_key(&thing.marker),
        false => !world.is_history(thing) || known(id),
    });
    counts.map(|(id, thing)| shown(world, id, thing)).collect()
}

/// An object as a listing shows it, with its other half.
fn shown(world: &World, id: &ExternalId, thing: &Thing) -> Observed {
    let (main, half) =
        if thing.kind == "ampere_instance" { ("server", "firewall") } else { ("subscription", "customer") };
    let marker = thing.marker.clone();
    if thing.half {
        let parts = vec![Part { what: half, id: id.clone() }];
        return Observed { id: None, marker, attributes: BTreeMap::new(), parts, missing: vec![main] };
    }
    let other = world.halves.get(&marker);
    let mut parts = vec![Part { what: main, id: id.clone() }];
    parts.extend(other.map(|id| Part { what: half, id: id.clone() }));
    let mut missing = if other.is_none() && thing.has_halves() { vec![half] } else { Vec::new() };
    missing.extend(thing.userless.then_some("user"));
    Observed { id: Some(id.clone()), marker, attributes: thing.attributes(), parts, missing }
}
