//! The bundle in force: checked, then on disk, then served. In this order, so that what is served survives a crash.
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ampere_bundle::openclaw::Settings;
use ampere_bundle::{BoxKeys, Checked, Contents, Outcome, check, mailbox};
use zeroize::Zeroizing;

use crate::files::{self, Disk};

/// The id under which the gateway's own token is served. The box makes it; no bundle sets it.
pub const GATEWAY_TOKEN: &str = "gateway/token";

/// What is served, shared between who takes bundles and who answers.
#[derive(Clone, Default)]
pub struct Served(Arc<Mutex<Option<Contents>>>);

impl Served {
    /// The value of a secret.
    pub fn secret(&self, id: &str) -> Option<Zeroizing<String>> {
        self.lock().as_ref()?.secrets.get(id).cloned()
    }

    /// OpenClaw's settings, and the ids of the secrets there are.
    pub fn settings(&self) -> Option<(Settings, Vec<String>)> {
        let served = self.lock();
        let contents = served.as_ref()?;
        Some((contents.settings.clone(), contents.secrets.keys().cloned().collect()))
    }

    fn lock(&self) -> MutexGuard<'_, Option<Contents>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Who takes bundles.
pub struct Holder {
    /// Which instance this is.
    pub instance: String,
    /// Whose bundles it takes.
    pub issuer: [u8; 32],
    /// The box's keys.
    pub keys: BoxKeys,
    /// The token of OpenClaw's gateway, that the box made for itself.
    pub gateway_token: Zeroizing<String>,
    /// Where the last good bundle lies, as it came.
    pub file: PathBuf,
    /// The disk under it.
    pub disk: Arc<dyn Disk>,
    /// What is served.
    pub served: Served,
    /// Sequence number and digest of the bundle in force.
    pub current: Option<(u64, String)>,
}

impl Holder {
    /// Serves the bundle on disk, if there is one. One that does not pass any more is as good as none: the mailbox has it too.
    ///
    /// # Errors
    /// Those of the system.
    pub fn restore(&mut self) -> io::Result<()> {
        let Some(text) = files::read_text(&self.file, mailbox::LONGEST_BUNDLE)? else { return Ok(()) };
        // It was in time when it came: a box that restarts years later, or with a wrong clock, keeps its keys.
        if let Ok(checked) = check(&text, &self.instance, &self.issuer, i64::MIN, None)
            && let Ok(contents) = checked.open(&self.keys)
        {
            self.serve(&checked, contents);
        }
        Ok(())
    }

    /// Takes a bundle, or refuses it and goes on with the one in force. `now` is in seconds since 1970.
    ///
    /// # Errors
    /// Those of the disk: nothing has changed then, since a sequence number that is not on disk could be gone back behind.
    pub fn take(&mut self, text: &str, now: i64) -> io::Result<Outcome> {
        let last = self.current.as_ref().map(|(sequence, digest)| (*sequence, digest.as_str()));
        let opened = check(text, &self.instance, &self.issuer, now, last)
            .and_then(|checked| checked.open(&self.keys).map(|contents| (checked, contents)));
        let (checked, contents) = match opened {
            Ok(opened) => opened,
            Err(why) => return Ok(Outcome::Refused { why }),
        };
        if last != Some((checked.header().sequence, checked.digest())) {
            files::save(&*self.disk, &self.file, text.as_bytes(), 0o600)?;
            self.serve(&checked, contents);
        }
        Ok(Outcome::Applied)
    }

    fn serve(&mut self, checked: &Checked, mut contents: Contents) {
        contents.secrets.insert(GATEWAY_TOKEN.to_owned(), self.gateway_token.clone());
        self.current = Some((checked.header().sequence, checked.digest().to_owned()));
        *self.served.lock() = Some(contents);
    }

    /// The sequence number in force; 0 when none is.
    pub fn sequence(&self) -> u64 {
        self.current.as_ref().map_or(0, |(sequence, _)| *sequence)
    }
}
