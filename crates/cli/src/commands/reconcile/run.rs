//! One pass, or one after the other.
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::health::Health;
use super::listener::{Answers, Listener};
use super::metrics::Metrics;
use super::pass::{Asked, pass};
use super::report;
use super::schedule::{Last, Schedule};
use super::webhook;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::signals::Interrupts;
use crate::view::View;

/// Makes one pass.
///
/// # Errors
/// The pass could not be made.
pub async fn once(view: &View<'_>, asked: Asked) -> Result<Exit, Failure> {
    let signals = Signals::listen(asked.cancel.clone())?;
    let passed = pass(view, &asked).await;
    signals.end();
    let passed = passed?;
    report::show(view, &passed);
    Ok(passed.exit())
}

/// Makes passes until it is interrupted. A pass that fails is reported, and the next one follows.
///
/// # Errors
/// The loop could not begin: the address to listen on cannot be had.
pub async fn forever(
    view: &View<'_>,
    asked: Asked,
    interval: Duration,
    listen: Option<SocketAddr>,
) -> Result<Exit, Failure> {
    let begun = Instant::now();
    let signals = Signals::listen(asked.cancel.clone())?;
    let metrics = Arc::new(Metrics::new());
    let health = Arc::new(Health::new(interval, begun));
    let wake = Arc::new(Notify::new());
    let listener = match listen {
        None => None,
        Some(address) => {
            let answers = Answers {
                metrics: metrics.clone(),
                health: health.clone(),
                wake: wake.clone(),
                verify: webhook::verifier(&|name| std::env::var(name).ok())?,
            };
            let started = Listener::start(address, answers, asked.cancel.clone()).await;
            let listener = started.map_err(|error| {
                Failure::error("Cannot listen", format!("{address} cannot be listened on: {error}."))
            })?;
            view.news(&format!("Listening on http://{}", listener.address));
            Some(listener)
        }
    };
    let schedule = Schedule { interval };
    while !asked.cancel.is_cancelled() {
        let began = begun.elapsed();
        one(view, &asked, &metrics, &health).await;
        wait(&schedule, Last { began, ended: begun.elapsed() }, begun, &wake, &asked.cancel).await;
    }
    if let Some(listener) = listener {
        listener.ended().await;
    }
    signals.end();
    view.news("Stopped. What is left the next pass finds.");
    Ok(Exit::Success)
}

/// One pass of the loop, and what is told of it.
async fn one(view: &View<'_>, asked: &Asked, metrics: &Metrics, health: &Health) {
    match pass(view, asked).await {
        Ok(passed) => {
            metrics.passed(&passed.figures);
            health.passed(report::trouble(&passed), Instant::now());
            report::show(view, &passed);
        }
        Err(failure) => {
            metrics.failed();
            let summary = failure.findings.iter().next().map(|finding| finding.summary.clone());
            health
                .passed(Some(summary.unwrap_or_else(|| "the last pass could not be made".to_owned())), Instant::now());
            view.failure(&failure);
        }
    }
}

/// Waits for the next pass: until its time has come, an event has brought it forward, or the loop is to end.
async fn wait(schedule: &Schedule, last: Last, begun: Instant, wake: &Notify, cancel: &CancellationToken) {
    let chance = chance();
    let mut next = schedule.regular(last, chance);
    loop {
        let pause = next.saturating_sub(begun.elapsed());
        tokio::select! {
            () = tokio::time::sleep(pause) => return,
            () = cancel.cancelled() => return,
            () = wake.notified() => next = next.min(schedule.after_event(last, begun.elapsed(), chance)),
        }
    }
}

/// A number from 0 to 1.
fn chance() -> f64 {
    let mut bytes = [0; 2];
    // Without chance the middle serves as well.
    match getrandom::fill(&mut bytes) {
        Ok(()) => f64::from(u16::from_be_bytes(bytes)) / f64::from(u16::MAX),
        Err(_) => 0.5,
    }
}

/// Ctrl-C and SIGTERM: the first lets running steps finish, the second leaves at once.
struct Signals(JoinHandle<()>);

impl Signals {
    fn listen(cancel: CancellationToken) -> Result<Signals, Failure> {
        let mut interrupts = Interrupts::listen()?;
        Ok(Signals(tokio::spawn(async move {
            for last in [false, true] {
                interrupts.next().await;
                if last {
                    std::process::exit(Exit::Partial as i32);
                }
                cancel.cancel();
            }
        })))
    }

    fn end(self) {
        self.0.abort();
    }
}
