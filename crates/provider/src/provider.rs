//! The kinds and their clouds, put together.
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ampere_core::identity::ExternalId;
use ampere_core::inventory::Observed;
use ampere_core::kind::Kind;
use ampere_core::provider::{
    Applied, ForeignActions, Inquiry, Listings, Provider, ProviderError, ProviderErrorKind, Request, Status,
};
use async_trait::async_trait;
use futures::future::join_all;
use reqwest::header::HeaderMap;

use crate::account::{AccountClient, AccountKind};
use crate::firebase::{Firestore, GOOGLE, Identity, Lists, Minter};
use crate::hetzner::{self, Hetzner};
use crate::http::{self, Authorization, Endpoint, Limits, MachineTimer, Timer};
use crate::instance::{Crew, Inside, InstanceClient, InstanceKind, Postmaster};
use crate::secret::{SecretClient, SecretKind};
use crate::service::Service;
use crate::settings::Settings;
use crate::stripe::{self, Stripe};
use crate::subscription::{SubscriptionClient, SubscriptionKind};

/// How hard Stripe is worked: 25 requests a second and endpoint (100 live) are allowed; answers take 0.2 to 1 s.
const STRIPE: Limits = Limits { concurrency: 8, timeout: Duration::from_secs(80) };

/// How hard Hetzner is worked at once; how often is a matter of its budget.
const HETZNER: Limits = Limits { concurrency: 8, timeout: Duration::from_secs(60) };

/// The kinds without their clouds: enough to validate and to plan without a refresh.
///
/// ```
/// assert!(ampere_provider::kinds().contains_key("ampere_account"));
/// ```
pub fn kinds() -> BTreeMap<&'static str, Arc<dyn Kind>> {
    kinds_with(Inside::Nobody)
}

/// The kinds, where it is known who is inside the instances.
fn kinds_with(inside: Inside) -> BTreeMap<&'static str, Arc<dyn Kind>> {
    let kinds: [Arc<dyn Kind>; 4] = [
        Arc::new(AccountKind::new()),
        Arc::new(SubscriptionKind::new()),
        Arc::new(SecretKind::new()),
        Arc::new(InstanceKind::new(inside)),
    ];
    kinds.into_iter().map(|kind| (kind.schema().kind, kind)).collect()
}

