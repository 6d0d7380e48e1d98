//! Blows at the system calls by which the state is written, with Debian's `strace`: no hook for tests is in the product.
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::str::FromStr;

/// How the state comes to the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Syscall {
    /// A write of the database or its log.
    Pwrite64,
    /// What is written comes to the disk.
    Fsync,
    /// The log is emptied.
    Ftruncate,
}

const SYSCALLS: [(&str, Syscall); 3] =
    [("pwrite64", Syscall::Pwrite64), ("fsync", Syscall::Fsync), ("ftruncate", Syscall::Ftruncate)];

/// What the disk answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Errno {
    /// It is broken.
    Eio,
    /// It is full.
    Enospc,
    /// It is read-only.
    Erofs,
}

const ERRNOS: [(&str, Errno); 3] = [("eio", Errno::Eio), ("enospc", Errno::Enospc), ("erofs", Errno::Erofs)];

/// A blow at a system call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Blow {
    /// Which.
    pub syscall: Syscall,
    /// The how manieth, counted from 1.
    pub nth: usize,
    /// What it answers; without it the process is killed before the call is made.
    pub errno: Option<Errno>,
    /// Whether all later ones answer the same.
    pub from_there_on: bool,
}

impl fmt::Display for Blow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let errno = self.errno.map_or("kill", name_of);
        let more = if self.from_there_on { "+" } else { "" };
        write!(f, "{}:{}:{errno}{more}", name(self.syscall), self.nth)
    }
}

impl FromStr for Blow {
    type Err = ();

    fn from_str(text: &str) -> Result<Blow, ()> {
        let mut parts = text.split(':');
        let mut next = || parts.next().ok_or(());
        let (syscall, nth, what) = (next()?, next()?, next()?);
        let (_, syscall) = SYSCALLS.iter().find(|(name, _)| *name == syscall).ok_or(())?;
        let from_there_on = what.ends_with('+');
        let errno = match what.trim_end_matches('+') {
            "kill" => None,
            what => Some(ERRNOS.iter().find(|(name, _)| *name == what).ok_or(())?.1),
        };
        Ok(Blow { syscall: *syscall, nth: nth.parse().map_err(drop)?, errno, from_there_on })
    }
}

fn name(syscall: Syscall) -> &'static str {
    SYSCALLS.iter().find(|(_, other)| *other == syscall).map_or("", |(name, _)| name)
}

fn name_of(errno: Errno) -> &'static str {
    ERRNOS.iter().find(|(_, other)| *other == errno).map_or("", |(name, _)| name)
}

impl Blow {
    /// The program and its arguments that let the blow fall on the command behind them, and write it down. (With its
    /// `--seccomp-bpf` it would be faster, and injects nothing.)
    pub fn wrapper(&self, log: &Path) -> Vec<String> {
        let what = match self.errno {
            None => "signal=SIGKILL".to_owned(),
            Some(errno) => format!("error={}", name_of(errno).to_uppercase()),
        };
        let more = if self.from_there_on { "+" } else { "" };
        let name = name(self.syscall);
        let inject = format!("inject={name}:{what}:when={}{more}", self.nth);
        let log = log.display().to_string();
        ["strace", "-f", "-qq", "-o", &log, "-e", &format!("trace={name}"), "-e", &inject].map(str::to_owned).to_vec()
    }
}

/// Whether a log of `strace` holds a call that it refused.
pub fn has_refused(log: &str) -> bool {
    log.contains("(INJECTED)")
}

/// The writes of a command, in their order.
#[derive(Debug, Default)]
pub struct Writes {
    /// Of the thread that has the state.
    pub order: Vec<Syscall>,
}

impl Writes {
    /// The program and its arguments that write them down.
    pub fn wrapper(log: &Path) -> Vec<String> {
        let names = SYSCALLS.map(|(name, _)| name).join(",");
        let mut words = ["strace", "-f", "-qq", "--seccomp-bpf", "-e"].map(str::to_owned).to_vec();
        words.extend([format!("trace={names}"), "-o".to_owned(), log.display().to_string()]);
        words
    }

    /// Reads what was written down. `strace` counts for each thread apart; the state's is the one that writes most.
    ///
    /// ```text
    /// 6250  pwrite64(9, "\0"..., 4096, 0) = 4096
    /// ```
    pub fn read(log: &str) -> Writes {
        let mut threads: BTreeMap<&str, Vec<Syscall>> = BTreeMap::new();
        for line in log.lines() {
            let Some((thread, rest)) = line.split_once(' ') else { continue };
            let called = |(name, _): &&(&str, Syscall)| rest.trim_start().starts_with(&format!("{name}("));
            if let Some((_, syscall)) = SYSCALLS.iter().find(called) {
                threads.entry(thread).or_default().push(*syscall);
            }
        }
        Writes { order: threads.into_values().max_by_key(Vec::len).unwrap_or_default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_thread_of_the_state_is_the_one_that_writes_most() {
        let log =
            "7  fsync(3) = 0\n8  pwrite64(9, \"\\0\"..., 4096, 0) = 4096\n8  fsync(9)  = 0\n8  +++ exited with 0 +++\n";
        assert_eq!(Writes::read(log).order, [Syscall::Pwrite64, Syscall::Fsync]);
    }
}
