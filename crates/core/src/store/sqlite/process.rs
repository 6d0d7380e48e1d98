//! Whether the process that took a lock still lives: then nobody has to wait for a lease to run out.
use std::fs;
use std::io::ErrorKind;

use serde::{Deserialize, Serialize};

/// A process, so named that no other ever has the same name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Process {
    /// The boot of the machine and the namespace that process ids are counted in.
    machine: String,
    pid: u32,
    /// When it was started, in ticks since the boot: process ids are used again.
    started: u64,
}

impl Process {
    /// This process; none where the system does not tell (no `/proc`).
    pub(super) fn this() -> Option<Process> {
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
        let namespace = fs::read_link("/proc/self/ns/pid").ok()?;
        let pid = std::process::id();
        let started = match status(pid) {
            Status::Alive { started } => started,
            Status::Dead | Status::Untold => return None,
        };
        Some(Process { machine: format!("{} {}", boot.trim(), namespace.display()), pid, started })
    }

    /// Whether it is known to have ended. Of a process of another machine nothing is known.
    pub(super) fn has_ended(&self, this: &Process) -> bool {
        self.machine == this.machine
            && match status(self.pid) {
                Status::Alive { started } => started != self.started,
                Status::Dead => true,
                Status::Untold => false,
            }
    }
}

enum Status {
    Alive { started: u64 },
    Dead,
    Untold,
}

/// Reads `/proc/PID/stat` (proc(5)): the state is field 3, the start time field 22. The name, field 2, stands in
/// parentheses and may hold anything.
fn status(pid: u32) -> Status {
    let text = match fs::read_to_string(format!("/proc/{pid}/stat")) {
        Ok(text) => text,
        Err(e) if e.kind() == ErrorKind::NotFound => return Status::Dead,
        Err(_) => return Status::Untold,
    };
    let Some((_, fields)) = text.rsplit_once(')') else { return Status::Untold };
    let mut fields = fields.split_ascii_whitespace();
    match (fields.next(), fields.nth(18).and_then(|ticks| ticks.parse().ok())) {
        (Some("Z" | "X"), _) => Status::Dead,
        (_, Some(started)) => Status::Alive { started },
        _ => Status::Untold,
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;

    #[test]
    fn this_process_lives_and_an_ended_child_does_not() {
        let this = Process::this().unwrap();
        assert!(!this.has_ended(&this));
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let Status::Alive { started } = status(child.id()) else { panic!("the child lives") };
        let other = Process { pid: child.id(), started, ..this.clone() };
        assert!(!other.has_ended(&this));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(other.has_ended(&this));
    }

    #[test]
    fn a_process_id_that_was_used_again_is_another_process() {
        let this = Process::this().unwrap();
        let before = Process { started: this.started - 1, ..this.clone() };
        assert!(before.has_ended(&this));
        let elsewhere = Process { machine: "another".into(), ..before };
        assert!(!elsewhere.has_ended(&this), "nothing is known of other machines");
    }
}
