//! What a monitoring system reads of the loop: counts and times, nothing personal.
use std::sync::Mutex;
use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

type Seconds = Gauge<f64, AtomicU64>;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResultLabel {
    result: &'static str,
}

/// How late a departure is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LatenessLabel {
    hours: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StateLabel {
    state: &'static str,
}

/// What a pass found and did, for the metrics.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figures {
    /// Whether everything was listed and done.
    pub succeeded: bool,
    /// When it ended, seconds since 1970.
    pub ended_at: f64,
    /// How long it took, in seconds.
    pub duration: f64,
    /// Accounts there are.
    pub accounts: usize,
    /// Departures that began.
    pub begun: usize,
    /// Departures that the guard holds back.
    pub held: usize,
    /// Departures under way.
    pub open: usize,
    /// Departures confirmed.
    pub confirmed: usize,
    /// The age of the oldest departure under way or held back, in seconds.
    pub oldest: f64,
    /// Departures past each alarm: hours and how many.
    pub overdue: Vec<(u32, usize)>,
    /// Notices that wait.
    pub notices_waiting: usize,
    /// Notices sent.
    pub notices_sent: usize,
    /// Notices given up.
    pub notices_dropped: usize,
    /// Actions at the clouds that were not ours.
    pub foreign_actions: usize,
}

/// The metrics of a loop.
pub struct Metrics {
    registry: Registry,
    passes: Family<ResultLabel, Counter>,
    duration: Histogram,
    last_success: Seconds,
    accounts: Gauge,
    begun: Counter,
    confirmed: Counter,
    departures: Family<StateLabel, Gauge>,
    oldest: Seconds,
    overdue: Family<LatenessLabel, Gauge>,
    guard: Gauge,
    notices_waiting: Gauge,
    notices_ended: Family<StateLabel, Counter>,
    foreign_actions: Counter,
    events: Family<StateLabel, Counter>,
    writing: Mutex<()>,
}

/// Upper ends of the classes of durations, in seconds.
const DURATIONS: [f64; 9] = [0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0];

impl Metrics {
    /// All of them at their beginnings.
    pub fn new() -> Metrics {
        let mut registry = Registry::with_prefix("ampere");
        let duration = Histogram::new(DURATIONS);
        let metrics = Metrics {
            passes: Family::default(),
            duration: duration.clone(),
            last_success: Seconds::default(),
            accounts: Gauge::default(),
            begun: Counter::default(),
            confirmed: Counter::default(),
            departures: Family::default(),
            oldest: Seconds::default(),
            overdue: Family::default(),
            guard: Gauge::default(),
            notices_waiting: Gauge::default(),
            notices_ended: Family::default(),
            foreign_actions: Counter::default(),
            events: Family::default(),
            writing: Mutex::default(),
            registry: Registry::default(),
        };
        registry.register("reconcile_passes", "Passes, by how they ended", metrics.passes.clone());
        registry.register_with_unit("reconcile_duration", "How long passes take", Unit::Seconds, duration);
        registry.register_with_unit(
            "reconcile_last_success_timestamp",
            "When the last pass ended in which everything was listed and done",
            Unit::Seconds,
            metrics.last_success.clone(),
        );
        registry.register("accounts", "Accounts there are", metrics.accounts.clone());
        registry.register("departures_begun", "Departures that have begun", metrics.begun.clone());
        registry.register("departures_confirmed", "Departures of which nothing is left", metrics.confirmed.clone());
        registry.register("departures", "Departures under way, and held back", metrics.departures.clone());
        registry.register_with_unit(
            "departure_oldest",
            "Time since the oldest departure fell due; all must be over within 86400",
            Unit::Seconds,
            metrics.oldest.clone(),
        );
        registry.register(
            "departures_overdue",
            "Departures that are not over so many hours after they fell due",
            metrics.overdue.clone(),
        );
        registry.register(
            "deletion_guard_tripped",
            "1 while the deletion guard waits for a person (ampere reconcile -approve)",
            metrics.guard.clone(),
        );
        registry.register("notices_waiting", "Notices that wait", metrics.notices_waiting.clone());
        registry.register("notices_ended", "Notices sent and given up", metrics.notices_ended.clone());
        registry.register(
            "foreign_actions",
            "Actions at the clouds that Ampere did not take",
            metrics.foreign_actions.clone(),
        );
        registry.register("webhook_events", "Events received, by what became of them", metrics.events.clone());
        Metrics { registry, ..metrics }
    }

