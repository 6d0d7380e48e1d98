//! Memory of this process stays in this process: it holds keys while it runs.
use rustix::process::{DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit};

/// Set to `1` it lets the system write core dumps and attach debuggers. What they show includes secrets.
const ALLOW: &str = "AMPERE_CORE_DUMPS";

/// Turns core dumps off, and keeps other processes of the same user from reading our memory and environment (`ptrace`,
/// `/proc/PID/mem`). Children start without the latter: the kernel gives it back at `exec`.
pub fn start() {
    if std::env::var_os(ALLOW).is_some_and(|value| value == "1") {
        return;
    }
    let maximum = getrlimit(Resource::Core).maximum;
    if let Err(error) = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum }) {
        tracing::warn!(%error, "core dumps cannot be turned off");
    }
    // Where core dumps go to a program, the limit is not asked: this is.
    if let Err(error) = set_dumpable_behavior(DumpableBehavior::NotDumpable) {
        tracing::warn!(%error, "the memory of this process can be read by others of the same user");
    }
}
