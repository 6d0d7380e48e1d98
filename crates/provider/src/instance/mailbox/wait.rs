//! From a server that starts to a box that is sealed, and from a changed secret to one that is served.
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use ampere_bundle::mailbox::{BUNDLE, OFFERED, SEALED_AT};
use ampere_bundle::{BoxPublic, Header, Issuer, Outcome, seal};
use ampere_core::identity::Marker;
use ampere_core::provider::{Inquiry, ProviderError, ProviderErrorKind, Request, Status};
use ampere_lang::value::Value;
use jiff::Timestamp;
use secrecy::SecretString;

use super::contents::Wanted;
use super::document::{self, BOX_KEY, CONFIRMED, Mailbox, Offer, REFUSAL, id_of};
use super::state::{self, deadline};
use super::{probe, status, verdict};
use crate::attributes::{Attributes, text};
use crate::firebase::{Documents, Field, Firestore, Identity, Lists, Minter, Refusal};
use crate::hetzner::Hetzner;
use crate::http::after;
use crate::instance::model::Thing;

/// For messages.
const CLOUD: &str = "Firestore";
/// How long a bundle may be taken after it was sent.
const GOOD_FOR: Duration = Duration::from_secs(7 * 24 * 3600);
/// How long a step waits for a sealed box to take a bundle. (A box looks every half minute.)
const DELIVERY: Duration = Duration::from_secs(5 * 60);
/// The pause between two looks into a mailbox.
const PAUSE: Duration = Duration::from_secs(3);
/// The same, for services on this machine.
const NEAR: Duration = Duration::from_millis(50);
/// How often somebody may write at the same time as a mark that must not be lost.
const MOST_COLLISIONS: usize = 20;

/// Who opens mailboxes, fills them and waits for answers.
pub(crate) struct Postmaster {
    firestore: Arc<Firestore>,
    identity: Arc<Identity>,
    minter: Minter,
    agents: BTreeSet<String>,
    near: bool,
}

/// What a step does next about a mailbox.
enum Next {
    /// Looks again, after a pause: the box has the word.
    Wait(String),
    /// Looks again at once: something was written.
    Again,
    /// There is nothing left to do.
    Done,
}

/// One server, and what is wanted of it.
pub(crate) struct Errand<'a> {
    /// The cloud whose clock is waited by.
    pub cloud: &'a Hetzner,
    /// The server.
    pub server: &'a Thing,
    /// The step.
    pub request: &'a Request<'a>,
    /// The instance wanted.
    pub object: &'a Value,
}

impl Postmaster {
    /// Over Firestore and Identity Toolkit. Of `agents` (SHA-256 of their binaries; with none, any) a box must run one. `near` is for services on this machine, which may be asked often, and behind which
    /// no server stands that could be looked at from outside.
    pub fn new(
        firestore: Arc<Firestore>,
        identity: Arc<Identity>,
        minter: Minter,
        agents: BTreeSet<String>,
        near: bool,
    ) -> Postmaster {
        Postmaster { firestore, identity, minter, agents, near }
    }

    /// Whether there is a mailbox of a server.
    ///
    /// # Errors
    ///
    /// Firestore's.
    pub async fn is_open(&self, server: &str) -> Result<bool, ProviderError> {
        Ok(Mailbox::read(&self.firestore, &id_of(server)).await?.is_some())
    }

    /// Opens the mailbox of a server that is about to be made, and gives the token for it.
    ///
    /// # Errors
    ///
    /// Firestore's, or that of who signs the token.
    pub async fn open(&self, server: &str, marker: &Marker, now: Timestamp) -> Result<SecretString, ProviderError> {
        let id = id_of(server);
        document::open(&self.firestore, &id, marker, now).await?;
        self.minter.mint(&id, now).await
    }

