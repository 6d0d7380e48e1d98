//! A round: sign in, look into the mailbox, take what is new, send what is due.
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ampere_bundle::installed::{AgentSettings, Identity, paths};
use ampere_bundle::{BoxKeys, Enrolment, Outcome, Receipt, Rejected, Report, digest, mailbox as fields, parse_key};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::files::{self, Disk, Machine, Root};
use crate::holder::{Holder, Served};
use crate::mailbox::{CallError, Document, Mailbox};
use crate::serve::Server;
use crate::survey;

/// The longest small file of the state, in bytes.
const LONGEST_FILE: usize = 16 * 1024;
/// How often the mailbox is looked into.
const PAUSE: Duration = Duration::from_secs(30);
/// … before the box is sealed, when somebody waits for it.
const PAUSE_UNSEALED: Duration = Duration::from_secs(3);
/// … at most, when it does not answer: with a fifth of chance on top it stays below the two minutes of a rotation.
const LONGEST_PAUSE: Duration = Duration::from_secs(90);
/// How many rounds are made in the hurry of an unsealed box: half an hour's.
const HURRIED_ROUNDS: u32 = 600;
/// A report is sent this often when nothing changed, in seconds.
const REPORT_EVERY: i64 = 600;
/// The highest time seen is written down when it grew by this many seconds.
const TIME_STEP: i64 = 600;

/// Why the agent cannot begin.
#[derive(Debug, Error)]
pub enum StartError {
    /// The box was never told who it is.
    #[error("{} is missing or broken", paths::SETTINGS)]
    Settings,
    /// The system refuses.
    #[error("{0}")]
    System(&'static str, #[source] io::Error),
}

/// Why a round ended early. The agent goes on all the same.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// A call.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The disk does not take it.
    #[error("the disk does not take it: {0}")]
    Disk(io::ErrorKind),
    /// Root's script has not written yet which server this is.
    #[error("it is not known yet which server this is")]
    Identity,
    /// There is nothing to sign in with: the token was used up without success, or never there.
    #[error("there is no token to sign in with")]
    NoToken,
    /// The rules, or another box, were faster: this one will never be enrolled.
    #[error("the enrolment was refused")]
    Refused,
}

/// The agent of one box.
pub struct Agent {
    root: Root,
    disk: Arc<dyn Disk>,
    mailbox: Mailbox,
    holder: Holder,
    /// The next report, as far as it is known.
    report: Report,
    memory: Memory,
    _server: Server,
}

/// What the agent knows until it is started again.
#[derive(Default)]
struct Memory {
    enrolled: bool,
    sealed: bool,
    /// What the mailbox said it offers, when the bundle was last looked at.
    offer: Option<String>,
    /// The receipt that is due: for which text, and what became of it.
    receipt: Option<(String, Outcome)>,
    sent_receipt: Option<(String, Outcome)>,
    sent_report: Option<Report>,
    /// The highest time that Google told, and what of it is on disk.
    seen: i64,
    seen_on_disk: i64,
    rounds: u32,
    failures: u32,
    trouble: Option<Trouble>,
    /// What the disk did not take in this round.
    unsaved: Option<Trouble>,
}

impl Agent {
    /// The agent of the box below `root`: makes keys if there are none, serves the last good bundle.
    ///
    /// # Errors
    /// [`StartError`] without settings or a state directory of its own, or with broken keys.
    pub fn start(root: &Path) -> Result<Agent, StartError> {
        Agent::start_on(root, Arc::new(Machine))
    }

    /// As [`Agent::start`], on this disk.
    ///
    /// # Errors
    /// As there.
    pub fn start_on(root: &Path, disk: Arc<dyn Disk>) -> Result<Agent, StartError> {
        let root = Root::new(root);
        let settings = files::read_json::<AgentSettings>(&root.at(paths::SETTINGS), LONGEST_FILE).ok().flatten();
        let settings = settings.ok_or(StartError::Settings)?;
        let issuer = parse_key(&settings.verification_key).map_err(|_| StartError::Settings)?;
        let state = root.at(paths::STATE);
        let system = |what| move |error| StartError::System(what, error);
        let keys = kept(&*disk, &state.join("keys")).map_err(system("the keys cannot be kept"))?;
        let token = kept(&*disk, &state.join("gateway-token")).map_err(system("the token cannot be kept"))?;
        let served = Served::default();
        let mut holder = Holder {
            instance: settings.instance.clone(),
            issuer,
            keys: BoxKeys::generate(&keys),
            gateway_token: Zeroizing::new(URL_SAFE_NO_PAD.encode(token.as_slice())),
            file: state.join("bundle"),
            disk: Arc::clone(&disk),
            served: served.clone(),
            current: None,
        };
        holder.restore().map_err(system("the last bundle cannot be read"))?;
        let seen = files::read_text(&state.join("time"), LONGEST_FILE).ok().flatten();
        let seen = seen.and_then(|text| text.parse().ok()).unwrap_or(0);
        let user = root.is_machine().then(|| settings.openclaw_user.clone());
        let server = Server::start(root.clone(), user, served).map_err(system("the socket cannot be opened"))?;
        let report = survey::blank(&settings.instance).map_err(system("the program cannot be read"))?;
        let memory = Memory { seen, seen_on_disk: seen, ..Memory::default() };
        Ok(Agent { root, disk, mailbox: Mailbox::new(settings), holder, report, memory, _server: server })
    }

