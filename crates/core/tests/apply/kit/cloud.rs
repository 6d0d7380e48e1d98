//! A cloud in memory: it keeps objects with their markers, counts what is going on, and fails when it is told to.
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ampere_core::identity::{ExternalId, Marker};
use ampere_core::inventory::{Listing, Observed};
use ampere_core::kind::{Kind, Kinds};
use ampere_core::provider::{Applied, Inquiry, Listings, Provider, ProviderError, ProviderErrorKind, Request};
use ampere_core::vault::{SealContext, Sealed};
use ampere_lang::value::Value;
use async_trait::async_trait;

/// What goes wrong with one call.
#[derive(Clone)]
pub enum Fault {
    /// It has no effect, and this is the answer.
    Refused(ProviderErrorKind),
    /// It has its effect, and no answer comes.
    AnswerLost,
    /// It has its effect, and then nothing happens any more: the process is killed here.
    NoReturn,
    /// It never reaches the cloud, and nothing happens any more.
    NeverSent,
}

/// An object at the cloud.
#[derive(Clone)]
pub struct Thing {
    pub kind: String,
    pub marker: Marker,
    pub attributes: Value,
    /// The secret it was given, as it arrived.
    pub sealed: Option<Sealed>,
}

type Hook = Box<dyn Fn(&str) + Send + Sync>;

pub struct Cloud {
    kinds: Kinds,
    state: Mutex<State>,
    hook: Mutex<Option<Hook>>,
    /// How long a call takes.
    pub slowness: Duration,
}

#[derive(Default)]
struct State {
    things: BTreeMap<ExternalId, Thing>,
    made: u32,
    calls: Vec<String>,
    looks: Vec<String>,
    faults: BTreeMap<String, VecDeque<Fault>>,
    running: usize,
    most: usize,
    status: Option<&'static str>,
}

impl Cloud {
    pub fn new() -> Cloud {
        let mut kinds = super::kinds::kinds();
        kinds.remove("terraform_data");
        Cloud { kinds, state: Mutex::default(), hook: Mutex::default(), slowness: Duration::from_millis(100) }
    }

    /// A cloud whose kinds know whose their objects are.
    pub fn of_households() -> Cloud {
        let mut kinds = super::household_kinds();
        kinds.remove("terraform_data");
        Cloud { kinds, ..Cloud::new() }
    }

    /// Somebody changes an attribute of an object.
    pub fn change(&self, id: &ExternalId, attribute: &str, value: Value) {
        let mut state = self.state();
        let thing = state.things.get_mut(id).unwrap();
        let mut entries = thing.attributes.entries().unwrap().clone();
        entries.insert(attribute.into(), value);
        thing.attributes = Value::object(entries);
    }

    /// Somebody puts an object there.
    pub fn plant(&self, id: &str, thing: Thing) {
        self.state().things.insert(ExternalId::from(id), thing);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next call of that name (`create cloud_account.ada`) goes wrong; told again, the one after it too.
    pub fn fault(&self, call: &str, fault: Fault) {
        self.state().faults.entry(call.into()).or_default().push_back(fault);
    }

    /// What is looked at while a call is under way, before its effect.
    pub fn during(&self, hook: impl Fn(&str) + Send + Sync + 'static) {
        *self.hook.lock().unwrap() = Some(Box::new(hook));
    }

    /// The `status` that new objects get.
    pub fn status(&self, status: &'static str) {
        self.state().status = Some(status);
    }

    /// All calls so far, in the order they were made: `verb address`.
    pub fn calls(&self) -> Vec<String> {
        self.state().calls.clone()
    }

    /// How the cloud was looked at since this was last asked: `list Depth kinds`, `read id`.
    pub fn looks(&self) -> Vec<String> {
        std::mem::take(&mut self.state().looks)
    }

    /// Someone deletes an object by hand.
    pub fn lose(&self, id: &str) {
        self.state().things.remove(&ExternalId::from(id)).expect("it is there");
    }

    /// What is there, by id.
    pub fn things(&self) -> BTreeMap<ExternalId, Thing> {
        self.state().things.clone()
    }

    /// The most calls that were under way at the same time.
    pub fn most_at_once(&self) -> usize {
        self.state().most
    }

    async fn call<T>(
        &self,
        verb: &str,
        request: &Request<'_>,
        effect: impl FnOnce(&mut State) -> T,
    ) -> Result<T, ProviderError> {
        let name = format!("{verb} {}", request.address);
        let fault = {
            let mut state = self.state();
            state.calls.push(name.clone());
            state.running += 1;
            state.most = state.most.max(state.running);
            state.faults.get_mut(&name).and_then(VecDeque::pop_front)
        };
        if let Some(hook) = &*self.hook.lock().unwrap() {
            hook(&name);
        }
        if let Some(Fault::NeverSent) = fault {
            std::future::pending::<()>().await;
        }
        tokio::time::sleep(self.slowness).await;
        self.state().running -= 1;
        if let Some(Fault::Refused(kind)) = fault {
            return Err(ProviderError::new("Test Cloud", kind, "The cloud said no"));
        }
        let answer = effect(&mut self.state());
        match fault {
            Some(Fault::NoReturn) => std::future::pending().await,
            Some(Fault::AnswerLost) => {
                Err(ProviderError::new("Test Cloud", ProviderErrorKind::Unknown, "The connection broke"))
            }
            _ => Ok(answer),
        }
    }
}

#[async_trait]
impl Provider for Cloud {
    fn kinds(&self) -> &BTreeMap<&'static str, Arc<dyn Kind>> {
        &self.kinds
    }

