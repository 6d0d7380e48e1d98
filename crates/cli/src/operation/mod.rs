//! What plan, apply, destroy and their kin have in common: everything is opened in one order, and closed whatever happens.
//!
//! Configuration → variables → settings, key and state → lock → clouds (the sandbox, if none is configured) → engine.
mod approval;
mod backend;
mod options;
mod progress;
mod run;
mod saved;
mod show;

pub use approval::{approve, confirm};
pub use backend::{check_initialized, record_initialized, recorded};
pub use options::{address, plan_options};
pub use progress::Progress;
pub use run::{Applied, apply};
pub use saved::{read_plan, save_plan, saved_subject};
pub use show::{outputs, show_plan, show_result};

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ampere_core::engine::{Engine, EngineError};
use ampere_core::lang::config::Module;
use ampere_core::lang::diagnostic::Diagnostics;
use ampere_core::plan::{Options, Plan};
use ampere_core::snapshot::Snapshot;
use ampere_core::store::Lease;
use jiff::Timestamp;

use crate::args::{LockArgs, PlanningArgs};
use crate::clouds::Clouds;
use crate::failure::Failure;
use crate::kinds;
use crate::project::{Configuration, Missing, VariableValues, variable_values};
use crate::stack::{Loaded, Stack, rows_failure, store_failure};
use crate::view::View;
use crate::world::{DirectoryHost, Phase, SystemClock, SystemRandom};

/// A configuration and the values of its variables: what an operation is about.
pub struct Subject {
    /// The decoded blocks.
    pub module: Module,
    /// Final values of its variables.
    pub variables: VariableValues,
    /// Warnings about both.
    pub findings: Diagnostics,
    /// The configuration's files: name and text.
    pub sources: Vec<(String, String)>,
}

impl Subject {
    /// Reads the current directory. `may_be_empty`: for operations that need no configuration.
    ///
    /// # Errors
    /// All findings about the configuration or its variables.
    pub fn read(view: &View<'_>, planning: &PlanningArgs, may_be_empty: bool) -> Result<Subject, Failure> {
        let configuration = Configuration::read(Path::new("."))?;
        let sources = configuration.texts();
        let (mut module, mut findings) =
            if may_be_empty { configuration.sound_or_empty()? } else { configuration.sound()? };
        check_initialized(&module)?;
        check_types(&module)?;
        let may_ask = planning.input && !view.json && input_enabled() && view.terminal.can_ask();
        let missing = if may_ask { Missing::Ask(view.terminal) } else { Missing::Refuse };
        let (variables, found) = variable_values(Path::new("."), &mut module, &planning.variables, missing)?;
        findings.extend(found);
        Ok(Subject { module, variables, findings, sources })
    }
}

impl Subject {
    /// What is needed to keep the promises when the configuration has faults or is left aside: where the state and the clouds
    /// are, as far as that can be read. No value of a variable is asked for.
    ///
    /// # Errors
    /// The directory cannot be read.
    pub fn promises(planning: &PlanningArgs) -> Result<Subject, Failure> {
        let configuration = Configuration::read(Path::new("."))?;
        let sources = configuration.texts();
        let mut module = configuration.module;
        let values = variable_values(Path::new("."), &mut module, &planning.variables, Missing::Leave);
        // A variable with a fault has no value; a provider block that needs it says so.
        let variables = values.map(|(values, _)| values).unwrap_or_default();
        Ok(Subject { module, variables, findings: Diagnostics::new(), sources })
    }
}

/// Types that nobody has are found before any cloud is asked.
fn check_types(module: &Module) -> Result<(), Failure> {
    let known = kinds::all();
    if module.resources.keys().all(|name| known.contains_key(&*name.resource_type)) {
        return Ok(());
    }
    let host = DirectoryHost::new(".", Phase::Validate);
    Err(Failure::findings(ampere_core::plan::validate(module, &known, &host), module.sources.clone()))
}

/// Everything an operation works with, opened.
pub struct Operation {
    /// State, key, settings.
    pub stack: Stack,
    /// The lock, unless `-lock=false` was given.
    pub lease: Option<Lease>,
    /// Plans and applies.
    pub engine: Engine,
    /// Providers and perhaps the sandbox.
    pub clouds: Clouds,
    /// What is remembered.
    pub snapshot: Snapshot,
    host: Arc<DirectoryHost>,
}