    /// Takes in what a pass found and did.
    pub fn passed(&self, figures: &Figures) {
        // A reader sees either none or all of a pass.
        let _whole = self.writing.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let result = if figures.succeeded { "success" } else { "failure" };
        self.passes.get_or_create(&ResultLabel { result }).inc();
        self.duration.observe(figures.duration);
        if figures.succeeded {
            self.last_success.set(figures.ended_at);
        }
        self.accounts.set(whole(figures.accounts));
        self.begun.inc_by(figures.begun as u64);
        self.confirmed.inc_by(figures.confirmed as u64);
        self.departures.get_or_create(&StateLabel { state: "open" }).set(whole(figures.open));
        self.departures.get_or_create(&StateLabel { state: "held" }).set(whole(figures.held));
        self.oldest.set(figures.oldest);
        for (hours, count) in &figures.overdue {
            self.overdue.get_or_create(&LatenessLabel { hours: *hours }).set(whole(*count));
        }
        self.guard.set(i64::from(figures.held > 0));
        self.notices_waiting.set(whole(figures.notices_waiting));
        self.notices_ended.get_or_create(&StateLabel { state: "sent" }).inc_by(figures.notices_sent as u64);
        self.notices_ended.get_or_create(&StateLabel { state: "dropped" }).inc_by(figures.notices_dropped as u64);
        self.foreign_actions.inc_by(figures.foreign_actions as u64);
    }

    /// Takes in a pass that could not be made at all (the state is locked, a setting is wrong).
    pub fn failed(&self) {
        self.passes.get_or_create(&ResultLabel { result: "failure" }).inc();
    }

    /// Takes in an event: `accepted`, `repeated`, `refused`.
    pub fn event(&self, state: &'static str) {
        self.events.get_or_create(&StateLabel { state }).inc();
    }

    /// All of them in the text format of OpenMetrics, which Prometheus reads.
    pub fn text(&self) -> String {
        let _whole = self.writing.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut text = String::new();
        // Writing to a text fails only if a metric's own encoding is wrong, which the test below would show.
        match encode(&mut text, &self.registry) {
            Ok(()) => text,
            Err(_) => "# EOF\n".to_owned(),
        }
    }
}

fn whole(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pass_is_told_in_figures() {
        let metrics = Metrics::new();
        let figures = Figures {
            succeeded: true,
            ended_at: 1_795_000_000.0,
            duration: 1.5,
            accounts: 40,
            begun: 2,
            held: 3,
            open: 2,
            oldest: 7200.0,
            overdue: vec![(2, 1), (12, 0), (20, 0)],
            notices_sent: 4,
            ..Figures::default()
        };
        metrics.passed(&figures);
        metrics.passed(&Figures { succeeded: false, overdue: vec![(2, 0)], ..figures });
        metrics.failed();
        let text = metrics.text();
        for line in [
            "ampere_reconcile_passes_total{result=\"success\"} 1",
            "ampere_reconcile_passes_total{result=\"failure\"} 2",
            "ampere_reconcile_last_success_timestamp_seconds 1795000000.0",
            "ampere_accounts 40",
            "ampere_departures_begun_total 4",
            "ampere_departures{state=\"held\"} 3",
            "ampere_departures_overdue{hours=\"2\"} 0",
            "ampere_deletion_guard_tripped 1",
            "ampere_notices_ended_total{state=\"sent\"} 8",
            "ampere_reconcile_duration_seconds_count 2",
        ] {
            assert!(text.contains(&format!("{line}\n")), "no {line} in\n{text}");
        }
        assert!(text.ends_with("# EOF\n"), "{text}");
    }
}
