//! The bars of what is shipped: size, memory, idle CPU. Run by `tests/agent`, which builds it.
#![allow(clippy::print_stdout)]
#[path = "../suite/google.rs"]
#[allow(unused)]
mod google;
#[path = "../suite/played.rs"]
#[allow(unused)]
mod played;

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use ampere_bundle::installed::paths;
use ampere_bundle::mailbox;
use google::{Google, NOW};
use played::{INSTANCE, Played, bundle_for, issuer, keys, secret, value};

/// 10 MB.
const LARGEST: u64 = 10_000_000;
/// 15 MB, in KiB.
const MOST_MEMORY: u64 = 15_000_000 / 1024;
/// What may pass on the processor in a minute of two looks, in hundredths of a second.
const MOST_TICKS: u64 = 6;

fn program(name: &str) -> PathBuf {
    let built = std::env::var_os("AMPERE_BOX_PROGRAMS").expect("run tests/agent: it builds what is measured here");
    let path = PathBuf::from(built).join(name);
    assert!(path.exists(), "{} is not there: run tests/agent", path.display());
    path
}

struct Running(Child);

impl Running {
    fn start(played: &Played) -> Running {
        let mut command = Command::new(program("ampere-agent"));
        Running(command.args(["run", "--root"]).arg(played.root.path()).stderr(Stdio::null()).spawn().unwrap())
    }

    /// A figure of /proc/PID/status, in KiB.
    fn memory(&self, name: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_ascii_whitespace().nth(1).unwrap().parse().unwrap()
    }

    /// Time on the processor, user and system, in ticks of 10 ms (proc_pid_stat(5), fields 14 and 15).
    fn ticks(&self) -> u64 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.0.id())).unwrap();
        let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_ascii_whitespace().collect();
        fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

fn wait_for(what: &str, mut there: impl FnMut() -> bool) {
    let until = Instant::now() + Duration::from_secs(20);
    while !there() {
        assert!(Instant::now() < until, "{what}");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn the_programs_are_small() {
    for name in ["ampere-agent", "ampere-resolver"] {
        let size = fs::metadata(program(name)).unwrap().len();
        println!("{name}: {size} bytes");
        assert!(size < LARGEST, "{name}: {size} bytes");
    }
}

/// From first boot over enrolment and a bundle to a minute of idling, beside a mailbox that is called by name.
#[test]
fn a_polling_agent_needs_little() {
    let google = Google::start();
    google.open(INSTANCE);
    let played = Played::new(&google);
    let settings = played.read(paths::SETTINGS).unwrap();
    played.write(paths::SETTINGS, &settings.replace("127.0.0.1", "localhost"));
    let agent = Running::start(&played);
    wait_for("it enrols", || google.field(INSTANCE, mailbox::ENROLMENT).is_some());
    google.offer(INSTANCE, &bundle_for(&keys(&google), INSTANCE, 1, 4_000_000_000, &issuer()));
    wait_for("it takes the bundle", || secret(played.root.path(), "anthropic") == Some(value(1)));
    google.set(INSTANCE, mailbox::SEALED_AT, "2030-03-17T17:46:40Z");
    wait_for("it answers with the shipped resolver", || {
        let mut resolver = Command::new(program("ampere-resolver"));
        let child = resolver.arg("--root").arg(played.root.path()).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = child.unwrap();
        let question = br#"{"protocolVersion":1,"provider":"ampere","ids":["anthropic"]}"#;
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), question).unwrap();
        String::from_utf8_lossy(&child.wait_with_output().unwrap().stdout).contains(&value(1))
    });
    thread::sleep(Duration::from_secs(5));
    let (before, looks) = (agent.ticks(), google.asked("fieldPaths=offered"));
    thread::sleep(Duration::from_secs(62));
    let (ticks, looks) = (agent.ticks() - before, google.asked("fieldPaths=offered") - looks);
    let (now, most) = (agent.memory("VmRSS"), agent.memory("VmHWM"));
    println!("memory: {now} KiB, {most} KiB at most; {looks} looks in 62 s took {ticks}0 ms of a processor");
    assert!(most < MOST_MEMORY, "{most} KiB");
    assert!((2..=3).contains(&looks), "{looks} looks in 62 s");
    assert!(ticks <= MOST_TICKS, "{ticks}0 ms in a minute");
    assert_eq!(google.state().now, NOW);
}

/// TLS is the largest thing in it, so it is measured too: an agent that begins handshakes with somebody who has none.
#[test]
fn tls_is_within_the_bar_and_never_left_out() {
    let google = Google::start();
    google.open(INSTANCE);
    let played = Played::new(&google);
    let settings = played.read(paths::SETTINGS).unwrap();
    played.write(paths::SETTINGS, &settings.replace("http://", "https://"));
    let agent = Running::start(&played);
    thread::sleep(Duration::from_secs(10));
    let most = agent.memory("VmHWM");
    println!("memory with TLS: {most} KiB at most");
    assert!(most < MOST_MEMORY, "{most} KiB");
    assert_eq!(google.asked("/"), 0, "it says nothing in clear");
}
