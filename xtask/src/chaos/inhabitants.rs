//! The real agent in every server, as a thread of this process.
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ampere_agent::Agent;
use ampere_sandbox::Boxes;

/// The longest pause between two looks of an agent: a real one has half a minute, and here nobody should wait for it.
const LONGEST_PAUSE: Duration = Duration::from_millis(25);

/// The agents of servers. As with systemd there is one at a time: the next begins when the one before has ended.
#[derive(Default)]
pub struct Inhabitants(Mutex<BTreeMap<u64, Inhabitant>>);

/// The agent of one server.
struct Inhabitant {
    /// It ends when this is dropped.
    on: Option<Sender<()>>,
    thread: JoinHandle<()>,
}

impl Boxes for Inhabitants {
    fn power_on(&self, server: u64, root: &Path) {
        let (end, ended) = channel();
        let root = root.to_owned();
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = all.remove(&server).map(|inhabitant| inhabitant.thread);
        let thread = std::thread::spawn(move || {
            // One that has panicked has ended, too.
            let _ended = before.map(JoinHandle::join);
            live(root, &ended);
        });
        all.insert(server, Inhabitant { on: Some(end), thread });
    }

    fn power_off(&self, server: u64) {
        if let Some(inhabitant) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get_mut(&server) {
            inhabitant.on = None;
        }
    }
}

fn live(root: PathBuf, ended: &Receiver<()>) {
    let is_over = |pause| !matches!(ended.recv_timeout(pause), Err(RecvTimeoutError::Timeout));
    loop {
        // What is missing yet comes with the rest of the first boot.
        if let Ok(mut agent) = Agent::start(&root) {
            while !is_over(agent.step(now()).min(LONGEST_PAUSE)) {}
            return;
        }
        if is_over(LONGEST_PAUSE) {
            return;
        }
    }
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
