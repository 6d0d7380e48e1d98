//! Agents in the servers of the first customer. They go before anything is counted: what boxes ask is not the plan's.
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ampere_agent::Agent;
use ampere_sandbox::Boxes;

/// The longest pause of an agent: nobody should wait for it.
const PAUSE: Duration = Duration::from_millis(50);

/// The real agent on a thread for each server, until all are sent away; then servers are empty.
#[derive(Clone, Default)]
pub struct Agents(Arc<AtomicBool>);

impl Agents {
    /// From now on nobody is inside.
    pub fn leave(&self) {
        self.0.store(true, Ordering::Relaxed);
        // The round that is under way ends.
        std::thread::sleep(4 * PAUSE);
    }
}

impl Boxes for Agents {
    fn power_on(&self, _: u64, root: &Path) {
        let (gone, root) = (self.0.clone(), root.to_owned());
        std::thread::spawn(move || {
            let mut agent = Agent::start(&root).expect("an agent in a box that was just made");
            while !gone.load(Ordering::Relaxed) {
                let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
                let pause = agent.step(now.cast_signed());
                std::thread::sleep(pause.min(PAUSE));
            }
        });
    }

    fn power_off(&self, _: u64) {}
}