    /// Brings a box to what is wanted: enrolled, served with its secrets and settings, sealed. Gives what is to be known of it.
    ///
    /// # Errors
    ///
    /// `Deferred` if the box does not answer in time, or the run is to stop: the next run goes on from there. `Forbidden` if it
    /// is not the box that it should be.
    pub async fn bring(&self, errand: &Errand<'_>) -> Result<Attributes, ProviderError> {
        let id = id_of(&errand.server.name);
        let wanted = Wanted::of(&self.firestore, errand.request, errand.object).await?;
        let versions = wanted.versions();
        let (print, mut wanted) = (wanted.print.clone(), Some(wanted));
        let (mut until, mut told) = (None, String::new());
        loop {
            let now = errand.cloud.now();
            let mailbox = match Mailbox::read(&self.firestore, &id).await? {
                Some(mailbox) => mailbox,
                None => {
                    // Somebody deleted it. The box still has its keys, and says them again.
                    document::open(&self.firestore, &id, errand.request.marker, now).await?;
                    continue;
                }
            };
            let until = *until.get_or_insert_with(|| match mailbox.sealed_at() {
                Some(_) => after(now, DELIVERY),
                None => deadline(&mailbox).unwrap_or(now).max(after(now, self.pause())),
            });
            let is_current = |offer: &Offer| offer.settings == print && offer.delivered == versions;
            let next = match self.keys(errand, &mailbox).await? {
                Err(next) => next,
                Ok(keys) => match mailbox.offer().filter(is_current) {
                    None => {
                        let contents = match wanted.take() {
                            Some(wanted) => wanted,
                            None => Wanted::of(&self.firestore, errand.request, errand.object).await?,
                        };
                        self.offer(errand, &mailbox, &keys, contents, now).await?
                    }
                    Some(offer) => self.received(errand, &mailbox, &keys, offer, now).await?,
                },
            };
            match next {
                Next::Done => return Ok(state::attributes(&mailbox, now)),
                Next::Again if errand.request.cancel.is_cancelled() => return Err(stopped("the box is being served")),
                Next::Again => {}
                Next::Wait(why) if now >= until => return Err(late(&mailbox, &why)),
                Next::Wait(why) => {
                    if told != why {
                        (errand.request.progress)(&format!("waiting: {why}"));
                        told.clone_from(&why);
                    }
                    tokio::select! {
                        () = errand.cloud.pause(self.pause()) => {}
                        () = errand.request.cancel.cancelled() => return Err(stopped(&why)),
                    }
                }
            }
        }
    }

    /// The box's keys, once they are known to be its own.
    async fn keys(&self, errand: &Errand<'_>, mailbox: &Mailbox) -> Result<Result<BoxPublic, Next>, ProviderError> {
        let enrolment = match mailbox.enrolment() {
            None => return Ok(Err(Next::Wait("the box has not enrolled yet".into()))),
            Some(Err(error)) => {
                return self.refuse(errand, mailbox, &format!("its enrolment is not valid: {error}")).await;
            }
            Some(Ok(enrolment)) => enrolment,
        };
        let print = enrolment.keys.fingerprint();
        // What the state remembers is beyond the reach of whoever can write to Firestore.
        let known = errand.request.before.and_then(|before| text(before, state::KEY)).or(mailbox.box_key());
        if known.is_some_and(|known| known != print) {
            return self
                .refuse(errand, mailbox, "another box holds the mailbox: its keys are not the ones known")
                .await;
        }
        let address = errand.server.body["public_net"]["ipv4"]["ip"].as_str();
        if enrolment.server != errand.server.id.to_string() || enrolment.ipv4.as_deref() != address {
            return self.refuse(errand, mailbox, "another server has enrolled in place of this one").await;
        }
        if mailbox.box_key() == Some(&print) {
            return Ok(Ok(enrolment.keys));
        }
        (errand.request.progress)("the box has enrolled");
        self.write(errand, mailbox, &[(BOX_KEY, Field::Text(print))]).await.map(Err)
    }

