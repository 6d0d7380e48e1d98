//! The clouds that a case can be run on.
use std::collections::BTreeMap;
use std::time::Duration;

use ampere_sandbox::{Config, Sandbox};
use ampere_tests::programs::{Program, firestore_emulator_jar};

use crate::Recording;
use crate::dialect::{Dialect, LOCALSTRIPE, STATEFUL_MOCK};

/// Something that answers like one of our clouds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Backend {
    /// Our own: all four.
    Sandbox,
    /// Firebase's Auth emulator and Google's Firestore emulator.
    Firebase,
    /// The PyPI package `localstripe`: Stripe of an older API version, through a dialect.
    Localstripe,
    /// The npm package `stripe-stateful-mock`.
    StatefulMock,
    /// The real services, for `tests/live` alone.
    Live,
}

impl Backend {
    /// Those of the table, in its order.
    pub const ALL: [Backend; 4] = [Backend::Sandbox, Backend::Firebase, Backend::Localstripe, Backend::StatefulMock];

    /// What the table calls it.
    pub fn name(self) -> &'static str {
        match self {
            Backend::Sandbox => "sandbox",
            Backend::Firebase => "Firebase emulators",
            Backend::Localstripe => "localstripe",
            Backend::StatefulMock => "stripe-stateful-mock",
            Backend::Live => "live",
        }
    }
}

/// The base URLs of four clouds, and how one of them wants to be spoken to.
#[derive(Clone, Debug)]
pub struct Bases {
    /// By cloud: `hetzner`, `stripe`, `identity_toolkit`, `secure_token`, `firestore`.
    pub urls: BTreeMap<&'static str, String>,
    /// What must be translated on the way to Stripe.
    pub dialect: Option<Dialect>,
    /// Where what goes through is kept beyond the case.
    pub recording: Option<Recording>,
    /// Credentials; where there are none, those that every emulator takes, and a Google project for each case.
    pub access: Option<Access>,
}

/// Credentials, and whose objects they are for.
#[derive(Clone)]
pub struct Access {
    /// A token of Hetzner Cloud.
    pub hetzner: String,
    /// A key of Stripe.
    pub stripe: String,
    /// An access token of Google.
    pub google: String,
    /// The Google project.
    pub project: String,
    /// Two prices of Stripe, if they are not to be made.
    pub prices: Option<[String; 2]>,
}

/// Nothing of it.
impl std::fmt::Debug for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Access")
    }
}

impl Bases {
    /// What a case of this id is let in with.
    pub fn access(&self, id: &str) -> Access {
        self.access.clone().unwrap_or_else(|| Access {
            hetzner: "hc-EXAMPLE".into(),
            stripe: "sk_test_EXAMPLE".into(),
            google: "owner".into(),
            project: format!("demo-{id}"),
            prices: None,
        })
    }
}

/// All clouds of a run. The programs of others end with it.
#[derive(Debug)]
pub struct Stage {
    clouds: BTreeMap<Backend, Bases>,
    /// What is not there, by backend, and why.
    pub absent: BTreeMap<Backend, String>,
    /// The sandbox and the programs of others.
    running: Option<(Sandbox, Vec<Program>)>,
}

impl Stage {
    /// Starts them, the slow ones side by side. What goes to the sandbox and comes back is kept.
    pub async fn start(recording: &Recording) -> Stage {
        let mut absent = BTreeMap::new();
        let jar = firestore_emulator_jar();
        let sandbox = sandbox().await;
        let at = sandbox.endpoints();
        let ours = BTreeMap::from([
            ("hetzner", at.hetzner.clone()),
            ("stripe", at.stripe.clone()),
            ("identity_toolkit", at.identity_toolkit.clone()),
            ("secure_token", at.secure_token.clone()),
            ("firestore", at.firestore.clone()),
        ]);
        let with = |changes: &[(&'static str, String)]| {
            let mut urls = ours.clone();
            urls.extend(changes.iter().cloned());
            urls
        };
        let (firebase, localstripe, mock) = tokio::join!(
            blocking(move || jar.map(|jar| (Program::auth_emulator("demo-test"), Program::firestore_emulator(&jar)))),
            blocking(Program::localstripe),
            blocking(Program::stripe_stateful_mock),
        );
        let mut clouds = BTreeMap::from([
            (
                Backend::Sandbox,
                Bases { urls: ours.clone(), dialect: None, recording: Some(recording.clone()), access: None },
            ),
            (
                Backend::Localstripe,
                Bases {
                    urls: with(&[("stripe", localstripe.url())]),
                    dialect: Some(LOCALSTRIPE),
                    recording: None,
                    access: None,
                },
            ),
            (
                Backend::StatefulMock,
                Bases {
                    urls: with(&[("stripe", mock.url())]),
                    dialect: Some(STATEFUL_MOCK),
                    recording: None,
                    access: None,
                },
            ),
        ]);
        let mut running = vec![localstripe, mock];
        match firebase {
            Ok((auth, firestore)) => {
                let toolkit = format!("{}/identitytoolkit.googleapis.com", auth.url());
                let tokens = format!("{}/securetoken.googleapis.com", auth.url());
                let urls =
                    with(&[("identity_toolkit", toolkit), ("secure_token", tokens), ("firestore", firestore.url())]);
                clouds.insert(Backend::Firebase, Bases { urls, dialect: None, recording: None, access: None });
                running.extend([auth, firestore]);
            }
            Err(why) => {
                absent.insert(Backend::Firebase, why);
            }
        }
        Stage { clouds, absent, running: Some((sandbox, running)) }
    }

    /// One with real services alone.
    pub fn live(bases: Bases) -> Stage {
        Stage { clouds: BTreeMap::from([(Backend::Live, bases)]), absent: BTreeMap::new(), running: None }
    }

    /// Ends the programs, and gives what they did that they must not: be reached from other machines, or outlive us.
    pub fn end(self) -> Vec<String> {
        let Some((sandbox, running)) = self.running else { return Vec::new() };
        let places: Vec<_> = running.iter().map(Program::place).collect();
        let mut wrong = Vec::new();
        for (name, port) in &places {
            for address in listeners(*port) {
                if !address.ends_with("0100007F") {
                    wrong.push(format!("{name} listens on {address}, not on loopback alone"));
                }
            }
        }
        drop((sandbox, running));
        for (name, port) in places {
            if !listeners(port).is_empty() {
                wrong.push(format!("{name} still listens on port {port}"));
            }
        }
        wrong
    }

    /// The clouds of a backend, if it is there.
    pub fn bases(&self, backend: Backend) -> Option<&Bases> {
        self.clouds.get(&backend)
    }
}

async fn sandbox() -> Sandbox {
    let config = Config { action_time: Duration::from_millis(30), ..Config::default() };
    Sandbox::start(config).await.expect("the sandbox starts on loopback")
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(failed) => std::panic::resume_unwind(failed.into_panic()),
    }
}

/// The local addresses, as the kernel writes them, that listen on a port.
fn listeners(port: u16) -> Vec<String> {
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"].map(|path| std::fs::read_to_string(path).unwrap_or_default());
    let lines = tables.iter().flat_map(|table| table.lines().skip(1));
    let sockets = lines.filter_map(|line| {
        let mut fields = line.split_whitespace().skip(1);
        let (local, state) = (fields.next()?, fields.nth(1)?);
        let (address, at) = local.split_once(':')?;
        (state == "0A" && u16::from_str_radix(at, 16) == Ok(port)).then(|| address.to_owned())
    });
    sockets.collect()
}
