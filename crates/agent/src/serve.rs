//! The socket where OpenClaw's resolver asks: OpenClaw's own `exec` protocol, and one question more.
//!
//! A question is `{"protocolVersion": 1, "provider": "…", "ids": ["anthropic"]}`, the answer
//! `{"protocolVersion": 1, "values": {"anthropic": "…"}, "errors": {"gone": {"code": "NOT_FOUND"}}}`: OpenClaw 2026.9.6,
//! `docs/gateway/secrets/secretref-contract.md`. With `"settings": true` in the question, the answer has `settings` too.
use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::{Arc, atomic::AtomicBool, atomic::Ordering::Relaxed};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use ampere_bundle::installed::paths;
use ampere_bundle::openclaw::Settings;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::files::{self, Disk as _, Machine, Root};
use crate::holder::Served;

/// The longest question, in bytes.
pub const LONGEST_QUESTION: usize = 64 * 1024;
/// The longest answer, in bytes. (OpenClaw takes 1 MiB.)
pub const LONGEST_ANSWER: usize = 512 * 1024;
/// How long a caller may take to put or to hear it. Callers are served one after another.
const PATIENCE: Duration = Duration::from_secs(2);

/// What is asked.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Question {
    /// 1.
    pub protocol_version: u32,
    /// The ids of the secrets that are wanted.
    #[serde(default)]
    pub ids: Vec<String>,
    /// Whether the settings are wanted.
    #[serde(default)]
    pub settings: bool,
}

/// What is answered. Not `Debug`, as it holds values.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// 1.
    pub protocol_version: u32,
    /// Values by id.
    pub values: BTreeMap<String, Zeroizing<String>>,
    /// What is wrong, by id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub errors: BTreeMap<String, Problem>,
    /// OpenClaw's settings, and the ids of all secrets, when they were wanted and there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<(Settings, Vec<String>)>,
}

/// What is wrong with one id.
#[derive(Debug, Serialize, Deserialize)]
pub struct Problem {
    /// One of OpenClaw's codes.
    pub code: String,
}

/// The uid of who may ask: the user of this name in the box's `/etc/passwd`, as soon as there is one; without a name, the
/// agent's own, for a played box.
fn caller(name: Option<&str>, root: &Root) -> Option<u32> {
    let Some(name) = name else { return Some(rustix::process::getuid().as_raw()) };
    let passwd = files::read_text(&root.at("/etc/passwd"), 1024 * 1024).ok()??;
    let line = passwd.lines().find(|line| line.split(':').next() == Some(name))?;
    line.split(':').nth(2)?.parse().ok()
}

/// The thread that answers, until it is dropped.
pub struct Server {
    path: PathBuf,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Answers this user from now on; without a name, the agent's own.
    ///
    /// # Errors
    /// Those of the system.
    pub fn start(root: Root, user: Option<String>, served: Served) -> io::Result<Server> {
        let path = root.at(paths::SOCKET);
        Machine.remove(&path)?;
        let listener = UnixListener::bind(&path)?;
        // Everybody may knock: who it is, the kernel says.
        fs::set_permissions(&path, Permissions::from_mode(0o666))?;
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = thread::Builder::new().name("resolver".into()).spawn(move || {
            for stream in listener.incoming() {
                if stopped.load(Relaxed) {
                    return;
                }
                // A caller who hangs up, or says what cannot be understood, gets no answer.
                let heard = stream.and_then(|stream| answer(stream, &root, user.as_deref(), &served));
                if heard.is_err() {
                    thread::sleep(Duration::from_millis(20));
                }
            }
        })?;
        Ok(Server { path, stop, thread: Some(thread) })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Relaxed);
        // Wakes it. When that fails nobody listens any more.
        if UnixStream::connect(&self.path).is_ok()
            && let Some(thread) = self.thread.take()
        {
            let _ended = thread.join();
        }
    }
}

fn answer(mut stream: UnixStream, root: &Root, user: Option<&str>, served: &Served) -> io::Result<()> {
    let peer = rustix::net::sockopt::socket_peercred(&stream)?;
    if caller(user, root) != Some(peer.uid.as_raw()) {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut question = Vec::new();
    (&stream).take(LONGEST_QUESTION as u64).read_to_end(&mut question)?;
    let question: Question = serde_json::from_slice(&question).map_err(|_| io::ErrorKind::InvalidData)?;
    let mut answer = Answer { protocol_version: 1, values: BTreeMap::new(), errors: BTreeMap::new(), settings: None };
    for id in question.ids {
        match served.secret(&id) {
            Some(value) => _ = answer.values.insert(id, value),
            None => _ = answer.errors.insert(id, Problem { code: "NOT_FOUND".into() }),
        }
    }
    if question.settings {
        answer.settings = served.settings();
    }
    // Room for all at once: a buffer that grows leaves copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST_ANSWER));
    serde_json::to_writer(&mut *bytes, &answer).map_err(|_| io::ErrorKind::InvalidData)?;
    stream.write_all(&bytes)
}
