//! Who stands between the command and the clouds: counts its calls, and strikes at one of them.
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ampere_sandbox::{After, Before, Call, Decision, Watch};
use rustix::process::{Pid, Signal, kill_process};

/// How the command names itself to the clouds; a box's agent is `ampere-agent/…`.
const COMMAND: &str = "ampere/";
/// How long a call waits to be told which process makes it.
const PATIENCE: Duration = Duration::from_secs(5);

/// When, seen from a call's effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The request has come, and nothing has happened yet.
    Before,
    /// It has happened, and nobody has been told yet.
    After,
}

/// A blow at one call of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Strike {
    /// Which call, counted from 1 in the order in which they come.
    pub nth: usize,
    /// When.
    pub side: Side,
}

/// Sees every call to the clouds of one rig.
#[derive(Default)]
pub struct Watcher {
    state: Mutex<State>,
    spawned: Condvar,
}

#[derive(Default)]
struct State {
    process: Option<Pid>,
    calls: Vec<Call>,
    strike: Option<Strike>,
    /// The number of the call that is struck.
    aimed: Option<u64>,
    struck: bool,
}

/// What the clouds saw of a command.
#[derive(Debug, Default)]
pub struct Seen {
    /// The calls it made, in order.
    pub calls: Vec<Call>,
    /// Whether the strike hit.
    pub struck: bool,
}

impl Watcher {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A command is about to begin.
    pub fn begin(&self, strike: Option<Strike>) {
        *self.state() = State { strike, ..State::default() };
    }

    /// It runs as this process.
    pub fn spawned(&self, process: Pid) {
        self.state().process = Some(process);
        self.spawned.notify_all();
    }

    /// It has ended.
    pub fn end(&self) -> Seen {
        let state = std::mem::take(&mut *self.state());
        Seen { calls: state.calls, struck: state.struck }
    }

    /// SIGKILL, now. The process is gone before whoever asked goes on.
    fn kill(&self) {
        let waited = self.spawned.wait_timeout_while(self.state(), PATIENCE, |state| state.process.is_none());
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if let Some(process) = state.process {
            // One that has just ended by itself was not struck.
            state.struck = kill_process(process, Signal::KILL).is_ok();
        }
    }

    fn comes(&self, call: &Call) -> Option<Side> {
        let mut state = self.state();
        state.calls.push(call.clone());
        let strike = state.strike.filter(|strike| strike.nth == state.calls.len())?;
        state.aimed = Some(call.number);
        Some(strike.side)
    }
}

impl Watch for Watcher {
    fn before<'a>(&'a self, call: &'a Call) -> Decision<'a, Before> {
        Box::pin(async move {
            if call.caller.starts_with(COMMAND) && self.comes(call) == Some(Side::Before) {
                self.kill();
                return Before::Drop;
            }
            Before::Go
        })
    }

    fn after<'a>(&'a self, call: &'a Call, _status: u16) -> Decision<'a, After> {
        Box::pin(async move {
            let aimed = {
                let state = self.state();
                state.aimed == Some(call.number) && state.strike.is_some_and(|strike| strike.side == Side::After)
            };
            if aimed {
                self.kill();
                return After::Lose;
            }
            After::Answer
        })
    }
}
