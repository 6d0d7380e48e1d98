//! A world of its own for each case: a stack, a project, a tap, and the provider that speaks through it.
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex};

use ampere_core::address::Address;
use ampere_core::clock::{NoRandomness, Random};
use ampere_core::identity::{ExternalId, Marker, StackId};
use ampere_core::inventory::{Depth, Listing, Observed};
use ampere_core::kind::PlanRequest;
use ampere_core::provider::{Applied, Inquiry, Provider, ProviderError, Request};
use ampere_core::secret::Secret;
use ampere_core::vault::{RootKey, Vault};
use ampere_lang::value::{Marks, Value};
use ampere_provider::{AmpereProvider, Settings};
use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;

use crate::{Backend, Bases, Outside, Tap};

/// Differs from run to run.
static RUN: LazyLock<String> = LazyLock::new(|| {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a clock after 1970");
    format!("{:x}", now.as_nanos())
});

/// Bytes that differ from call to call.
#[derive(Debug, Default)]
struct Counter(std::sync::atomic::AtomicU64);

impl Random for Counter {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), NoRandomness> {
        for byte in buffer {
            let n = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            *byte = (n.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as u8;
        }
        Ok(())
    }
}

/// What one case works with. Its stack's id and, on emulators, its Google project come from the case's name, so that cases which
/// share a cloud do not see each other's objects.
pub struct World {
    /// Which cloud this is.
    pub backend: Backend,
    /// In every email address of this world, and of no other.
    pub id: String,
    /// What the provider sends goes through here.
    pub tap: Tap,
    /// The clouds as somebody else sees and changes them.
    pub outside: Outside,
    /// The provider.
    pub provider: AmpereProvider,
    /// Markers and seals.
    pub vault: Vault,
    /// What steps told about their progress.
    pub told: Mutex<Vec<String>>,
    /// Never cancelled.
    pub cancel: CancellationToken,
}

/// What is in every email address of a case, and in no other's.
pub fn id_of(case: &str) -> String {
    Sha256::digest(case.as_bytes()).iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

/// The vault of a case, and so its stack.
pub fn vault_of(case: &str) -> Vault {
    let seed: [u8; 32] = Sha256::digest(case.as_bytes()).into();
    Vault::open(&RootKey::from_bytes(seed), case, &[], Arc::new(Counter::default())).expect("a vault")
}

/// What goes into a step.
#[derive(Clone, Copy, Default)]
pub struct Given<'a> {
    /// The object before.
    pub before: Option<&'a Value>,
    /// The object wanted.
    pub after: Option<&'a Value>,
    /// The value of `value_wo`.
    pub secret: Option<&'a str>,
    /// The idempotency key; the same for every step that gives none.
    pub key: Option<&'a str>,
}

/// A step's outcome.
type Outcome = Result<Applied, ProviderError>;

impl World {
    /// A world for a case.
    pub async fn new(backend: Backend, bases: &Bases, case: &str) -> World {
        let id = id_of(case);
        let access = bases.access(&id);
        let tap = Tap::open(bases, "ampere").await;
        let block = [
            ("hcloud_token", access.hetzner.clone()),
            ("hcloud_endpoint", tap.url("hetzner")),
            ("stripe_api_key", access.stripe.clone()),
            ("stripe_api_base", tap.url("stripe")),
            ("google_project", access.project.clone()),
            ("google_access_token", access.google.clone()),
            ("identity_toolkit_endpoint", tap.url("identity_toolkit")),
            ("firestore_endpoint", tap.url("firestore")),
        ];
        let block = Value::object(block.map(|(name, text)| (name, Value::string(text))));
        let settings = Settings::resolve(&block, &|_| None, None).expect("settings");
        let vault = vault_of(case);
        World {
            backend,
            outside: Outside::new(bases.urls.clone(), access, &id, vault.stack_id()),
            id,
            tap,
            provider: AmpereProvider::new(&settings).expect("a provider"),
            vault,
            told: Mutex::default(),
            cancel: CancellationToken::new(),
        }
    }

    /// The stack of this world.
    pub fn stack(&self) -> &StackId {
        self.vault.stack_id()
    }

