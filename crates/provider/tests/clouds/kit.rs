//! A sandbox, a provider and a vault; steps as the engine would make them.
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ampere_core::address::Address;
use ampere_core::clock::{NoRandomness, Random};
use ampere_core::identity::{ExternalId, Marker, StackId};
use ampere_core::inventory::{Depth, Listing, Observed};
use ampere_core::kind::PlanRequest;
use ampere_core::provider::{Applied, Inquiry, Provider, ProviderError, Request};
use ampere_core::secret::Secret;
use ampere_core::vault::{RootKey, Vault};
use ampere_lang::value::{Marks, Value};
use ampere_provider::{AmpereProvider, Endpoints, Settings, Timer};
use ampere_sandbox::{Config, Sandbox};
use serde_json::{Value as Json, json};

/// The listing of one kind by a provider.
pub async fn list_by(provider: &AmpereProvider, stack: &StackId, kind: &str) -> Result<Listing, ProviderError> {
    let known = BTreeMap::new();
    let inquiry = Inquiry { stack, kinds: &[kind], depth: Depth::Parts, known: &known };
    provider.list(&inquiry).await.remove(kind).expect("the kind is served")
}

/// A canary: it must come up nowhere.
pub const SECRET: &str = "sk-ant-EXAMPLE-canary-7f3a";

/// Bytes that differ from call to call.
#[derive(Default)]
pub struct Counter(std::sync::atomic::AtomicU64);

impl Random for Counter {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), NoRandomness> {
        for byte in buffer {
            let n = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            *byte = (n.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as u8;
        }
        Ok(())
    }
}

/// A vault that is the same in every test.
pub fn vault() -> Vault {
    Vault::open(&RootKey::from_bytes([7; 32]), "test", &[], Arc::new(Counter::default())).unwrap()
}

/// A local cloud and all that speaks to it.
pub struct World {
    pub sandbox: Sandbox,
    pub provider: AmpereProvider,
    pub vault: Vault,
    /// What steps told about their progress.
    pub told: Mutex<Vec<String>>,
    control: reqwest::Client,
}

/// A step's outcome.
pub type Outcome = Result<Applied, ProviderError>;

impl World {
    pub async fn start() -> World {
        World::start_with(Duration::from_millis(30), None).await
    }

    /// With the time that an action takes, and another clock for the provider.
    pub async fn start_with(action_time: Duration, timer: Option<Arc<dyn Timer>>) -> World {
        let config = Config { action_time, ..Config::default() };
        let sandbox = Sandbox::start(config).await.unwrap();
        let at = sandbox.endpoints();
        let endpoints = Endpoints {
            hetzner: at.hetzner.clone(),
            stripe: at.stripe.clone(),
            identity_toolkit: at.identity_toolkit.clone(),
            firestore: at.firestore.clone(),
            secure_token: None,
        };
        let settings = Settings::sandbox(&endpoints).unwrap();
        let provider = match timer {
            Some(timer) => AmpereProvider::with_timer(&settings, timer),
            None => AmpereProvider::new(&settings),
        };
        let provider = provider.unwrap();
        let tls = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(rustls::RootCertStore::empty())
            .with_no_client_auth();
        let control = reqwest::Client::builder().use_preconfigured_tls(tls).build().unwrap();
        World { sandbox, provider, vault: vault(), told: Mutex::default(), control }
    }

    /// A world in whose servers somebody lives.
    pub async fn with_boxes() -> World {
        let mut world = World::start().await;
        let at = world.sandbox.endpoints();
        let endpoints = Endpoints {
            hetzner: at.hetzner.clone(),
            stripe: at.stripe.clone(),
            identity_toolkit: at.identity_toolkit.clone(),
            firestore: at.firestore.clone(),
            secure_token: Some(at.identity_toolkit.replace("identitytoolkit", "securetoken")),
        };
        world.provider = AmpereProvider::new(&Settings::sandbox(&endpoints).unwrap()).unwrap();
        world
    }

    /// A world in which the answers of Hetzner are changed on their way.
    pub async fn with_changed_answers(change: crate::proxy::Change) -> World {
        let mut world = World::start().await;
        let base = &world.sandbox.endpoints().hetzner;
        let proxy = crate::proxy::start(base, world.control.clone(), change).await;
        world.provider = provider(&world, &[("hcloud_endpoint", &proxy)]);
        world
    }