    async fn list(&self, inquiry: &Inquiry<'_>) -> Listings {
        let mut state = self.state();
        state.looks.push(format!("list {:?} {}", inquiry.depth, inquiry.kinds.join(" ")));
        let listing = |kind: &str| {
            let ours = state.things.iter().filter(|(_, t)| t.kind == kind && t.marker.stack == *inquiry.stack);
            Listing { objects: ours.map(|(id, thing)| observed(id, thing)).collect(), problems: Vec::new() }
        };
        inquiry.kinds.iter().map(|kind| (Arc::from(*kind), Ok(listing(kind)))).collect()
    }

    async fn read(&self, _: &str, id: &ExternalId) -> Result<Option<Observed>, ProviderError> {
        let mut state = self.state();
        state.looks.push(format!("read {id}"));
        Ok(state.things.get(id).map(|thing| observed(id, thing)))
    }

    async fn create(&self, request: Request<'_>) -> Result<Applied, ProviderError> {
        let sealed = seal(&request);
        self.call("create", &request, |state| {
            let known = state.things.iter().find(|(_, t)| t.kind == request.kind && t.marker == *request.marker);
            let id = known.map(|(id, _)| id.clone());
            let id = id.unwrap_or_else(|| {
                state.made += 1;
                ExternalId(format!("{}-{}", request.kind, state.made).into())
            });
            state.keep(id, &request, sealed)
        })
        .await
    }

    async fn update(&self, id: &ExternalId, request: Request<'_>) -> Result<Applied, ProviderError> {
        let sealed = seal(&request);
        self.call("update", &request, |state| state.keep(id.clone(), &request, sealed)).await
    }

    async fn delete(&self, id: &ExternalId, request: Request<'_>) -> Result<(), ProviderError> {
        self.call("delete", &request, |state| {
            if let Some(thing) = state.things.remove(id) {
                assert_eq!(thing.marker, *request.marker, "what is deleted bears the marker that the step names");
            }
        })
        .await
    }
}

impl State {
    fn keep(&mut self, id: ExternalId, request: &Request<'_>, sealed: Option<Sealed>) -> Applied {
        let (after, _) = request.after.expect("an object is wanted").clone().unmark_deep();
        let status = self.status.unwrap_or("active");
        let entries = after.entries().expect("an object").iter().map(|(name, value)| {
            let value = match &**name {
                _ if value.is_wholly_known() => value.clone(),
                "id" => Value::string(&*id.0),
                "status" => Value::string(status),
                "payment_url" => Value::string("https://pay.example/1"),
                other => Value::string(format!("made-{other}")),
            };
            (name.clone(), value)
        });
        let attributes = Value::object(entries);
        let (kind, marker) = (request.kind.to_owned(), request.marker.clone());
        let remembered = sealed.clone().or_else(|| self.things.get(&id)?.sealed.clone());
        let thing = Thing { kind, marker, attributes: attributes.clone(), sealed: remembered };
        self.things.insert(id.clone(), thing);
        Applied { id, attributes, sealed }
    }
}

/// Seals the secret of a request under the account's key, as the real clouds do before anything is sent.
fn seal(request: &Request<'_>) -> Option<Sealed> {
    let secret = request.write_only.get("value_wo")?;
    let account = request.after?.get("account")?;
    let address = request.address.to_string();
    Some(request.sealer.seal(&context(account.as_str()?, &address), secret).unwrap())
}

/// What a secret at the cloud is bound to.
pub fn context<'a>(account: &'a str, address: &'a str) -> SealContext<'a> {
    SealContext { account, address, attribute: "value_wo", version: 1 }
}

fn observed(id: &ExternalId, thing: &Thing) -> Observed {
    let known = thing.attributes.entries().expect("an object").iter().filter(|(_, value)| !value.is_null());
    Observed {
        id: Some(id.clone()),
        marker: thing.marker.clone(),
        attributes: known.map(|(name, value)| (name.clone(), value.clone())).collect(),
        parts: Vec::new(),
        missing: Vec::new(),
    }
}