/// Whether `TF_INPUT` lets questions be asked.
pub fn input_enabled() -> bool {
    !std::env::var("TF_INPUT").is_ok_and(|value| value == "0" || value.eq_ignore_ascii_case("false"))
}

/// How long to wait for the lock; none: it is not taken.
pub fn lock_wait(args: &LockArgs) -> Option<Duration> {
    args.lock.then_some(args.lock_timeout)
}

impl Operation {
    /// Opens everything. `name` is what the lock's holder is said to do.
    ///
    /// # Errors
    /// Whatever cannot be opened; what was opened before is closed again.
    pub async fn open(
        view: &View<'_>,
        stack: Stack,
        name: &str,
        subject: &Subject,
        wait: Option<Duration>,
    ) -> Result<Operation, Failure> {
        if stack.key_made {
            let line = format!(
                "A new root key was made: {}. Keep a copy; without it the state cannot be read.",
                stack.data.key_path().display()
            );
            view.aside(&line);
        }
        let lease = match wait {
            Some(wait) => Some(stack.lock(name, wait).await?),
            None => None,
        };
        match Self::connect(&stack, subject, lease.as_ref()).await {
            Ok((engine, clouds, snapshot, host)) => Ok(Operation { stack, lease, engine, clouds, snapshot, host }),
            Err(failure) => {
                if let Some(lease) = lease {
                    stack.unlock(lease).await?;
                }
                Err(failure)
            }
        }
    }

    async fn connect(
        stack: &Stack,
        subject: &Subject,
        lease: Option<&Lease>,
    ) -> Result<(Engine, Clouds, Snapshot, Arc<DirectoryHost>), Failure> {
        let Loaded { vault, mut snapshot } = match lease {
            Some(lease) => stack.load_locked(lease).await?,
            None => stack.load().await?,
        };
        if let Some(lease) = lease {
            snapshot.serial = stack.settle(&vault, lease).await?.unwrap_or(snapshot.serial);
        }
        let host = Arc::new(DirectoryHost::new(".", Phase::Plan(Timestamp::now())));
        let clouds = if Clouds::needed(&subject.module, &snapshot) {
            Clouds::connect(&subject.module, &subject.variables, &host, &stack.data).await?
        } else {
            Clouds::none()
        };
        let engine = Engine {
            providers: clouds.providers.clone(),
            store: stack.store.clone(),
            vault,
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
            host: host.clone(),
            actor: stack.settings.actor(),
        };
        Ok((engine, clouds, snapshot, host))
    }

    /// Plans.
    pub async fn plan(&self, subject: &Subject, options: &Options) -> Plan {
        self.engine.plan(&subject.module, &subject.variables, &self.snapshot, options).await
    }

    /// Told a plan, lets functions answer from then on as they do while it is applied.
    pub fn applying(&self) -> impl Fn(&Plan) + Sync + 'static {
        let host = self.host.clone();
        move |plan| host.enter(Phase::Apply(plan.made_at))
    }

    /// From now on functions answer as they do while a plan of that time is applied.
    pub fn begin_applying(&self, plan: &Plan) {
        self.host.enter(Phase::Apply(plan.made_at));
    }

    /// Gives the lock back and ends the sandbox, then hands on how the work ended.
    ///
    /// # Errors
    /// That of the work; else that of closing.
    pub async fn close<T>(self, result: Result<T, Failure>) -> Result<T, Failure> {
        self.clouds.close().await;
        let unlocked = match self.lease {
            Some(lease) => self.stack.unlock(lease).await,
            None => Ok(()),
        };
        result.and_then(|value| unlocked.map(|()| value))
    }
}

/// A failure of the engine.
pub fn engine_failure(error: EngineError) -> Failure {
    match error {
        EngineError::Store(error) => store_failure(error),
        EngineError::Rows(error) => rows_failure(&error),
        EngineError::Random(error) => Failure::error("No random bytes", format!("{error}.")),
        error @ EngineError::PlanHasErrors => Failure::error("The plan cannot be applied", format!("{error}.")),
    }
}