    pub fn stack(&self) -> &StackId {
        self.vault.stack_id()
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
        let fingerprint = &self.vault;
        let planned = rules.plan(PlanRequest {
            address: &address,
            prior,
            config: &whole,
            proposed,
            fingerprint,
            objects: &(),
            sealed: true,
        });
        assert!(!planned.diagnostics.has_errors(), "{:?}", planned.diagnostics);
        planned.after
    }

    pub fn address(&self, kind: &str, name: &str) -> Address {
        Address::new(kind, name)
    }

    pub fn marker(&self, kind: &str, name: &str) -> Marker {
        self.vault.marker(&self.address(kind, name))
    }

    /// Runs one call of the provider with a request like the engine's.
    async fn step<'a, T, F>(
        &'a self,
        kind: &'a str,
        name: &str,
        values: Values<'a>,
        call: impl FnOnce(Request<'a>) -> F,
    ) -> T
    where
        F: Future<Output = T>,
    {
        // Leaked on purpose: a test's request lives as long as its world.
        let address: &'a Address = Box::leak(Box::new(self.address(kind, name)));
        let marker: &'a Marker = Box::leak(Box::new(self.marker(kind, name)));
        let write_only: &'a BTreeMap<&'static str, Secret> = Box::leak(Box::new(values.write_only()));
        let told: &'a (dyn Fn(&str) + Sync) =
            Box::leak(Box::new(|message: &str| self.told.lock().unwrap().push(message.to_owned())));
        call(Request {
            kind,
            address,
            marker,
            idempotency_key: values.key,
            before: values.before,
            after: values.after,
            write_only,
            sealer: &self.vault,
            fingerprint: &self.vault,
            progress: told,
            cancel: Box::leak(Box::default()),
        })
        .await
    }

    pub async fn create(&self, kind: &str, name: &str, after: &Value) -> Outcome {
        self.create_with(kind, name, Values { after: Some(after), key: "k1", ..Values::default() }).await
    }

    pub async fn create_with(&self, kind: &str, name: &str, values: Values<'_>) -> Outcome {
        self.step(kind, name, values, |request| self.provider.create(request)).await
    }

    pub async fn update(&self, kind: &str, name: &str, before: &Value, after: &Value, key: &str) -> Outcome {
        let id = ExternalId::from(&*text(before, "id"));
        let values = Values { before: Some(before), after: Some(after), key, ..Values::default() };
        self.step(kind, name, values, |request| self.provider.update(&id, request)).await
    }

    pub async fn update_with(&self, kind: &str, name: &str, id: &str, values: Values<'_>) -> Outcome {
        let id = ExternalId::from(id);
        self.step(kind, name, values, |request| self.provider.update(&id, request)).await
    }

    pub async fn delete(&self, kind: &str, name: &str, before: &Value) -> Result<(), ProviderError> {
        let id = ExternalId::from(&*text(before, "id"));
        let values = Values { before: Some(before), key: "d1", ..Values::default() };
        self.step(kind, name, values, |request| self.provider.delete(&id, request)).await
    }

    /// Deletes what was left over, of which only an id of some part is known.
    pub async fn delete_leftover(&self, kind: &str, name: &str, id: &ExternalId) -> Result<(), ProviderError> {
        let values = Values { key: "d2", ..Values::default() };
        self.step(kind, name, values, |request| self.provider.delete(id, request)).await
    }

    pub async fn list(&self, kind: &str) -> Listing {
        self.try_list(kind).await.unwrap()
    }

    /// As a plan that looks at objects only.
    pub async fn list_objects(&self, kind: &str) -> Listing {
        let known = BTreeMap::new();
        let inquiry = Inquiry { stack: self.stack(), kinds: &[kind], depth: Depth::Objects, known: &known };
        self.provider.list(&inquiry).await.remove(kind).expect("the kind is served").unwrap()
    }

    pub async fn try_list(&self, kind: &str) -> Result<Listing, ProviderError> {
        list_by(&self.provider, self.stack(), kind).await
    }

    /// The only object of a kind.
    pub async fn only(&self, kind: &str) -> Observed {
        let mut listing = self.list(kind).await;
        assert!(listing.is_complete(), "{:?}", listing.problems);
        assert_eq!(listing.objects.len(), 1, "{:?}", listing.objects);
        listing.objects.remove(0)
    }

    pub async fn read(&self, kind: &str, object: &Value) -> Option<Observed> {
        self.provider.read(kind, &ExternalId::from(&*text(object, "id"))).await.unwrap()
    }

