//! `ampere notice send`
use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};

use ampere_core::notice::{Desk, NoticeError, Occasion, Recipient, service_update};
use ampere_core::plan;
use ampere_core::retention::Owner;
use ampere_core::snapshot::ObjectKey;
use ampere_core::store::Lease;
use clap::{ArgAction, Args};
use jiff::Timestamp;

use crate::args::LockArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::kinds;
use crate::operation::{address, check_initialized, confirm};
use crate::project::Configuration;
use crate::stack::{Loaded, Stack, rows_failure, store_failure};
use crate::terminal::Terminal;
use crate::view::View;
use crate::world::SystemClock;

/// The longest text of a notice, in bytes.
const LONGEST_TEXT: u64 = 32 * 1024;
/// The longest subject, in characters.
const LONGEST_SUBJECT: usize = 200;

/// Tell customers news of the service
///
/// Each account gets it once: the same subject and text are not sent twice, however often this is run. Accounts on their way
/// out get nothing.
#[derive(Args, Debug)]
pub struct SendArgs {
    /// The subject, one line
    #[arg(long, value_name = "TEXT")]
    subject: String,
    /// The text, UTF-8; - reads standard input
    #[arg(long, value_name = "FILE")]
    file: PathBuf,
    /// Only to this account. May be given more than once
    #[arg(long, value_name = "ADDRESS", action = ArgAction::Append)]
    target: Vec<String>,
    /// Do not ask
    #[arg(long, action = ArgAction::Set, value_name = "BOOL", default_value = "false")]
    auto_approve: bool,
    #[command(flatten)]
    lock: LockArgs,
}

/// Runs the command.
pub async fn run(args: &SendArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    let text = text(&args.file)?;
    let subject = args.subject.trim();
    if subject.is_empty() || subject.chars().count() > LONGEST_SUBJECT || subject.chars().any(char::is_control) {
        let detail = format!("A subject is one line of 1 to {LONGEST_SUBJECT} characters.");
        return Err(Failure::new(Exit::Usage, "Invalid subject", detail));
    }
    let module = Configuration::read(Path::new("."))?.module;
    check_initialized(&module)?;
    let Some(stack) = Stack::existing(&module).await? else {
        return Err(Failure::error("No state file was found!", "There is no state yet, and so nobody to be told."));
    };
    let lease = stack.lock("notice send", args.lock.lock_timeout).await?;
    let queued = queue(args, subject, &text, &stack, &lease, terminal).await;
    let unlocked = stack.unlock(lease).await;
    let exit = queued?;
    unlocked?;
    Ok(exit)
}

async fn queue(
    args: &SendArgs,
    subject: &str,
    text: &str,
    stack: &Stack,
    lease: &Lease,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let loaded = stack.load_locked(lease).await?;
    let occasions = occasions(args, subject, text, &loaded)?;
    let question = format!("Do you want to send this to {} accounts?", occasions.len());
    let view = View::human(terminal);
    if !args.auto_approve && !confirm(&view, &question, &format!("Subject: {subject}"))? {
        terminal.line("\nSend cancelled.");
        return Ok(Exit::Failure);
    }
    let actor = stack.settings.actor();
    let desk = Desk { store: &*stack.store, lease, vault: &loaded.vault, clock: &SystemClock, actor: &actor };
    let mut outbox = desk.outbox().await.map_err(notice_failure)?;
    let queued = desk.queue(&mut outbox, &occasions).await.map_err(notice_failure)?;
    terminal.line(match (queued, occasions.len() - queued) {
        (queued, 0) => format!("Queued for {queued} accounts. The next reconcile sends it."),
        (queued, known) => {
            format!("Queued for {queued} accounts; {known} have been told before. The next reconcile sends it.")
        }
    });
    Ok(Exit::Success)
}

fn occasions(args: &SendArgs, subject: &str, text: &str, loaded: &Loaded) -> Result<Vec<Occasion>, Failure> {
    let kinds = kinds::all();
    let owner = |uid: &str| plan::owner(&*loaded.vault, uid);
    let objects = loaded.snapshot.objects.iter().map(|(key, object)| (key.address.kind(), &object.attributes));
    let news = (subject, text);
    let mut occasions = service_update(&kinds, objects, &loaded.snapshot.tombstones, &owner, news, Timestamp::now());
    if !args.target.is_empty() {
        let meant = meant(args, loaded)?;
        occasions.retain(|occasion| matches!(&occasion.to, Recipient::Owner { owner, .. } if meant.contains(owner)));
    }
    Ok(occasions)
}

/// The owners of what the targets name.
fn meant(args: &SendArgs, loaded: &Loaded) -> Result<BTreeSet<Owner>, Failure> {
    let kinds = kinds::all();
    let mut meant = BTreeSet::new();
    for text in &args.target {
        let key = ObjectKey::current(address(text)?);
        let object = loaded.snapshot.objects.get(&key);
        let uid = object.and_then(|object| kinds.get(key.address.kind())?.owner(&object.attributes));
        let Some(uid) = uid else {
            let detail = format!("Nothing in the state that belongs to an account is called {text}.");
            return Err(Failure::error("No matching objects found", detail));
        };
        meant.insert(plan::owner(&*loaded.vault, uid));
    }
    Ok(meant)
}

fn text(file: &Path) -> Result<String, Failure> {
    let unusable = |what: String| Failure::error("Invalid text", format!("{}: {what}.", file.display()));
    let mut bytes = Vec::new();
    let read = if file.as_os_str() == "-" {
        std::io::stdin().take(LONGEST_TEXT + 1).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(file).and_then(|file| file.take(LONGEST_TEXT + 1).read_to_end(&mut bytes))
    };
    read.map_err(|error| unusable(error.to_string()))?;
    if bytes.len() as u64 > LONGEST_TEXT {
        return Err(unusable(format!("a notice has at most {LONGEST_TEXT} bytes")));
    }
    let text = String::from_utf8(bytes).map_err(|_| unusable("it is not UTF-8".into()))?;
    if text.trim().is_empty() { Err(unusable("it is empty".into())) } else { Ok(text) }
}

/// A failure of the outbox.
pub fn notice_failure(error: NoticeError) -> Failure {
    match error {
        NoticeError::Store(error) => store_failure(error),
        NoticeError::Rows(error) => rows_failure(&error),
        NoticeError::Seal(_) => Failure::error("The notices cannot be sealed", format!("{error}.")),
    }
}