    /// Sends a bundle.
    async fn offer(
        &self,
        errand: &Errand<'_>,
        mailbox: &Mailbox,
        keys: &BoxPublic,
        wanted: Wanted,
        now: Timestamp,
    ) -> Result<Next, ProviderError> {
        let (settings, delivered, openclaw) = (wanted.print.clone(), wanted.versions(), wanted.openclaw().to_owned());
        let contents = wanted.open(errand.request)?;
        let last = mailbox.offer().map_or(0, |offer| offer.sequence);
        // By the clock, so that it rises also over a mailbox that was lost with its numbers.
        let sequence = u64::try_from(now.as_second()).unwrap_or(0).max(last + 1);
        let expires = after(now, GOOD_FOR).as_second();
        let header = Header { instance: mailbox.id().to_owned(), sequence, expires };
        let issuer = Issuer::from_seed(&errand.request.sealer.signing_seed());
        let text = seal(&contents, &header, keys, &issuer, &*entropy()?).map_err(|error| {
            ProviderError::new(CLOUD, ProviderErrorKind::Invalid, format!("the bundle cannot be sealed: {error}"))
        })?;
        let offer = Offer { sequence, digest: ampere_bundle::digest(&text), settings, openclaw, delivered };
        (errand.request.progress)("sending secrets and settings, sealed to the box");
        self.write(errand, mailbox, &[(BUNDLE, Field::Text(text)), (OFFERED, Field::Text(json(&offer)?))]).await
    }

    /// Waits for the receipt of a bundle, then for a box that is as it should be.
    async fn received(
        &self,
        errand: &Errand<'_>,
        mailbox: &Mailbox,
        keys: &BoxPublic,
        offer: Offer,
        now: Timestamp,
    ) -> Result<Next, ProviderError> {
        let receipt = mailbox.receipt(keys).filter(|receipt| receipt.digest == offer.digest);
        match receipt.map(|receipt| receipt.outcome) {
            None => return Ok(Next::Wait("the box has not taken its bundle yet".into())),
            Some(Outcome::Refused { why }) => {
                let message = format!("the box did not take its bundle, and keeps the one before: {why}");
                return Err(ProviderError::new(CLOUD, ProviderErrorKind::Invalid, message));
            }
            Some(Outcome::Applied) => {}
        }
        if mailbox.confirmed().as_ref() != Some(&offer) {
            return self.write(errand, mailbox, &[(CONFIRMED, Field::Text(json(&offer)?))]).await;
        }
        if mailbox.sealed_at().is_some() {
            return match mailbox.marker().as_ref() == Some(errand.request.marker) {
                true => Ok(Next::Done),
                // It was moved to another address.
                false => self.write(errand, mailbox, &[]).await,
            };
        }
        let Some(report) = mailbox.report(keys) else { return Ok(Next::Wait("the box has not reported yet".into())) };
        if let Some(complaint) = verdict::complaint(&report, &offer, &self.agents) {
            return Ok(Next::Wait(complaint));
        }
        let address = errand.server.body["public_net"]["ipv4"]["ip"].as_str().and_then(|ip| ip.parse::<IpAddr>().ok());
        if let Some(address) = address.filter(|_| !self.near) {
            let open = probe::open_ports(address).await;
            if !open.is_empty() {
                let ports: Vec<String> = open.iter().map(u16::to_string).collect();
                return Ok(Next::Wait(format!("ports answer from outside: {}", ports.join(", "))));
            }
        }
        (errand.request.progress)("the box is sealed: nobody can get in");
        self.write(errand, mailbox, &[(SEALED_AT, Field::Time(now))]).await
    }

    /// Remembers that a box is not the one that it should be, for the next plan to replace it.
    async fn refuse<T>(&self, errand: &Errand<'_>, mailbox: &Mailbox, why: &str) -> Result<T, ProviderError> {
        let mark = [(REFUSAL, Field::Text(why.to_owned()))];
        let mut written = mailbox.write(&self.firestore, errand.request.marker, &mark).await;
        // Whoever is refused may write as well, and would like the mark to be lost.
        for _ in 0..MOST_COLLISIONS {
            if !written.as_ref().is_err_and(is_collision) {
                break;
            }
            let Some(now) = Mailbox::read(&self.firestore, mailbox.id()).await? else { break };
            written = now.write(&self.firestore, errand.request.marker, &mark).await;
        }
        written.map_err(|refused| refused.error)?;
        Err(ProviderError::new(CLOUD, ProviderErrorKind::Forbidden, format!("the instance is refused: {why}"))
            .with_hint("Nothing was sent to it. The next plan replaces it; ask who else has the Hetzner Cloud token."))
    }

