//! One pass: everything is read anew, opened, worked through and closed.
use std::sync::Arc;
use std::time::{Duration, Instant};

use ampere_core::lang::diagnostic::{Diagnostic, Diagnostics};
use ampere_core::lang::source::SourceMap;
use ampere_core::reconcile::{Desired, Guard, PassOptions, PassReport, Post, Reconciler};
use ampere_core::retention::Alarm;
use ampere_provider::messenger::{NoticeSettings, messenger};
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::approval;
use super::metrics::Figures;
use crate::args::{LockArgs, PlanningArgs, VariableArgs};
use crate::clouds::Clouds;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::operation::{Operation, Progress, Subject, engine_failure};
use crate::project::DataDirectory;
use crate::stack::Stack;
use crate::view::View;
use crate::world::{DirectoryHost, Phase};

/// For how long messages of a pass are begun.
const NOTICES: Duration = Duration::from_secs(30);

/// What a pass is asked for.
pub struct Asked {
    /// Whether the configuration is left aside.
    pub retention_only: bool,
    /// Departures that a person agrees to on this command line.
    pub approved: usize,
    /// Steps at the same time.
    pub parallelism: u16,
    /// Values for the configuration's variables.
    pub variables: VariableArgs,
    /// How the state is locked.
    pub lock: LockArgs,
    /// Stops it cleanly.
    pub cancel: CancellationToken,
}

/// What became of a pass.
pub struct Passed {
    /// What it found and did.
    pub report: PassReport,
    /// The same in figures.
    pub figures: Figures,
    /// All findings: of settings and configuration, then of the pass.
    pub findings: Diagnostics,
    /// The files that findings point into.
    pub sources: Arc<SourceMap>,
}

impl Passed {
    /// How a run ends that made this pass only.
    pub fn exit(&self) -> Exit {
        match (self.figures.succeeded && self.report.held.is_empty(), self.report.outcome.did_something()) {
            (true, _) => Exit::Success,
            (false, true) => Exit::Partial,
            (false, false) => Exit::Failure,
        }
    }
}

/// Makes a pass.
///
/// # Errors
/// The state or the settings of the clouds cannot be used: nothing was done. A configuration with faults is no failure; what
/// the promises ask for is done all the same.
pub async fn pass(view: &View<'_>, asked: &Asked) -> Result<Passed, Failure> {
    let begun = Instant::now();
    let Wanted { subject, is_sound, mut findings } = wanted(view, asked)?;
    let sources = subject.module.sources.clone();
    let post = post(&mut findings);
    // What is wrong with the configuration is told, whatever else fails.
    let told = |failure: Failure| Failure {
        findings: findings.iter().cloned().chain(failure.findings.iter().cloned()).collect(),
        sources: sources.clone(),
        exit: failure.exit,
    };
    let report = opened(view, asked, &subject, is_sound, post).await.map_err(told)?;
    findings.extend(report.findings.clone());
    let figures = figures(&report, &findings, begun.elapsed());
    Ok(Passed { report, figures, findings, sources })
}

/// What the configuration says, as far as it can be read.
struct Wanted {
    subject: Subject,
    is_sound: bool,
    findings: Diagnostics,
}

fn wanted(view: &View<'_>, asked: &Asked) -> Result<Wanted, Failure> {
    // Nobody is there to be asked for a variable.
    let planning = PlanningArgs::with(asked.variables.clone(), false);
    let read = match asked.retention_only {
        true => None,
        false => Some(Subject::read(view, &planning, false)),
    };
    let mut findings = Diagnostics::new();
    match read {
        Some(Ok(subject)) => {
            findings.extend(subject.findings.clone());
            return Ok(Wanted { subject, is_sound: true, findings });
        }
        Some(Err(failure)) => findings.extend(failure.findings),
        None => {}
    }
    let subject = Subject::promises(&planning)?;
    Ok(Wanted { subject, is_sound: false, findings })
}

/// Without a sound configuration the clouds must be known otherwise. An empty sandbox taken for them would say that everything
/// is gone.
fn known_clouds(subject: &Subject) -> Result<(), Failure> {
    let host = DirectoryHost::new(".", Phase::Plan(Timestamp::now()));
    if !Clouds::are_unknown(&subject.module, &subject.variables, &host, &DataDirectory::of_environment())? {
        return Ok(());
    }
    let detail = "Without the configuration nothing says which clouds are meant: give their endpoints and credentials in the \
                  environment, so that deletions go on whatever the configuration says.";
    Err(Failure::error("The clouds are not known", detail))
}

