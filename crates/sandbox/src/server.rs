//! Starting, routing and stopping.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::boxes::{self, Boxes, Keeper};
use crate::connection::{Loopback, Switch};
use crate::control::Control;
use crate::metadata::{self, MetadataError, Served};
use crate::watch::Watch;
use crate::world::{Change, Cloud, JournalError, NotWritten, OpenError, World};
use crate::{control, firestore, hetzner, identity, stripe};

/// How long a stop waits for requests under way before it drops them.
const STOP_PATIENCE: Duration = Duration::from_secs(2);

/// How a sandbox is started.
#[derive(Clone)]
pub struct Config {
    /// Where the clouds are kept; `None` keeps them in memory only.
    pub directory: Option<PathBuf>,
    /// The address to listen on, loopback only; port 0 takes a free one. Default `127.0.0.1:0`.
    pub listen: SocketAddr,
    /// How long a Hetzner action takes. Default 400 ms.
    pub action_time: Duration,
    /// What is inside servers; without it nobody is. Default none.
    pub boxes: Option<Arc<dyn Boxes>>,
    /// Who sees every request and decides what becomes of it. Default nobody.
    pub watch: Option<Arc<dyn Watch>>,
}

impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Config { directory, listen, action_time, boxes, watch } = self;
        let mut shown = f.debug_struct("Config");
        shown.field("directory", directory).field("listen", listen).field("action_time", action_time);
        shown.field("boxes", &boxes.is_some()).field("watch", &watch.is_some()).finish()
    }
}

impl Default for Config {
    fn default() -> Config {
        Config {
            directory: None,
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            action_time: Duration::from_millis(400),
            boxes: None,
            watch: None,
        }
    }
}

/// The base URLs of a sandbox's clouds: what a user would write into the provider's settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoints {
    /// `hcloud_endpoint`, in place of `https://api.hetzner.cloud/v1`.
    pub hetzner: String,
    /// `stripe_api_base`, in place of `https://api.stripe.com`.
    pub stripe: String,
    /// `identity_toolkit_endpoint`, in place of `https://identitytoolkit.googleapis.com`.
    pub identity_toolkit: String,
    /// `secure_token_endpoint`, in place of `https://securetoken.googleapis.com`.
    pub secure_token: String,
    /// `firestore_endpoint`, in place of `https://firestore.googleapis.com`.
    pub firestore: String,
    /// The control API: faults, objects, clock, request log.
    pub control: String,
}

impl Endpoints {
    /// The endpoints of the sandbox that listens at `base`.
    ///
    /// ```
    /// let endpoints = ampere_sandbox::Endpoints::of("http://127.0.0.1:4000");
    /// assert_eq!(endpoints.hetzner, "http://127.0.0.1:4000/hetzner/v1");
    /// ```
    pub fn of(base: &str) -> Endpoints {
        let base = base.trim_end_matches('/');
        let at = |cloud: Cloud| format!("{base}{}", cloud.mount());
        Endpoints {
            hetzner: at(Cloud::Hetzner),
            stripe: at(Cloud::Stripe),
            identity_toolkit: at(Cloud::IdentityToolkit),
            secure_token: at(Cloud::SecureToken),
            firestore: at(Cloud::Firestore),
            control: at(Cloud::Sandbox),
        }
    }
}

/// Why a sandbox did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Another sandbox holds the directory.
    #[error("another sandbox{} already holds this directory; use that one or stop it", at(address))]
    Busy {
        /// The base URL of the sandbox that holds it, when it has told.
        address: Option<String>,
    },
    /// The address is not a loopback address: the sandbox checks no real credentials.
    #[error("the sandbox listens on loopback addresses only, not on {address}")]
    NotLoopback {
        /// The refused address.
        address: SocketAddr,
    },
    /// The address could not be bound.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// The directory could not be created, read or written.
    #[error("cannot use the directory {}", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The journal is unreadable, or newer than this program.
    #[error(transparent)]
    Journal(JournalError),
}

fn at(address: &Option<String>) -> String {
    address.as_ref().map(|address| format!(" (at {address})")).unwrap_or_default()
}

impl From<OpenError> for StartError {
    fn from(error: OpenError) -> StartError {
        match error {
            OpenError::Busy { address } => StartError::Busy { address },
            OpenError::Directory { path, source } => StartError::Directory { path, source },
            OpenError::Journal(error) => StartError::Journal(error),
        }
    }
}