    /// One round, at `now` by the box's clock (seconds since 1970). Gives the pause until the next.
    pub fn step(&mut self, now: i64) -> Duration {
        self.memory.rounds = self.memory.rounds.saturating_add(1);
        self.memory.unsaved = None;
        self.memory.trouble = self.round(now).err().or(self.memory.unsaved);
        let hurried = !self.memory.sealed && self.memory.rounds <= HURRIED_ROUNDS;
        let usual = if hurried { PAUSE_UNSEALED } else { PAUSE };
        if self.memory.trouble.is_none() {
            self.memory.failures = 0;
            return usual;
        }
        self.report.health.missed = self.report.health.missed.saturating_add(1);
        self.memory.failures = self.memory.failures.saturating_add(1);
        let pause = (usual * 2u32.pow(self.memory.failures.min(6) - 1)).min(LONGEST_PAUSE);
        // Boxes that lost the mailbox together shall not come back together. Without chance they do.
        let mut chance = [0];
        _ = getrandom::fill(&mut chance);
        pause + pause * u32::from(chance[0]) / (5 * 255)
    }

    /// Why the last round ended early.
    pub fn trouble(&self) -> Option<Trouble> {
        self.memory.trouble
    }

    /// The sequence number of the bundle in force; 0 when none is.
    pub fn sequence(&self) -> u64 {
        self.holder.sequence()
    }

    fn round(&mut self, now: i64) -> Result<(), Trouble> {
        // /run is empty after a boot: what is in force is announced before anybody is asked.
        self.announce();
        self.sign_in()?;
        let wanted = [fields::OFFERED, fields::SEALED_AT, fields::ENROLMENT];
        let document = self.mailbox.get(&wanted[..if self.memory.enrolled { 2 } else { 3 }])?;
        self.note_time(now);
        if !self.memory.enrolled {
            self.enrol(&document)?;
        }
        self.memory.sealed = document.contains_key(fields::SEALED_AT);
        // A bundle is long and seldom new, so what is offered is asked for first. It is not signed, and need not be: it can
        // hold a bundle back, as its absence could.
        let offer = document.get(fields::OFFERED).cloned();
        if offer.is_none() || offer != self.memory.offer {
            self.look(offer, now)?;
        }
        self.send(now)
    }

    /// Signs in when it is time: with the refresh token, or the first time with the single-use token.
    fn sign_in(&mut self) -> Result<(), Trouble> {
        if self.mailbox.is_signed_in() {
            return Ok(());
        }
        let credentials = self.state("credentials");
        if let Some(old) = files::read_text(&credentials, LONGEST_FILE).map_err(disk)? {
            let new = self.mailbox.refresh(&old)?;
            if new != old {
                self.try_to_save(&credentials, new.as_bytes(), 0o600);
            }
            return Ok(());
        }
        let token = files::read_text(&self.root.at(paths::TOKEN), LONGEST_FILE).map_err(disk)?;
        match self.mailbox.sign_in(token.as_ref().ok_or(Trouble::NoToken)?) {
            Ok(new) => {
                // Enrolled without it, a box would have no way back after a restart.
                let saved = self.save(&credentials, new.as_bytes(), 0o600);
                if saved.is_err() {
                    self.mailbox.sign_out();
                }
                saved
            }
            Err(CallError::Token) => self.give_up(),
            Err(error) => Err(error.into()),
        }
    }

    /// The box's first word, if the mailbox does not have it yet.
    fn enrol(&mut self, document: &Document) -> Result<(), Trouble> {
        let instance = &self.holder.instance;
        match document.get(fields::ENROLMENT).map(|text| Enrolment::open(text, instance)) {
            Some(Ok(enrolment)) if enrolment.keys == self.holder.keys.public() => {}
            Some(_) => return self.give_up(),
            None => {
                let identity = files::read_json(&self.root.at(paths::IDENTITY), LONGEST_FILE).map_err(disk)?;
                let Identity { server, ipv4, ipv6 } = identity.ok_or(Trouble::Identity)?;
                let keys = self.holder.keys.public();
                let enrolment = Enrolment { instance: instance.clone(), server, ipv4, ipv6, keys };
                match self.mailbox.patch(&[(fields::ENROLMENT, enrolment.sign(&self.holder.keys))]) {
                    Err(CallError::Denied) => return self.give_up(),
                    sent => sent?,
                }
            }
        }
        files::discard(&*self.disk, &self.root.at(paths::TOKEN)).map_err(disk)?;
        self.memory.enrolled = true;
        Ok(())
    }