    pub async fn control(&self, method: reqwest::Method, path: &str, body: Option<Json>) -> Json {
        let url = format!("{}{path}", self.sandbox.endpoints().control);
        let mut request = self.control.request(method, url);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        assert!(response.status().is_success(), "{path}: {}", response.text().await.unwrap());
        let text = response.text().await.unwrap();
        if text.is_empty() { Json::Null } else { serde_json::from_str(&text).unwrap() }
    }

    /// Orders a fault.
    pub async fn fault(&self, fault: Json) {
        self.control(reqwest::Method::POST, "/faults", Some(fault)).await;
    }

    /// Objects as the cloud keeps them.
    pub async fn objects(&self, cloud: &str, kind: &str) -> Vec<Json> {
        let found = self.control(reqwest::Method::GET, &format!("/objects/{cloud}/{kind}"), None).await;
        found.as_array().unwrap().clone()
    }

    /// Puts an object in behind our back.
    pub async fn insert(&self, cloud: &str, kind: &str, object: Json) -> Json {
        self.control(reqwest::Method::POST, &format!("/objects/{cloud}/{kind}"), Some(object)).await
    }

    pub async fn patch(&self, cloud: &str, kind: &str, id: &str, patch: Json) {
        self.control(reqwest::Method::PATCH, &format!("/objects/{cloud}/{kind}/{id}"), Some(patch)).await;
    }

    pub async fn remove(&self, cloud: &str, kind: &str, id: &str) {
        self.control(reqwest::Method::DELETE, &format!("/objects/{cloud}/{kind}/{id}"), None).await;
    }

    /// What a customer or a bank does with a subscription.
    pub async fn event(&self, subscription: &str, event: &str) {
        let path = format!("/stripe/subscriptions/{subscription}/{event}");
        self.control(reqwest::Method::POST, &path, None).await;
    }