    /// The marker that an object bears.
    pub fn marker(&self, kind: &str, name: &str) -> Marker {
        self.vault.marker(&Address::new(kind, name))
    }

    /// What the planner would want: configured values, prior or unknown computed ones, then what the kind says.
    pub fn planned(&self, kind: &str, prior: Option<&Value>, config: &[(&str, Value)]) -> Value {
        let rules = &self.provider.kinds()[kind];
        let null = |ty: &ampere_lang::value::Type| Value::null(ty.clone());
        let given = |name: &str| config.iter().find(|(given, _)| *given == name).map(|(_, value)| value.clone());
        let attributes = &rules.schema().attributes;
        let whole = Value::object(attributes.iter().map(|a| (a.name, given(a.name).unwrap_or_else(|| null(&a.ty)))));
        let findings = rules.validate(&whole);
        assert!(!findings.has_errors(), "{findings:?}");
        let proposed = Value::object(attributes.iter().map(|attribute| {
            let value = match (given(attribute.name), prior.and_then(|prior| prior.get(attribute.name))) {
                _ if attribute.write_only => null(&attribute.ty),
                (Some(given), _) => given,
                (None, Some(prior)) if attribute.presence.computed() => prior,
                (None, None) if attribute.presence.computed() => Value::unknown(attribute.ty.clone()),
                _ => null(&attribute.ty),
            };
            (attribute.name, value)
        }));
        let address = Address::new(kind, "any");
        let planned = rules.plan(PlanRequest {
            address: &address,
            prior,
            config: &whole,
            proposed,
            fingerprint: &self.vault,
            objects: &(),
            sealed: true,
        });
        assert!(!planned.diagnostics.has_errors(), "{:?}", planned.diagnostics);
        planned.after
    }

    /// Creates an object.
    ///
    /// # Errors
    ///
    /// The provider's.
    pub async fn create(&self, kind: &str, name: &str, given: Given<'_>) -> Outcome {
        let step = Step::new(self, kind, name, given);
        self.provider.create(step.request(self)).await
    }

    /// Changes an object.
    ///
    /// # Errors
    ///
    /// The provider's.
    pub async fn update(&self, kind: &str, name: &str, id: &ExternalId, given: Given<'_>) -> Outcome {
        let step = Step::new(self, kind, name, given);
        self.provider.update(id, step.request(self)).await
    }

    /// Deletes an object of which the state knows its attributes, or nothing.
    ///
    /// # Errors
    ///
    /// The provider's.
    pub async fn delete(
        &self,
        kind: &str,
        name: &str,
        id: &ExternalId,
        before: Option<&Value>,
    ) -> Result<(), ProviderError> {
        let step = Step::new(self, kind, name, Given { before, key: Some("delete"), ..Given::default() });
        self.provider.delete(id, step.request(self)).await
    }

    /// Lists a kind thoroughly; panics if nothing can be listed.
    pub async fn list(&self, kind: &str) -> Listing {
        let mut listings = self.list_all(&[kind], Depth::Parts, &[]).await;
        listings.remove(kind).expect("the kind is served")
    }

    /// Lists kinds in one go, at some depth, knowing these objects; panics if one of them cannot be listed.
    pub async fn list_all(
        &self,
        kinds: &[&str],
        depth: Depth,
        known: &[(&str, &ExternalId)],
    ) -> BTreeMap<String, Listing> {
        let mut ids: BTreeMap<Arc<str>, Vec<ExternalId>> = BTreeMap::new();
        for (kind, id) in known {
            ids.entry(Arc::from(*kind)).or_default().push((*id).clone());
        }
        let inquiry = Inquiry { stack: self.stack(), kinds, depth, known: &ids };
        let listings = self.provider.list(&inquiry).await.into_iter();
        listings.map(|(kind, l)| (kind.to_string(), l.unwrap_or_else(|error| panic!("{kind}: {error}")))).collect()
    }