    /// Forgets what it signed in with, and says so where the box's owner of last resort, root, finds it.
    fn give_up<T>(&mut self) -> Result<T, Trouble> {
        self.mailbox.sign_out();
        for path in [self.root.at(paths::TOKEN), self.state("credentials")] {
            files::discard(&*self.disk, &path).map_err(disk)?;
        }
        self.save(&self.state("refused"), b"the enrolment was refused\n", 0o600)?;
        Err(Trouble::Refused)
    }

    /// Looks at the bundle in the mailbox, and takes or refuses it.
    fn look(&mut self, offer: Option<String>, now: i64) -> Result<(), Trouble> {
        let document = self.mailbox.get(&[fields::BUNDLE])?;
        if let Some(text) = document.get(fields::BUNDLE) {
            // A clock that is behind, or set back, does not make an expired bundle good again.
            match self.holder.take(text, now.max(self.memory.seen)) {
                Ok(outcome) => self.memory.receipt = Some((digest(text), outcome)),
                Err(error) => self.memory.unsaved = Some(disk(error)),
            }
            self.announce();
        }
        // Room may come back, and a clock that is ahead be set right: then the same bundle is good.
        let expired = Outcome::Refused { why: Rejected::Expired };
        let again = self.memory.unsaved.is_some() || self.memory.receipt.as_ref().is_some_and(|(_, o)| *o == expired);
        self.memory.offer = offer.filter(|_| !again);
        Ok(())
    }

    /// Tells the box which bundle is in force, and which OpenClaw it wants, unless it knows.
    fn announce(&mut self) {
        let Some((settings, _)) = self.holder.served.settings() else { return };
        let version = json!(settings.openclaw).to_string();
        for (path, content) in [(paths::UPGRADE, version), (paths::CHANGED, self.sequence().to_string())] {
            let path = self.root.at(path);
            if !files::read(&path, LONGEST_FILE).is_ok_and(|told| told.is_some_and(|told| *told == content.as_bytes()))
            {
                self.try_to_save(&path, content.as_bytes(), 0o644);
            }
        }
    }

    /// Keeps the highest time that Google told. The box's own clock is not kept: it may be wrong, and then be set right.
    fn note_time(&mut self, now: i64) {
        let Some(date) = self.mailbox.date else { return };
        self.report.health.clock_behind = Some(date - now);
        self.memory.seen = self.memory.seen.max(date);
        if self.memory.seen >= self.memory.seen_on_disk + TIME_STEP
            && self.try_to_save(&self.state("time"), self.memory.seen.to_string().as_bytes(), 0o600)
        {
            self.memory.seen_on_disk = self.memory.seen;
        }
    }

    /// Sends receipt and report, if they are due.
    fn send(&mut self, now: i64) -> Result<(), Trouble> {
        (self.report.at, self.report.sequence) = (now, self.sequence());
        self.report.health.disk_writable = self.memory.unsaved.is_none();
        survey::look(&self.root, &mut self.report);
        let due = self.memory.sent_report.as_ref().is_none_or(|sent| {
            !(sent.at..sent.at + REPORT_EVERY).contains(&now) || survey::essence(sent) != survey::essence(&self.report)
        });
        let mut texts = Vec::new();
        if let Some((digest, outcome)) = self.memory.receipt.clone()
            && self.memory.sent_receipt != self.memory.receipt
        {
            let (instance, sequence) = (self.holder.instance.clone(), self.sequence());
            let receipt = Receipt { instance, sequence, digest, outcome, at: now };
            texts.push((fields::RECEIPT, receipt.sign(&self.holder.keys)));
        }
        if due {
            texts.push((fields::REPORT, self.report.sign(&self.holder.keys)));
        }
        if texts.is_empty() {
            return Ok(());
        }
        self.mailbox.patch(&texts)?;
        self.memory.sent_receipt = self.memory.receipt.clone();
        if due {
            self.memory.sent_report = Some(self.report.clone());
            self.report.health.missed = 0;
        }
        Ok(())
    }

    fn state(&self, name: &str) -> PathBuf {
        self.root.at(paths::STATE).join(name)
    }

    /// A full disk ends no round: what is in memory is served on, and the report tells.
    fn try_to_save(&mut self, path: &Path, bytes: &[u8], mode: u32) -> bool {
        let failed = self.save(path, bytes, mode).err();
        self.memory.unsaved = failed.or(self.memory.unsaved);
        failed.is_none()
    }

    fn save(&self, path: &Path, bytes: &[u8], mode: u32) -> Result<(), Trouble> {
        files::save(&*self.disk, path, bytes, mode).map_err(disk)
    }
}

fn disk(error: io::Error) -> Trouble {
    Trouble::Disk(error.kind())
}

/// The 64 random bytes in this file. If there is none, they are drawn now.
fn kept(disk: &dyn Disk, path: &Path) -> io::Result<Zeroizing<[u8; 64]>> {
    let mut bytes = Zeroizing::new([0; 64]);
    if let Some(there) = files::read(path, bytes.len())? {
        bytes.copy_from_slice(there.get(..64).ok_or(io::ErrorKind::InvalidData)?);
    } else {
        getrandom::fill(&mut *bytes).map_err(io::Error::other)?;
        files::save(disk, path, &*bytes, 0o600)?;
    }
    Ok(bytes)
}
