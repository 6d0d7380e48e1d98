//! Holds what is inside servers to what the servers are: on while one runs, off otherwise, gone with it.

use std::collections::BTreeMap;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::files::write_found;
use super::first_boot::{self, NotBooted, first_boot};
use super::{Boxes, Orders, installed, moved};
use crate::hetzner::{self, Seen};
use crate::server::Clouds;
use crate::world::NotWritten;

/// How often it is looked at what agents ask of root.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The shortest pause between two looks.
const SHORTEST: Duration = Duration::from_millis(5);

/// Where boxes live that no sandbox's directory keeps.
#[derive(Debug)]
enum Home {
    Kept(PathBuf),
    Temporary(tempfile::TempDir),
}

/// The boxes of a sandbox.
pub(crate) struct Keeper {
    boxes: Arc<dyn Boxes>,
    home: Home,
    state: Mutex<State>,
    /// Told when servers or orders may have changed.
    pub(crate) changed: Notify,
}

#[derive(Default)]
struct State {
    /// Every server that runs, by its number.
    running: BTreeMap<u64, Inside>,
    closed: bool,
}

/// What is inside a running server.
struct Inside {
    name: String,
    /// What its agent calls itself: the user that it signs in as.
    instance: Option<String>,
    /// Why nothing is.
    problem: Option<NotBooted>,
    /// What was ordered when it was last looked at.
    orders: u64,
}

/// Says no more than that it is one.
impl std::fmt::Debug for Keeper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keeper").field("home", &self.home).finish_non_exhaustive()
    }
}

impl Keeper {
    /// Boxes whose file systems lie in `directory`, or in a temporary one, of a sandbox that listens at `base`.
    ///
    /// # Errors
    ///
    /// The disk's.
    pub(crate) fn new(boxes: Arc<dyn Boxes>, directory: Option<&Path>, base: &str) -> std::io::Result<Keeper> {
        let home = match directory {
            Some(directory) => {
                let home = directory.join("boxes");
                moved::tell(&home, base)?;
                Home::Kept(home)
            }
            None => Home::Temporary(tempfile::tempdir()?),
        };
        Ok(Keeper { boxes, home, state: Mutex::default(), changed: Notify::new() })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn root(&self, server: u64) -> PathBuf {
        let home = match &self.home {
            Home::Kept(path) => path.as_path(),
            Home::Temporary(directory) => directory.path(),
        };
        home.join(server.to_string())
    }

    /// Switches on and off what must be. `there` are all servers, each with whether it runs.
    fn hold(&self, there: &[(Seen, bool)], orders: &Orders, now: Timestamp) {
        let mut state = self.state();
        if state.closed {
            return;
        }
        let runs = |id: u64| there.iter().any(|(seen, running)| seen.id == id && *running);
        let stopped: Vec<u64> = state.running.keys().copied().filter(|id| !runs(*id)).collect();
        for id in stopped {
            if state.running.remove(&id).is_some_and(|inside| inside.problem.is_none()) {
                self.boxes.power_off(id);
            }
        }
        self.forget_deleted(there);
        for (seen, _) in there.iter().filter(|(_, running)| *running) {
            let is_on = match state.running.get(&seen.id) {
                None => false,
                Some(Inside { problem: None, orders: known, .. }) => {
                    if *known == orders.version() && !self.has_upgraded(seen.id) {
                        continue;
                    }
                    true
                }
                Some(inside) if inside.orders == orders.version() => continue,
                Some(Inside { problem: Some(NotBooted::Ordered), .. }) => false,
                Some(_) => continue,
            };
            let problem = self.start(seen, orders, now, is_on).err();
            if let Some(problem) = &problem {
                tracing::warn!(server = seen.id, %problem, "a box of the sandbox does not come up");
                if is_on {
                    self.boxes.power_off(seen.id);
                }
            }
            let instance = first_boot::instance(&self.root(seen.id));
            let inside = Inside { name: seen.name.clone(), instance, problem, orders: orders.version() };
            state.running.insert(seen.id, inside);
        }
    }

    /// Whether root has just installed another version, as the agent asked.
    fn has_upgraded(&self, server: u64) -> bool {
        installed::upgrade(&self.root(server)).unwrap_or_else(|error| {
            tracing::warn!(%error, server, "a box of the sandbox cannot be upgraded");
            false
        })
    }

    /// Whether somebody is inside any server.
    fn is_anybody_in(&self) -> bool {
        self.state().running.values().any(|inside| inside.problem.is_none())
    }

    /// Boots a box, or brings up to date what it finds while it runs.
    fn start(&self, seen: &Seen, orders: &Orders, now: Timestamp, is_on: bool) -> Result<(), NotBooted> {
        let root = self.root(seen.id);
        if is_on {
            return Ok(write_found(&root, seen, orders, now)?);
        }
        if orders.never_boots(&seen.name) {
            return Err(NotBooted::Ordered);
        }
        // What lay in /run is gone with the last boot.
        match std::fs::remove_dir_all(root.join("run")) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        make_private(&root)?;
        first_boot(&root, seen.user_data.as_deref())?;
        write_found(&root, seen, orders, now)?;
        self.boxes.power_on(seen.id, &root);
        Ok(())
    }

    /// Removes the disks of servers that are no more.
    fn forget_deleted(&self, there: &[(Seen, bool)]) {
        let home = self.root(0);
        let Some(disks) = home.parent().and_then(|home| std::fs::read_dir(home).ok()) else { return };
        for disk in disks.flatten() {
            let id = disk.file_name().to_str().and_then(|name| name.parse::<u64>().ok());
            if id.is_some_and(|id| !there.iter().any(|(seen, _)| seen.id == id))
                && let Err(error) = std::fs::remove_dir_all(disk.path())
            {
                tracing::warn!(%error, "the disk of a deleted server cannot be removed");
            }
        }
    }

    /// The name of the server whose box signs in as this user.
    pub(crate) fn server_of(&self, user: &str) -> Option<String> {
        let state = self.state();
        let found = state.running.values().find(|inside| inside.instance.as_deref() == Some(user));
        found.map(|inside| inside.name.clone())
    }

    /// Switches everything off, for good.
    pub(crate) fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        for (id, inside) in std::mem::take(&mut state.running) {
            if inside.problem.is_none() {
                self.boxes.power_off(id);
            }
        }
    }

