//! Work that takes time: <https://docs.hetzner.cloud/reference/cloud#actions>.
//!
//! All steps that wait share one poller: whoever's turn it is asks for the actions of everybody, 25 a request, so that a
//! hundred servers being made cost one request a second and not a hundred.
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ampere_core::provider::{ProviderError, ProviderErrorKind};
use serde_json::Value as Json;
use tokio::sync::watch;

use super::{error, refusal};
use crate::http::{Call, Endpoint, after, between};

/// The most ids one request may name.
const IDS: usize = 25;
/// The longest an action is waited for: changing a type copies nothing and takes a minute or two.
const PATIENCE: Duration = Duration::from_secs(15 * 60);

/// The poller.
pub(crate) struct Actions {
    interval: Duration,
    known: Mutex<BTreeMap<u64, State>>,
    turn: tokio::sync::Mutex<()>,
    round: watch::Sender<u64>,
}

/// What is known of an action that somebody waits for.
#[derive(Clone)]
enum State {
    Running { percent: u64, command: String },
    Succeeded,
    Failed { command: String, code: String },
}

/// Takes a waiter's actions out when it is done or dropped.
struct Waiting<'a>(&'a Actions, Vec<u64>);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut known = self.0.known();
        for id in &self.1 {
            known.remove(id);
        }
    }
}

impl Actions {
    /// A poller; a service on this machine may be asked more often.
    pub fn new(near: bool) -> Actions {
        let interval = Duration::from_millis(if near { 40 } else { 1000 });
        Actions { interval, known: Mutex::default(), turn: tokio::sync::Mutex::default(), round: watch::Sender::new(0) }
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<u64, State>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the actions of an answer have succeeded.
    pub async fn finish(
        &self,
        endpoint: &Endpoint,
        actions: Vec<Json>,
        progress: &(dyn Fn(&str) + Sync),
    ) -> Result<(), ProviderError> {
        let ids: Vec<u64> = actions.iter().filter_map(|action| action["id"].as_u64()).collect();
        self.known().extend(actions.iter().filter_map(read));
        let waiting = Waiting(self, ids);
        let mut round = self.round.subscribe();
        let timer = endpoint.timer();
        let begun = timer.now();
        let mut told = String::new();
        loop {
            match self.judge(&waiting.1)? {
                None => return Ok(()),
                Some(message) if message != told => {
                    progress(&message);
                    told = message;
                }
                Some(_) => {}
            }
            if between(begun, timer.now()) > PATIENCE {
                let message = format!("an action did not end within {} minutes", PATIENCE.as_secs() / 60);
                return Err(ProviderError::new(super::CLOUD, ProviderErrorKind::Unknown, message)
                    .with_hint("Look at it in the Hetzner Cloud console, then run the plan again."));
            }
            tokio::select! {
                _turn = self.turn.lock() => {
                    timer.sleep_until(after(timer.now(), self.interval.saturating_mul(self.requests()))).await;
                    self.ask(endpoint).await?;
                    self.round.send_modify(|round| *round += 1);
                }
                _ = round.changed() => {}
            }
        }
    }

    /// None: all have succeeded. Else what to say of the one that is farthest behind.
    fn judge(&self, ids: &[u64]) -> Result<Option<String>, ProviderError> {
        let known = self.known();
        let mut slowest: Option<(u64, &str)> = None;
        for state in ids.iter().filter_map(|id| known.get(id)) {
            match state {
                State::Succeeded => {}
                State::Failed { command, code } => return Err(error::of_action(command, code)),
                State::Running { percent, command } => {
                    slowest = Some(slowest.map_or((*percent, command), |least| least.min((*percent, command))));
                }
            }
        }
        Ok(slowest.map(|(percent, command)| format!("{} {percent} %", command.replace('_', " "))))
    }

    /// What runs, oldest first.
    fn running(&self) -> Vec<u64> {
        let known = self.known();
        known.iter().filter(|(_, state)| matches!(state, State::Running { .. })).map(|(id, _)| *id).collect()
    }

    /// How many requests a round takes: more of them are made less often, so that their number a second stays.
    fn requests(&self) -> u32 {
        u32::try_from(self.running().len().div_ceil(IDS)).unwrap_or(u32::MAX).max(1)
    }

    /// Asks for everything that runs.
    async fn ask(&self, endpoint: &Endpoint) -> Result<(), ProviderError> {
        for ids in self.running().chunks(IDS) {
            let call = ids.iter().fold(Call::get("/actions"), |call, id| call.query("id", id));
            let answer = endpoint.send(&call).await?;
            if !answer.is_success() {
                return Err(refusal(&answer).error);
            }
            let body: Json = answer.json()?;
            let mut known = self.known();
            for (id, state) in body["actions"].as_array().into_iter().flatten().filter_map(read) {
                if let Some(entry) = known.get_mut(&id) {
                    *entry = state;
                }
            }
        }
        Ok(())
    }
}

fn read(action: &Json) -> Option<(u64, State)> {
    let word = |value: &Json| value.as_str().unwrap_or("").to_owned();
    let command = word(&action["command"]);
    let state = match action["status"].as_str() {
        Some("success") => State::Succeeded,
        Some("error") => State::Failed { command, code: word(&action["error"]["code"]) },
        _ => State::Running { percent: action["progress"].as_u64().unwrap_or(0), command },
    };
    Some((action["id"].as_u64()?, state))
}

/// The actions that an answer names.
pub(super) fn named_in(answer: &Json) -> Vec<Json> {
    let single = [&answer["action"]].into_iter().filter(|action| action.is_object());
    let lists = ["actions", "next_actions"].into_iter().filter_map(|name| answer[name].as_array()).flatten();
    single.chain(lists).cloned().collect()
}