/// The provider could not be set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the HTTP client cannot be set up")]
pub struct SetupError(#[source] pub(crate) http::ClientError);

/// All kinds of Ampere, over real HTTP.
pub struct AmpereProvider {
    kinds: BTreeMap<&'static str, Arc<dyn Kind>>,
    services: BTreeMap<&'static str, Box<dyn Service>>,
}

impl AmpereProvider {
    /// The provider for these settings. No call is made.
    ///
    /// # Errors
    ///
    /// [`SetupError`] if the TLS or HTTP library refuses.
    pub fn new(settings: &Settings) -> Result<AmpereProvider, SetupError> {
        let near = http::is_loopback(&settings.hetzner);
        AmpereProvider::build(settings, Arc::new(MachineTimer::new()), near)
    }

    /// As [`AmpereProvider::new`], with another clock for whatever waits at Hetzner Cloud: its budget of requests, actions,
    /// servers that start. A service on this machine is then waited for as patiently as the real one.
    ///
    /// # Errors
    ///
    /// [`SetupError`] if the TLS or HTTP library refuses.
    pub fn with_timer(settings: &Settings, timer: Arc<dyn Timer>) -> Result<AmpereProvider, SetupError> {
        AmpereProvider::build(settings, timer, false)
    }

    fn build(settings: &Settings, timer: Arc<dyn Timer>, near: bool) -> Result<AmpereProvider, SetupError> {
        let client = http::client(settings.needs_tls()).map_err(SetupError)?;
        let google = |name, base: &reqwest::Url| {
            let (base, authorization) = (base.clone(), settings.google_authorization());
            Endpoint::new(name, client.clone(), base, authorization, settings.google_headers(), GOOGLE)
        };
        let project = &settings.google_project;
        let identity = Arc::new(Identity::new(google("Firebase Auth", &settings.identity_toolkit), project));
        let firestore = Arc::new(Firestore::new(google("Firestore", &settings.firestore), project));
        let stripe_key = Authorization::Token(settings.stripe_key.clone());
        let stripe = Endpoint::new(
            stripe::CLOUD,
            client.clone(),
            settings.stripe.clone(),
            stripe_key,
            stripe::headers(),
            STRIPE,
        );
        let hetzner_token = Authorization::Token(settings.hetzner_token.clone());
        let base = settings.hetzner.clone();
        let hetzner = Endpoint::new(hetzner::CLOUD, client, base, hetzner_token, HeaderMap::new(), HETZNER)
            .within(hetzner::budget(timer));
        let inside = match settings.boxes {
            Some(_) => Inside::Agent,
            None if http::is_loopback(&settings.hetzner) => Inside::Nobody,
            None => Inside::Missing,
        };
        let near_google = http::is_loopback(&settings.firestore);
        let crew = settings.boxes.as_ref().map(|boxes| {
            let minter = match near_google {
                true => Minter::Unsigned,
                false => Minter::Signing(settings.google_credentials.clone()),
            };
            Crew {
                postmaster: Postmaster::new(
                    firestore.clone(),
                    identity.clone(),
                    minter,
                    boxes.agent.agents(),
                    near_google,
                ),
                settings: boxes.clone(),
                project: project.clone(),
            }
        });
        let subscriptions = SubscriptionClient::new(Stripe::new(stripe), identity.clone());
        let services: [(&'static str, Box<dyn Service>); 4] = [
            (crate::account::KIND, Box::new(AccountClient::new(identity, firestore.clone()))),
            (crate::subscription::KIND, Box::new(subscriptions)),
            (crate::secret::KIND, Box::new(SecretClient::new(firestore))),
            (crate::instance::KIND, Box::new(InstanceClient::new(Hetzner::new(hetzner, near), crew))),
        ];
        Ok(AmpereProvider { kinds: kinds_with(inside), services: services.into_iter().collect() })
    }

    fn service(&self, kind: &str) -> Result<&dyn Service, ProviderError> {
        self.services.get(kind).map(Box::as_ref).ok_or_else(|| {
            ProviderError::new("Ampere", ProviderErrorKind::Invalid, format!("there is no resource type {kind}"))
        })
    }
}

/// The kinds alone.
impl std::fmt::Debug for AmpereProvider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AmpereProvider").field("kinds", &self.kinds.keys()).finish_non_exhaustive()
    }
}

#[async_trait]
impl Provider for AmpereProvider {
    fn kinds(&self) -> &BTreeMap<&'static str, Arc<dyn Kind>> {
        &self.kinds
    }

    async fn list(&self, inquiry: &Inquiry<'_>) -> Listings {
        let served = inquiry.kinds.iter().filter_map(|kind| Some((*kind, self.services.get(kind)?)));
        let lists = Lists::default();
        let lists = &lists;
        let asked = served.map(|(kind, service)| async move { (kind.into(), service.list(inquiry, lists).await) });
        join_all(asked).await.into_iter().collect()
    }

    async fn read(&self, kind: &str, id: &ExternalId) -> Result<Option<Observed>, ProviderError> {
        self.service(kind)?.read(id).await
    }

    async fn create(&self, request: Request<'_>) -> Result<Applied, ProviderError> {
        self.service(request.kind)?.create(request).await
    }

    async fn update(&self, id: &ExternalId, request: Request<'_>) -> Result<Applied, ProviderError> {
        self.service(request.kind)?.update(id, request).await
    }

    async fn delete(&self, id: &ExternalId, request: Request<'_>) -> Result<(), ProviderError> {
        self.service(request.kind)?.delete(id, request).await
    }

    async fn status(&self, kind: &str, id: &ExternalId) -> Result<Option<Status>, ProviderError> {
        self.service(kind)?.status(id).await
    }

    /// Hetzner Cloud keeps a log of actions; the others keep none that their APIs show.
    async fn foreign_actions(
        &self,
        inquiry: &Inquiry<'_>,
        after: Option<&str>,
    ) -> Result<ForeignActions, ProviderError> {
        self.service(crate::instance::KIND)?.foreign_actions(inquiry, after).await
    }
}
