//! Boxes as processes of this machine: in each the real agent runs, as far as a box can be played without being root.
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use ampere_sandbox::Boxes;

/// What an agent says, below the root of its box.
const LOG: &str = "var/log/ampere-agent.log";

/// The agents that run, by server. They end with it, and each one by itself when the process that has it is gone.
pub struct Processes {
    program: PathBuf,
    running: Mutex<BTreeMap<u64, Child>>,
}

impl Processes {
    /// None yet; this very program is started for each.
    ///
    /// # Errors
    /// When the system does not say where the program is.
    pub fn new() -> io::Result<Processes> {
        Ok(Processes { program: std::env::current_exe()?, running: Mutex::default() })
    }

    fn running(&self) -> MutexGuard<'_, BTreeMap<u64, Child>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn start(&self, root: &Path) -> io::Result<Child> {
        let log = root.join(LOG);
        if let Some(directory) = log.parent() {
            std::fs::create_dir_all(directory)?;
        }
        // A box knows nothing of ours, so nothing of our environment. It is started in its own root, since the path of a
        // socket may not be long.
        Command::new(&self.program)
            .args(["sandbox", "box", "-root=."])
            .env_clear()
            .current_dir(root)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(File::options().create(true).append(true).open(log)?)
            .spawn()
    }
}

impl Boxes for Processes {
    fn power_on(&self, server: u64, root: &Path) {
        match self.start(root) {
            Ok(child) => {
                if let Some(before) = self.running().insert(server, child) {
                    end(server, before);
                }
            }
            Err(error) => tracing::error!(%error, server, "the agent of a box of the sandbox cannot be started"),
        }
    }

    fn power_off(&self, server: u64) {
        let child = self.running().remove(&server);
        if let Some(child) = child {
            end(server, child);
        }
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        for (server, child) in std::mem::take(&mut *self.running()) {
            end(server, child);
        }
    }
}

/// As the power goes off: at once, whatever it is at.
fn end(server: u64, mut child: Child) {
    if let Err(error) = child.kill().and_then(|()| child.wait()) {
        tracing::warn!(%error, server, "the agent of a box of the sandbox cannot be ended");
    }
}