/// Why a sandbox did not stop in good order. Everything it answered is kept all the same.
#[derive(Debug, thiserror::Error)]
pub enum StopError {
    /// Requests were still under way and have been dropped.
    #[error("requests were still under way after {} s and have been dropped", STOP_PATIENCE.as_secs())]
    Unfinished,
    /// The server ended with an error of its own.
    #[error("the sandbox's server failed")]
    Server(#[source] std::io::Error),
}

/// What every request handler works with.
pub(crate) struct Shared {
    world: Mutex<World>,
    pub(crate) control: Mutex<Control>,
    pub(crate) action_time: Duration,
    /// Signs id tokens; made anew by every process.
    pub(crate) signer: identity::Signer,
    /// What is inside servers.
    pub(crate) keeper: Option<Arc<Keeper>>,
    /// Who sees every request.
    pub(crate) watch: Option<Arc<dyn Watch>>,
    /// How many requests were seen.
    pub(crate) watched: AtomicU64,
    metadata: Mutex<Vec<Served>>,
}

/// Says no more than where the world is kept.
impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("world", &self.world).finish_non_exhaustive()
    }
}

/// The state axum hands to handlers.
pub(crate) type Clouds = Arc<Shared>;

impl Shared {
    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The sandbox's time.
    pub(crate) fn now(&self) -> jiff::Timestamp {
        self.world().now()
    }

    /// What the control API has ordered.
    pub(crate) fn control(&self) -> MutexGuard<'_, Control> {
        self.control.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs one request on the world; see [`World::change`].
    pub(crate) fn change<T, E: From<NotWritten>>(
        &self,
        request: impl FnOnce(&mut Change<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut world = self.world();
        let outcome = world.change(request);
        if world.take_moved() {
            self.look_at_boxes();
        }
        outcome
    }

    /// Whether the box that signs in as this user reaches nobody, on order. Its connections are reset then.
    pub(crate) fn is_cut_off(&self, user: &str, switch: &Switch) -> bool {
        if !self.control().boxes.cuts_any_off() {
            return false;
        }
        let server = self.keeper.as_ref().and_then(|keeper| keeper.server_of(user));
        let cut_off = self.control().boxes.no_network(server.as_deref().unwrap_or(user));
        if cut_off {
            switch.reset();
        }
        cut_off
    }

    /// Has what is inside servers held to what they are, and to what was ordered.
    pub(crate) fn look_at_boxes(&self) {
        if let Some(keeper) = &self.keeper {
            keeper.changed.notify_one();
        }
    }

    /// Keeps a metadata service until the sandbox ends.
    pub(crate) fn keep_serving(&self, served: Served) {
        self.metadata.lock().unwrap_or_else(PoisonError::into_inner).push(served);
    }
}

/// A running local cloud.
///
/// Dropping it closes the world at once, as a kill would: what was answered is kept.
#[derive(Debug)]
pub struct Sandbox {
    endpoints: Endpoints,
    address: SocketAddr,
    shared: Clouds,
    stop: Option<oneshot::Sender<()>>,
    server: Option<JoinHandle<std::io::Result<()>>>,
    boxes: Option<JoinHandle<()>>,
}

impl Sandbox {
    /// Opens the world and listens.
    ///
    /// # Errors
    ///
    /// [`StartError`] when the directory is held by another sandbox or unusable, its journal is
    /// unreadable, or the address is not a loopback address or taken.
    pub async fn start(config: Config) -> Result<Sandbox, StartError> {
        if !config.listen.ip().is_loopback() {
            return Err(StartError::NotLoopback { address: config.listen });
        }
        let mut world = match &config.directory {
            Some(directory) => World::open(directory)?,
            None => World::in_memory(),
        };
        let listen = |source| StartError::Listen { address: config.listen, source };
        let listener = Loopback::bind(config.listen).await.map_err(listen)?;
        let address = listener.0.local_addr().map_err(listen)?;
        let base = format!("http://{address}");
        if world.is_new() {
            seed(&mut world, &config)?;
        }
        world.announce(&base)?;
        let keeper = match &config.boxes {
            None => None,
            Some(boxes) => {
                let path = config.directory.clone().unwrap_or_else(std::env::temp_dir);
                let unusable = |source| StartError::Directory { path, source };
                Some(Arc::new(Keeper::new(boxes.clone(), config.directory.as_deref(), &base).map_err(unusable)?))
            }
        };
        let shared = Arc::new(Shared {
            world: Mutex::new(world),
            control: Mutex::new(Control::default()),
            action_time: config.action_time,
            signer: identity::Signer::default(),
            keeper,
            watch: config.watch,
            watched: AtomicU64::new(0),
            metadata: Mutex::default(),
        });
        let boxes = shared.keeper.clone().map(|keeper| tokio::spawn(boxes::keep(shared.clone(), keeper)));
        let (stop, stopped) = oneshot::channel::<()>();
        let service = router(&shared).into_make_service_with_connect_info::<Switch>();
        let server = axum::serve(listener, service).with_graceful_shutdown(async {
            // An error means that the sandbox was dropped, which stops it as well.
            let _ = stopped.await;
        });
        Ok(Sandbox {
            endpoints: Endpoints::of(&base),
            address,
            shared,
            stop: Some(stop),
            server: Some(tokio::spawn(server.into_future())),
            boxes,
        })
    }

