//! Runs cases on backends, and prints which ran where.
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::{Backend, Stage, World};

/// How many cases run at once.
const AT_ONCE: usize = 4;

/// How long a case may take.
const PATIENCE: Duration = Duration::from_secs(180);

/// One case of a kind's conformance suite.
#[derive(Clone, Copy)]
pub struct Case {
    /// The kind.
    pub kind: &'static str,
    /// What holds.
    pub name: &'static str,
    /// Where it runs.
    pub on: &'static [Backend],
    /// Shows that it holds.
    pub run: fn(World) -> Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl Case {
    /// What its stack and its email addresses come from.
    pub fn id(&self, backend: Backend) -> String {
        format!("{} {} {}", backend.name(), self.kind, self.name)
    }
}

/// A row of the table: how a case ended, by backend.
#[derive(Clone, Debug)]
pub struct Row {
    /// Whether it is one of `tests/live`.
    pub live: bool,
    /// The kind.
    pub kind: &'static str,
    /// The case.
    pub name: &'static str,
    /// Its outcomes; a backend that is not here does not run it.
    pub outcomes: BTreeMap<Backend, Outcome>,
}

/// How a case ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It holds.
    Passed,
    /// It does not, or took too long.
    Failed(String),
    /// The backend is not there.
    LeftOut,
}

/// All outcomes.
#[derive(Debug)]
pub struct Matrix {
    backends: &'static [Backend],
    rows: Vec<Row>,
}

impl Matrix {
    /// Runs the cases whose name or kind holds `filter`, each on those of these backends that it names.
    pub async fn run(stage: &Stage, backends: &'static [Backend], cases: &[Case], filter: &str) -> Matrix {
        let permits = Arc::new(Semaphore::new(AT_ONCE));
        let mut rows = Vec::new();
        let mut running = Vec::new();
        for case in cases.iter().filter(|case| case.name.contains(filter) || case.kind.contains(filter)) {
            if !case.on.iter().any(|backend| backends.contains(backend)) {
                continue;
            }
            let live = case.on.contains(&Backend::Live);
            rows.push(Row { live, kind: case.kind, name: case.name, outcomes: BTreeMap::new() });
            for backend in case.on.iter().filter(|backend| backends.contains(backend)) {
                let Some(bases) = stage.bases(*backend) else {
                    running.push((rows.len() - 1, *backend, None));
                    continue;
                };
                let (case, backend, bases, permits) = (*case, *backend, bases.clone(), permits.clone());
                let work = async move {
                    let _permit = permits.acquire_owned().await.expect("open");
                    let world = World::new(backend, &bases, &case.id(backend)).await;
                    tokio::time::timeout(PATIENCE, (case.run)(world)).await
                };
                running.push((rows.len() - 1, backend, Some(tokio::spawn(work))));
            }
        }
        for (row, backend, work) in running {
            let outcome = match work {
                None => Outcome::LeftOut,
                Some(work) => match work.await {
                    Ok(Ok(())) => Outcome::Passed,
                    Ok(Err(_)) => Outcome::Failed("it took too long".to_owned()),
                    Err(failed) => Outcome::Failed(said(&*failed.into_panic())),
                },
            };
            rows[row].outcomes.insert(backend, outcome);
        }
        Matrix { backends, rows }
    }

    /// How many passed and failed.
    pub fn counts(&self) -> (usize, usize) {
        let all = || self.rows.iter().flat_map(|row| row.outcomes.values());
        let failed = all().filter(|outcome| matches!(outcome, Outcome::Failed(_))).count();
        (all().filter(|outcome| **outcome == Outcome::Passed).count(), failed)
    }

    /// The table, and below it what failed.
    pub fn print(&self, out: &mut impl std::io::Write) -> std::io::Result<()> {
        let width = self.rows.iter().map(|row| row.name.chars().count()).max().unwrap_or(0);
        let mut kind = "";
        for row in &self.rows {
            if row.kind != kind {
                kind = row.kind;
                let mut head = format!("\n{kind:width$}");
                for backend in self.backends {
                    let _infallible = write!(head, "  {}", backend.name());
                }
                writeln!(out, "{head}")?;
            }
            let mut line = format!("{:width$}", row.name);
            for backend in self.backends {
                let cell = match row.outcomes.get(backend) {
                    Some(Outcome::Passed) => "ok",
                    Some(Outcome::Failed(_)) => "FAILED",
                    Some(Outcome::LeftOut) => "left out",
                    None => "–",
                };
                let _infallible = write!(line, "  {cell:w$}", w = backend.name().len());
            }
            let mark = match (row.outcomes.keys().eq([&Backend::Sandbox]), row.live) {
                (true, true) => "  (on our sandbox alone, and live)",
                (true, false) => "  (on our sandbox alone)",
                _ => "",
            };
            writeln!(out, "{}{mark}", line.trim_end())?;
        }
        for row in &self.rows {
            for (backend, outcome) in &row.outcomes {
                if let Outcome::Failed(why) = outcome {
                    writeln!(out, "\nFAILED: {}, {} on {}:\n  {}", row.kind, row.name, backend.name(), why)?;
                }
            }
        }
        out.flush()
    }
}

fn said(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it panicked").to_owned()
}