/// Who brings notices; settings that are wrong cost the notices, never the deletions.
fn post(findings: &mut Diagnostics) -> Option<Post> {
    let settings = NoticeSettings::of_environment(&|name| std::env::var(name).ok());
    let made = settings.and_then(|settings| {
        settings.map(|settings| Ok((messenger(&settings)?, settings.operator().map(str::to_owned)))).transpose()
    });
    match made {
        Ok(found) => found.map(|(messenger, operator)| Post { messenger, operator, patience: NOTICES }),
        Err(error) => {
            findings.push(Diagnostic::error("Notices cannot be sent", format!("{error}. Notices wait.")));
            None
        }
    }
}

async fn opened(
    view: &View<'_>,
    asked: &Asked,
    subject: &Subject,
    is_sound: bool,
    post: Option<Post>,
) -> Result<PassReport, Failure> {
    let stack = match is_sound {
        true => Stack::open(&subject.module).await?,
        false => {
            known_clouds(subject)?;
            Stack::recorded().await?
        }
    };
    let operation = Operation::open(view, stack, "reconcile", subject, Some(asked.lock.lock_timeout)).await?;
    let result = reconcile(view, asked, subject, is_sound, post, &operation).await;
    operation.close(result).await
}

async fn reconcile(
    view: &View<'_>,
    asked: &Asked,
    subject: &Subject,
    is_sound: bool,
    post: Option<Post>,
    operation: &Operation,
) -> Result<PassReport, Failure> {
    let witness = witness(subject, operation).await?;
    let approval = approval::of(&operation.snapshot, Timestamp::now());
    let progress = Progress::new(*view, 0);
    let lease = operation.lease.as_ref().ok_or_else(no_lock)?;
    let reconciler = Reconciler {
        engine: operation.engine.clone(),
        witness: witness.providers.clone(),
        guard: Guard::default(),
        post,
    };
    let options = PassOptions {
        desired: is_sound.then_some(Desired { module: &subject.module, variables: &subject.variables }),
        approved: asked.approved.max(approval),
        lock_wait: asked.lock.lock_timeout,
        parallelism: usize::from(asked.parallelism),
        cancel: asked.cancel.clone(),
        before_apply: &operation.applying(),
        events: &|event| progress.tell(&event),
    };
    let report = reconciler.pass_under(lease, &options).await;
    progress.finish();
    witness.close().await;
    let report = report.map_err(engine_failure)?;
    if approval > 0 && !report.plan.departures.is_empty() {
        approval::used(&operation.stack, lease).await?;
    }
    Ok(report)
}

fn no_lock() -> Failure {
    Failure::error("The state is not locked", "No pass is made without the lock on the state.")
}

/// Readers with connections of their own.
async fn witness(subject: &Subject, operation: &Operation) -> Result<Clouds, Failure> {
    if !Clouds::needed(&subject.module, &operation.snapshot) {
        return Ok(Clouds::none());
    }
    let host = DirectoryHost::new(".", Phase::Plan(Timestamp::now()));
    Clouds::connect(&subject.module, &subject.variables, &host, &DataDirectory::of_environment()).await
}

fn figures(report: &PassReport, findings: &Diagnostics, took: Duration) -> Figures {
    let now = Timestamp::now();
    let late = |alarm: Alarm| report.open.iter().filter(|tombstone| tombstone.alarm >= Some(alarm)).count();
    let overdue = Alarm::ALL.map(|alarm| (u32::try_from(alarm.after().as_hours()).unwrap_or(u32::MAX), late(alarm)));
    let held = report.open.iter().filter(|tombstone| !tombstone.is_begun()).count();
    Figures {
        succeeded: report.is_sound() && !findings.has_errors(),
        ended_at: now.as_millisecond() as f64 / 1000.0,
        duration: took.as_secs_f64(),
        accounts: report.accounts,
        begun: report.plan.departures.len(),
        held,
        open: report.open.len() - held,
        confirmed: report.confirmed.len(),
        oldest: report.oldest().map_or(0.0, |since| now.duration_since(since).as_secs_f64()),
        overdue: overdue.to_vec(),
        notices_waiting: report.posted.counts.waiting,
        notices_sent: report.posted.delivered.sent,
        notices_dropped: report.posted.delivered.dropped,
        foreign_actions: report.foreign.len(),
    }
}