    /// Panics unless a listing by the fewest pages, knowing the object or not, shows the only object of a kind as a thorough one does.
    pub async fn shallow_as_deep(&self, kind: &str) {
        let deep = self.only(kind).await;
        let id = deep.id.as_ref().expect("an id");
        for known in [&[][..], &[(kind, id)]] {
            let mut listings = self.list_all(&[kind], Depth::Objects, known).await;
            let shallow = listings.remove(kind).expect("the kind is served");
            assert!(shallow.is_complete() && shallow.objects.len() == 1, "{shallow:?}");
            let object = &shallow.objects[0];
            assert_eq!((&object.id, &object.marker, &object.missing), (&deep.id, &deep.marker, &deep.missing));
            // What it leaves out is carried over from what the state remembers.
            for (name, value) in &object.attributes {
                assert!(value.same(&deep.attributes[name]), "{name}: {value:?}");
            }
        }
    }

    /// The only object of a kind.
    pub async fn only(&self, kind: &str) -> Observed {
        let mut listing = self.list(kind).await;
        assert!(listing.is_complete(), "{:?}", listing.problems);
        assert_eq!(listing.objects.len(), 1, "{:?}", listing.objects);
        listing.objects.remove(0)
    }

    /// Panics if anything of a kind is listed.
    pub async fn none(&self, kind: &str) {
        let listing = self.list(kind).await;
        assert!(listing.is_complete() && listing.objects.is_empty(), "{listing:?}");
    }

    /// Reads one object by its id.
    pub async fn read(&self, kind: &str, id: &ExternalId) -> Option<Observed> {
        self.provider.read(kind, id).await.unwrap_or_else(|error| panic!("{kind} {id}: {error}"))
    }

    /// Makes an account of a name and gives its uid.
    pub async fn account(&self, name: &str) -> String {
        let after = self.planned("ampere_account", None, &[("email", string(&self.email(name)))]);
        let given = Given { after: Some(&after), ..Given::default() };
        self.create("ampere_account", name, given).await.expect("an account").id.to_string()
    }

    /// An email address of this world alone, since Stripe's are shared by all.
    pub fn email(&self, name: &str) -> String {
        format!("{name}.{}@example.com", self.id)
    }
}

/// What a request borrows.
struct Step<'a> {
    kind: &'a str,
    address: Address,
    marker: Marker,
    write_only: BTreeMap<&'static str, Secret>,
    given: Given<'a>,
    key: String,
    told: Box<dyn Fn(&str) + Sync + Send + 'a>,
}

impl<'a> Step<'a> {
    fn new(world: &'a World, kind: &'a str, name: &str, given: Given<'a>) -> Step<'a> {
        let told = |message: &str| world.told.lock().expect("no panic while held").push(message.to_owned());
        Step {
            kind,
            address: Address::new(kind, name),
            marker: world.marker(kind, name),
            write_only: given.secret.map(|secret| ("value_wo", Secret::new(secret))).into_iter().collect(),
            given,
            // Stripe's are shared by all worlds of a cloud, and an earlier run's are remembered for a day.
            key: format!("{}-{}-{name}-{}", *RUN, world.id, given.key.unwrap_or("first")),
            told: Box::new(told),
        }
    }

    fn request<'s>(&'s self, world: &'s World) -> Request<'s> {
        Request {
            kind: self.kind,
            address: &self.address,
            marker: &self.marker,
            idempotency_key: &self.key,
            before: self.given.before,
            after: self.given.after,
            write_only: &self.write_only,
            sealer: &world.vault,
            fingerprint: &world.vault,
            progress: &*self.told,
            cancel: &world.cancel,
        }
    }
}

/// The text of an attribute.
pub fn text(object: &Value, name: &str) -> String {
    let value = object.get(name).and_then(|value| value.as_str().map(str::to_owned));
    value.unwrap_or_else(|| panic!("{name} of {object:?}"))
}

/// A text.
pub fn string(text: &str) -> Value {
    Value::string(text)
}

/// A number.
pub fn number(n: i64) -> Value {
    Value::number(n)
}

/// A text from an ephemeral variable.
pub fn ephemeral(text: &str) -> Value {
    Value::string(text).with_marks(Marks::EPHEMERAL | Marks::SENSITIVE)
}
