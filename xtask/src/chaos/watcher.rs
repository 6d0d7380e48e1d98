//! Who stands between the command and the clouds: counts its calls, and strikes at one of them.
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ampere_sandbox::{After, Before, Call, Decision, Watch};
use rustix::process::{Pid, Signal, kill_process};
use tokio::sync::Notify;

/// How the command names itself to the clouds; a box's agent is `ampere-agent/…`.
const COMMAND: &str = "ampere/";
/// How long a call waits to be told which process makes it.
const PATIENCE: Duration = Duration::from_secs(5);

/// What happens at a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// The command is killed when the request has come and nothing has happened yet.
    KillBefore,
    /// The command is killed when it has happened, and before anybody was told.
    KillAfter,
    /// It happens, and the answer is lost. The command lives.
    Lose,
    /// The command is killed before it, and it happens all the same: later, when the next command has begun.
    Late,
    /// It waits until [`Watcher::release`].
    Hold,
}

/// A blow at one call of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Strike {
    /// Which call, counted from 1 in the order in which they come.
    pub nth: usize,
    /// What happens.
    pub how: How,
}

/// Sees every call to the clouds of one rig.
#[derive(Default)]
pub struct Watcher {
    state: Mutex<State>,
    spawned: Condvar,
    /// Lets what is late, or held, happen.
    moment: Arc<Notify>,
}

#[derive(Default)]
struct State {
    process: Option<Pid>,
    calls: Vec<Call>,
    strike: Option<Strike>,
    /// The number of the call that is struck.
    aimed: Option<u64>,
    struck: bool,
    /// After so many calls what is late happens.
    late_after: Option<usize>,
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

    /// A command is about to begin. What an earlier one left under way happens after so many of its calls.
    pub fn begin(&self, strike: Option<Strike>, late_after: Option<usize>) {
        *self.state() = State { strike, late_after, ..State::default() };
    }

    /// It runs as this process.
    pub fn spawned(&self, process: Pid) {
        self.state().process = Some(process);
        self.spawned.notify_all();
    }

    /// It has ended.
    pub fn end(&self) -> Seen {
        let state = std::mem::take(&mut *self.state());
        if state.late_after.is_some() {
            self.release();
        }
        Seen { calls: state.calls, struck: state.struck }
    }

    /// What is late, or held, happens now.
    pub fn release(&self) {
        self.moment.notify_one();
    }

    /// Whether the call that was aimed at has come.
    pub fn has_struck(&self) -> bool {
        self.state().struck
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

    fn comes(&self, call: &Call) -> Option<How> {
        let mut state = self.state();
        state.calls.push(call.clone());
        let count = state.calls.len();
        if state.late_after.take_if(|after| *after < count).is_some() {
            self.release();
        }
        let strike = state.strike.filter(|strike| strike.nth == state.calls.len())?;
        state.aimed = Some(call.number);
        if matches!(strike.how, How::Lose | How::Hold) {
            state.struck = true;
        }
        Some(strike.how)
    }

    fn aimed_at(&self, call: &Call) -> Option<How> {
        let state = self.state();
        state.strike.filter(|_| state.aimed == Some(call.number)).map(|strike| strike.how)
    }
}

impl Watch for Watcher {
    fn before<'a>(&'a self, call: &'a Call) -> Decision<'a, Before> {
        let moment = self.moment.clone();
        Box::pin(async move {
            if !call.caller.starts_with(COMMAND) {
                return Before::Go;
            }
            match self.comes(call) {
                Some(How::KillBefore) => {
                    self.kill();
                    Before::Drop
                }
                Some(How::Late) => {
                    self.kill();
                    Before::Late(Box::pin(async move { moment.notified().await }))
                }
                Some(How::Hold) => {
                    moment.notified().await;
                    Before::Go
                }
                Some(How::KillAfter | How::Lose) | None => Before::Go,
            }
        })
    }

    fn after<'a>(&'a self, call: &'a Call, _status: u16) -> Decision<'a, After> {
        Box::pin(async move {
            match self.aimed_at(call) {
                Some(How::KillAfter) => {
                    self.kill();
                    After::Lose
                }
                Some(How::Lose) => After::Lose,
                _ => After::Answer,
            }
        })
    }
}