    /// What is inside the servers that run.
    pub(crate) fn report(&self) -> Value {
        let state = self.state();
        let boxes = state.running.iter().map(|(id, inside)| {
            let problem = inside.problem.as_ref().map(ToString::to_string);
            json!({"server": id, "name": inside.name, "instance": inside.instance, "on": problem.is_none(), "problem": problem, "root": self.root(*id)})
        });
        boxes.collect()
    }
}

fn make_private(root: &Path) -> std::io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(root)
}

/// Looks at the servers whenever they may have changed, until the sandbox is closed.
pub(crate) async fn keep(clouds: Clouds, keeper: Arc<Keeper>) {
    loop {
        let changed = keeper.changed.notified();
        let Ok((there, next, now)) = clouds.change(|change| {
            let there = hetzner::seen(change);
            Ok::<_, NotWritten>((there, hetzner::next_phase(change), change.now()))
        }) else {
            return;
        };
        let orders = clouds.control().boxes.clone();
        let holder = keeper.clone();
        let held = tokio::task::spawn_blocking(move || holder.hold(&there, &orders, now)).await;
        if let Err(error) = held {
            tracing::error!(%error, "the boxes of the sandbox cannot be held");
        }
        let until_next = next.and_then(|next| Duration::try_from(next.duration_since(now)).ok());
        let until_look = keeper.is_anybody_in().then_some(LOOK_EVERY);
        match until_next.into_iter().chain(until_look).min() {
            Some(wait) => {
                let _either = tokio::time::timeout(wait.max(SHORTEST), changed).await;
            }
            None => changed.await,
        }
    }
}