    /// A call that somebody else makes at Stripe (in its dashboard, say); gives the answer.
    pub async fn stripe(&self, path: &str, form: &str) -> Json {
        let url = format!("{}{path}", self.sandbox.endpoints().stripe);
        let request = self.control.post(url).header("Authorization", "Bearer sk_test_EXAMPLE");
        let request = request.header("Content-Type", "application/x-www-form-urlencoded").body(form.to_owned());
        let response = request.send().await.unwrap();
        let (status, text) = (response.status(), response.text().await.unwrap());
        assert!(status.is_success(), "{path}: {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// Moves the clouds' clock.
    pub async fn advance(&self, seconds: i64) {
        self.control(reqwest::Method::POST, "/clock", Some(json!({"advance_seconds": seconds}))).await;
    }

    /// Lets webhooks go wrong from now on.
    pub async fn order_webhooks(&self, fault: Json) {
        self.control(reqwest::Method::POST, "/stripe/webhooks", Some(fault)).await;
    }

    /// Delivers what is held, and waits until so many deliveries are over.
    pub async fn webhooks_settled(&self, count: usize) {
        self.control(reqwest::Method::DELETE, "/stripe/webhooks", None).await;
        for _ in 0..500 {
            let report = self.control(reqwest::Method::GET, "/stripe/webhooks", None).await;
            if report["deliveries"].as_array().unwrap().len() == count {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{count} deliveries do not come");
    }

    /// A deletion that somebody else makes at Stripe.
    pub async fn delete_at_stripe(&self, path: &str) {
        let url = format!("{}{path}", self.sandbox.endpoints().stripe);
        let response = self.control.delete(url).header("Authorization", "Bearer sk_test_EXAMPLE").send().await.unwrap();
        assert!(response.status().is_success(), "{path}: {}", response.text().await.unwrap());
    }

    /// A call that somebody else makes at Firestore (in its console, say); `path` is below the documents.
    pub async fn firestore(&self, path: &str, body: Json) -> Json {
        let base = &self.sandbox.endpoints().firestore;
        let url = format!("{base}/v1/projects/demo-ampere/databases/(default)/documents{path}");
        let response = self.control.post(url).header("Authorization", "Bearer owner").json(&body).send().await.unwrap();
        assert!(response.status().is_success(), "{path}: {}", response.text().await.unwrap());
        serde_json::from_str(&response.text().await.unwrap()).unwrap()
    }

    /// All servers, as Hetzner shows them.
    pub async fn servers(&self) -> Vec<Json> {
        let url = format!("{}/servers", self.sandbox.endpoints().hetzner);
        let response = self.control.get(url).header("Authorization", "Bearer EXAMPLE").send().await.unwrap();
        let body: Json = serde_json::from_str(&response.text().await.unwrap()).unwrap();
        body["servers"].as_array().unwrap().clone()
    }

    /// How many requests of each kind were made since this was asked last: `POST /v1/…:runQuery`.
    pub async fn requests(&self) -> BTreeMap<String, u64> {
        let log = self.control(reqwest::Method::GET, "/requests", None).await;
        self.control(reqwest::Method::DELETE, "/requests", None).await;
        let told = |request: &Json| {
            let text = |key: &str| request[key].as_str().unwrap().to_owned();
            (format!("{} {}", text("method"), text("path")), request["count"].as_u64().unwrap())
        };
        log["requests"].as_array().unwrap().iter().map(told).collect()
    }

    /// Pays a charge back, in part or whole.
    pub async fn refund(&self, charge: &str, amount: Option<u32>) {
        let amount = amount.map(|amount| format!("&amount={amount}")).unwrap_or_default();
        self.stripe("/v1/refunds", &format!("charge={charge}{amount}")).await;
    }

    /// Records bodies from now on.
    pub async fn record(&self) {
        self.control(reqwest::Method::POST, "/recording", Some(json!({"record_bodies": true}))).await;
    }

    /// Everything that was sent, as one text, and how many requests there were.
    pub async fn sent(&self) -> (String, u64) {
        let log = self.control(reqwest::Method::GET, "/requests", None).await;
        (log.to_string(), log["total"].as_u64().unwrap())
    }

    /// Makes an account and gives its uid.
    pub async fn account(&self, name: &str) -> String {
        let email = Value::string(format!("{name}@example.com"));
        let after = self.planned("ampere_account", None, &[("email", email)]);
        text(&self.create("ampere_account", name, &after).await.unwrap().attributes, "id")
    }
}

/// What goes into a request.
#[derive(Clone, Copy, Default)]
pub struct Values<'a> {
    pub before: Option<&'a Value>,
    pub after: Option<&'a Value>,
    pub secret: Option<&'a str>,
    pub key: &'a str,
}

impl Values<'_> {
    fn write_only(&self) -> BTreeMap<&'static str, Secret> {
        self.secret.map(|secret| ("value_wo", Secret::new(secret))).into_iter().collect()
    }
}

/// The text of an attribute.
pub fn text(object: &Value, name: &str) -> String {
    object
        .get(name)
        .and_then(|value| value.as_str().map(str::to_owned))
        .unwrap_or_else(|| panic!("{name} of {object:?}"))
}

/// A text from an ephemeral variable.
pub fn ephemeral(text: &str) -> Value {
    Value::string(text).with_marks(Marks::EPHEMERAL | Marks::SENSITIVE)
}

pub fn string(text: &str) -> Value {
    Value::string(text)
}

/// A provider with credentials and endpoints of its own; what is not given names the world's sandbox.
pub fn provider(world: &World, given: &[(&'static str, &str)]) -> AmpereProvider {
    AmpereProvider::new(&settings(world, given)).unwrap()
}

/// The settings of [`provider`].
pub fn settings(world: &World, given: &[(&'static str, &str)]) -> Settings {
    let at = world.sandbox.endpoints();
    let mut block = BTreeMap::from([
        ("hcloud_token", "hc-EXAMPLE".to_owned()),
        ("hcloud_endpoint", at.hetzner.clone()),
        ("stripe_api_key", "sk_test_EXAMPLE".to_owned()),
        ("stripe_api_base", at.stripe.clone()),
        ("google_project", "demo-ampere".to_owned()),
        ("google_access_token", "ya29.EXAMPLE".to_owned()),
        ("identity_toolkit_endpoint", at.identity_toolkit.clone()),
        ("firestore_endpoint", at.firestore.clone()),
    ]);
    block.extend(given.iter().map(|(name, text)| (*name, (*text).to_owned())));
    let block = Value::object(block.into_iter().map(|(name, text)| (name, Value::string(text))));
    Settings::resolve(&block, &|_| None, None).unwrap()
}

/// The same, with a clock of its own.
pub fn provider_with_timer(world: &World, timer: Arc<dyn Timer>) -> AmpereProvider {
    let at = world.sandbox.endpoints();
    let endpoints = Endpoints {
        hetzner: at.hetzner.clone(),
        stripe: at.stripe.clone(),
        identity_toolkit: at.identity_toolkit.clone(),
        firestore: at.firestore.clone(),
        secure_token: None,
    };
    AmpereProvider::with_timer(&Settings::sandbox(&endpoints).unwrap(), timer).unwrap()
}
