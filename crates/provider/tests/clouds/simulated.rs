//! A simulated clock that provider and sandbox share: it goes on only when everybody waits for it.
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ampere_provider::Timer;
use futures::future::BoxFuture;
use jiff::Timestamp;
use serde_json::json;
use tokio::sync::oneshot;

use crate::kit::World;

/// How often everybody gets a turn before nobody is taken to have anything to do.
const TURNS: usize = 64;

/// The most steps of the clock in a run: what needs more waits for something that never comes.
const MOST_STEPS: usize = 20_000;

/// The clock.
pub struct Simulated {
    state: Mutex<State>,
}

struct State {
    now: Timestamp,
    /// Requests under way.
    exchanges: usize,
    sleepers: BTreeMap<(Timestamp, u64), oneshot::Sender<()>>,
    next: u64,
}

impl Simulated {
    pub fn new() -> Arc<Simulated> {
        // Long past: the sandbox's time, which is taken over, comes after it.
        let now = Timestamp::from_second(1_500_000_000).unwrap();
        Arc::new(Simulated { state: Mutex::new(State { now, exchanges: 0, sleepers: BTreeMap::new(), next: 0 }) })
    }

    /// Lets the sandbox's clock stand still, where ours is.
    pub async fn stop_the_sandbox(&self, world: &World) {
        let clock = world.control(reqwest::Method::POST, "/clock", Some(json!({"stopped": true}))).await;
        let now: Timestamp = clock["now"].as_str().unwrap().parse().unwrap();
        let whole = Timestamp::from_millisecond(now.as_millisecond()).unwrap();
        self.state.lock().unwrap().now = whole;
    }

    /// Runs some work to its end, and moves both clocks on whenever all of it sleeps.
    pub async fn run<T>(&self, world: &World, work: impl Future<Output = T>) -> T {
        tokio::pin!(work);
        for _ in 0..MOST_STEPS {
            tokio::select! {
                biased;
                done = &mut work => return done,
                () = self.go_on(world) => {}
            }
        }
        panic!("after {MOST_STEPS} steps of the clock the work is not done");
    }

    /// Waits until nothing is under way, then goes on to the first who sleeps.
    async fn go_on(&self, world: &World) {
        let mut quiet = 0;
        while quiet < TURNS {
            let busy = self.state.lock().unwrap().exchanges > 0;
            quiet = if busy { 0 } else { quiet + 1 };
            match busy {
                // Answers come by the network, which is asked only when there is a pause.
                true => tokio::time::sleep(Duration::from_micros(50)).await,
                false => tokio::task::yield_now().await,
            }
        }
        let first = {
            let state = self.state.lock().unwrap();
            state.sleepers.first_key_value().map(|((at, _), _)| (*at, at.as_millisecond() - state.now.as_millisecond()))
        };
        // Nobody sleeps: something else is waited for.
        let Some((at, step)) = first else { return tokio::time::sleep(Duration::from_millis(1)).await };
        world.control(reqwest::Method::POST, "/clock", Some(json!({"advance_ms": step}))).await;
        let mut state = self.state.lock().unwrap();
        state.now = at;
        while let Some(entry) = state.sleepers.first_entry() {
            if entry.key().0 > at {
                break;
            }
            // A sleeper that has gone away needs no waking.
            let _ = entry.remove().send(());
        }
    }
}

impl Timer for Simulated {
    fn now(&self) -> Timestamp {
        self.state.lock().unwrap().now
    }

    fn sleep_until(&self, at: Timestamp) -> BoxFuture<'_, ()> {
        let (wake, woken) = oneshot::channel();
        let mut state = self.state.lock().unwrap();
        // In whole milliseconds, as the sandbox counts.
        let at = Timestamp::from_millisecond((at.as_nanosecond() + 999_999).div_euclid(1_000_000) as i64).unwrap();
        if at > state.now {
            state.next += 1;
            let key = (at, state.next);
            state.sleepers.insert(key, wake);
        } else {
            let _ = wake.send(());
        }
        Box::pin(async move {
            woken.await.ok();
        })
    }

    fn exchange_began(&self) {
        self.state.lock().unwrap().exchanges += 1;
    }

    fn exchange_ended(&self) {
        self.state.lock().unwrap().exchanges -= 1;
    }
}