    async fn write(
        &self,
        errand: &Errand<'_>,
        mailbox: &Mailbox,
        fields: &[(&str, Field)],
    ) -> Result<Next, ProviderError> {
        match mailbox.write(&self.firestore, errand.request.marker, fields).await {
            Ok(()) => Ok(Next::Again),
            // The box wrote at the same time.
            Err(refused) if is_collision(&refused) => Ok(Next::Again),
            Err(refused) => Err(refused.error),
        }
    }

    /// Deletes what a server leaves at Firebase: the user of its box, and the mailbox.
    ///
    /// # Errors
    ///
    /// Firebase's.
    pub async fn close(&self, server: &str, marker: &Marker) -> Result<(), ProviderError> {
        let id = id_of(server);
        self.identity.delete(&id).await?;
        match Mailbox::read(&self.firestore, &id).await? {
            Some(mailbox) if mailbox.marker().is_some_and(|found| found.stack == marker.stack) => {
                mailbox.delete(&self.firestore).await
            }
            _ => Ok(()),
        }
    }

    /// All documents of a stack, mailboxes among them.
    ///
    /// # Errors
    ///
    /// Firestore's.
    pub async fn list(&self, inquiry: &Inquiry<'_>, lists: &Lists) -> Result<Arc<Documents>, ProviderError> {
        lists.documents(&self.firestore, inquiry).await
    }

    /// What is known of the box of a server.
    ///
    /// # Errors
    ///
    /// Firestore's.
    pub async fn look(&self, server: &str, now: Timestamp) -> Result<Attributes, ProviderError> {
        let mailbox = Mailbox::read(&self.firestore, &id_of(server)).await?;
        Ok(mailbox.map(|mailbox| state::attributes(&mailbox, now)).unwrap_or_default())
    }

    /// What the box of a server says of itself.
    ///
    /// # Errors
    ///
    /// Firestore's.
    pub async fn status(&self, server: &str, now: Timestamp) -> Result<Status, ProviderError> {
        let mailbox = Mailbox::read(&self.firestore, &id_of(server)).await?;
        Ok(mailbox.map_or_else(status::without_mailbox, |mailbox| status::of(&mailbox, now)))
    }

    fn pause(&self) -> Duration {
        if self.near { NEAR } else { PAUSE }
    }
}

/// Whether somebody else wrote at the same time.
fn is_collision(refused: &Refusal) -> bool {
    matches!(refused.code.as_str(), "FAILED_PRECONDITION" | "ABORTED")
}

fn json(offer: &Offer) -> Result<String, ProviderError> {
    serde_json::to_string(offer)
        .map_err(|_| ProviderError::new(CLOUD, ProviderErrorKind::Invalid, "what was sent cannot be written as JSON"))
}

fn entropy() -> Result<zeroize::Zeroizing<[u8; 32]>, ProviderError> {
    let mut bytes = zeroize::Zeroizing::new([0; 32]);
    getrandom::fill(bytes.as_mut())
        .map_err(|_| ProviderError::new(CLOUD, ProviderErrorKind::Unavailable, "no random bytes could be had"))?;
    Ok(bytes)
}

/// The box did not answer in time.
fn late(mailbox: &Mailbox, why: &str) -> ProviderError {
    match mailbox.sealed_at() {
        Some(_) => {
            let message = format!("{why}; what was sent waits in its mailbox, and the keys before it stay in force");
            ProviderError::new(CLOUD, ProviderErrorKind::Deferred, message)
        }
        None => {
            let message = format!("the instance was not sealed in time: {why}");
            ProviderError::new(CLOUD, ProviderErrorKind::Forbidden, message).with_hint("The next plan replaces it.")
        }
    }
}

/// The run is to stop.
fn stopped(why: &str) -> ProviderError {
    ProviderError::new(CLOUD, ProviderErrorKind::Deferred, format!("{why}; the next run goes on from there"))
}