    /// The base URLs of the clouds and of the control API.
    pub fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves the metadata of a server, as Hetzner does at `169.254.169.254:80`, until the sandbox ends. The server is found by its
    /// name, and may be made later.
    ///
    /// # Errors
    ///
    /// [`MetadataError`] when the address is taken, not of this machine, or one that others could reach.
    pub async fn serve_metadata(&self, server: &str, address: SocketAddr) -> Result<SocketAddr, MetadataError> {
        let served = metadata::serve(self.shared.clone(), server.to_owned(), address).await?;
        let address = served.address;
        self.shared.keep_serving(served);
        Ok(address)
    }

    /// Finishes the requests under way, closes the world and releases the directory.
    ///
    /// # Errors
    ///
    /// [`StopError`] when requests did not finish in time or the server had failed; the directory
    /// is released all the same.
    pub async fn stop(mut self) -> Result<(), StopError> {
        drop(self.stop.take());
        let Some(mut server) = self.server.take() else {
            return Ok(());
        };
        match tokio::time::timeout(STOP_PATIENCE, &mut server).await {
            Ok(Ok(outcome)) => outcome.map_err(StopError::Server),
            Ok(Err(failed)) => Err(StopError::Server(std::io::Error::other(failed))),
            Err(_) => {
                server.abort();
                Err(StopError::Unfinished)
            }
        }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        if let Some(boxes) = &self.boxes {
            boxes.abort();
        }
        if let Some(keeper) = &self.shared.keeper {
            keeper.close();
        }
        self.shared.metadata.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.shared.world().close();
    }
}

fn seed(world: &mut World, config: &Config) -> Result<(), StartError> {
    let seeded: Result<(), NotWritten> = world.change(|change| {
        stripe::seed(change);
        Ok(())
    });
    seeded.map_err(|error| StartError::Directory {
        path: config.directory.clone().unwrap_or_default(),
        source: std::io::Error::other(error),
    })
}

fn router(shared: &Clouds) -> Router {
    let clouds = Router::new()
        .nest(Cloud::Hetzner.mount(), hetzner::router(shared))
        .nest(Cloud::Stripe.mount(), stripe::router(shared))
        .merge(stripe::at_root())
        .nest(Cloud::IdentityToolkit.mount(), identity::router(shared))
        .nest(Cloud::SecureToken.mount(), identity::secure_token_router())
        .nest(Cloud::Firestore.mount(), firestore::router(shared))
        .layer(from_fn_with_state(shared.clone(), control::intercept))
        .layer(from_fn_with_state(shared.clone(), dated));
    Router::new()
        .merge(clouds)
        .nest(Cloud::Sandbox.mount(), control::router())
        .fallback(|| async { nothing_here() })
        .with_state(shared.clone())
}

/// Tells the sandbox's time with every answer, as the real services tell theirs: whoever computes with a reset of a rate limit or
/// an expiry must see it against this clock. A date that a fault has ordered stays.
async fn dated(State(clouds): State<Clouds>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let date = clouds.now().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    if let Ok(date) = HeaderValue::from_str(&date) {
        response.headers_mut().entry(header::DATE).or_insert(date);
    }
    response
}

/// The answer where no cloud is.
pub(crate) fn nothing_here() -> impl IntoResponse {
    let text = "No cloud is mounted here: see /hetzner/v1, /stripe/v1, /identitytoolkit.googleapis.com/v1, \
                /securetoken.googleapis.com/v1, /firestore/v1 and /_sandbox. At /v1 requests with a key of Stripe's (sk_test_…) are answered.\n";
    (StatusCode::NOT_FOUND, text)
}
