//! The resolver's part: it passes OpenClaw's questions on to the agent, and writes OpenClaw's configuration.
use std::fs::{self, DirBuilder};
use std::io::{self, Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use ampere_bundle::installed::paths;
use ampere_bundle::openclaw;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::files::{self, Machine, Root};
use crate::serve::{Answer, LONGEST_ANSWER, LONGEST_QUESTION, Question};

/// How long the agent may take. (OpenClaw waits 5 s for a resolver.)
const PATIENCE: Duration = Duration::from_secs(4);
/// The longest configuration that is read, in bytes.
const LONGEST_CONFIGURATION: usize = 1024 * 1024;

/// Why the resolver failed. Nothing of question or answer is in it.
#[derive(Debug, Error)]
pub enum ResolveError {
    /// The agent is not there, or gives this user no answer.
    #[error("the agent does not answer")]
    Agent(#[source] io::Error),
    /// No bundle has come yet, so there are no settings.
    #[error("there are no settings yet")]
    NoSettings,
    /// The configuration cannot be written.
    #[error("the configuration cannot be written")]
    Write(#[source] io::Error),
    /// OpenClaw's question is missing or too long.
    #[error("the question cannot be read")]
    Question,
}

/// Answers OpenClaw's question: from `input` to the agent, and from there to `output`.
///
/// # Errors
/// [`ResolveError`].
pub fn resolve(root: &Root, input: impl io::Read, mut output: impl io::Write) -> Result<(), ResolveError> {
    let mut question = Vec::new();
    let read = input.take(LONGEST_QUESTION as u64 + 1).read_to_end(&mut question);
    if read.is_err() || question.is_empty() || question.len() > LONGEST_QUESTION {
        return Err(ResolveError::Question);
    }
    let answer = ask(root, &question)?;
    output.write_all(&answer).and_then(|()| output.flush()).map_err(ResolveError::Agent)
}

/// Writes `.openclaw/openclaw.json` below `home`, if it would change. Gives whether it did.
///
/// # Errors
/// [`ResolveError`]; the configuration is then as it was.
pub fn configure(root: &Root, home: &Path, resolver: &Path) -> Result<bool, ResolveError> {
    let question = Question { protocol_version: 1, ids: Vec::new(), settings: true };
    let question = serde_json::to_vec(&question).map_err(|_| ResolveError::Question)?;
    let answer: Answer = serde_json::from_slice(&ask(root, &question)?)
        .map_err(|_| ResolveError::Agent(io::ErrorKind::InvalidData.into()))?;
    let (settings, secrets) = answer.settings.ok_or(ResolveError::NoSettings)?;
    let wanted = openclaw::configuration(&settings, resolver, secrets.iter().map(String::as_str));
    let text = format!("{wanted:#}\n").into_bytes();
    let directory = home.join(".openclaw");
    let path = directory.join("openclaw.json");
    // One that cannot be read (a link, say) is replaced.
    if files::read(&path, LONGEST_CONFIGURATION).is_ok_and(|old| old.is_some_and(|old| *old == text)) {
        return Ok(false);
    }
    let write = || {
        DirBuilder::new().recursive(true).mode(0o700).create(&directory)?;
        fs::set_permissions(&directory, fs::Permissions::from_mode(0o700))?;
        files::save(&Machine, &path, &text, 0o600)
    };
    write().map(|()| true).map_err(ResolveError::Write)
}

fn ask(root: &Root, question: &[u8]) -> Result<Zeroizing<Vec<u8>>, ResolveError> {
    let ask = || {
        let mut stream = UnixStream::connect(root.at(paths::SOCKET))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.write_all(question)?;
        stream.shutdown(Shutdown::Write)?;
        let mut answer = Zeroizing::new(Vec::with_capacity(LONGEST_ANSWER));
        stream.take(LONGEST_ANSWER as u64).read_to_end(&mut answer)?;
        if answer.is_empty() { Err(io::ErrorKind::PermissionDenied.into()) } else { Ok(answer) }
    };
    ask().map_err(ResolveError::Agent)
}
