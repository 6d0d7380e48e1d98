//! What is said while a plan is applied.
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use ampere_core::address::Address;
use ampere_core::apply::{Event, EventKind, Work};
use ampere_core::plan::Action;
use ampere_core::render::json::ui;
use ampere_core::render::{Style, Text};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::Timestamp;

use crate::view::View;

/// Between two words about a step that takes long, as in Terraform.
const STILL: Duration = Duration::from_secs(10);

/// Tells people or programs about events, and remembers which steps are under way.
pub struct Progress<'a> {
    view: View<'a>,
    bar: Option<ProgressBar>,
    running: Mutex<BTreeMap<String, Running>>,
}

struct Running {
    last_word: Instant,
    work: Work,
    /// What was last heard of it; it is told when it is time for a word.
    news: Option<String>,
}

impl<'a> Progress<'a> {
    /// For that many steps; a bar is drawn on terminals only.
    pub fn new(view: View<'a>, steps: usize) -> Progress<'a> {
        let animate = !view.json && steps > 0 && view.terminal.can_animate();
        let bar = animate.then(|| {
            let bar = ProgressBar::with_draw_target(Some(steps as u64), ProgressDrawTarget::stderr());
            // The template is a constant; should it ever be wrong, the bar is drawn in its plain form.
            if let Ok(style) = ProgressStyle::with_template("{bar:30.green/dim} {pos}/{len} {elapsed}") {
                bar.set_style(style);
            }
            bar
        });
        Progress { view, bar, running: Mutex::default() }
    }

    /// Takes an event.
    pub fn tell(&self, event: &Event) {
        let shown = match event.kind {
            EventKind::Started => self.began(event),
            EventKind::Progress(_) => return self.go_on(event),
            EventKind::Succeeded | EventKind::Failed | EventKind::Deferred { .. } => self.ended(event),
            EventKind::Retrying { .. } => true,
        };
        if shown {
            self.show(event);
        }
    }

    fn show(&self, event: &Event) {
        if !is_told(event.work) {
            return;
        }
        let line = line(event);
        if self.view.json {
            self.message(event, &line);
        } else {
            self.write(event, &line);
        }
    }

    /// The steps that are under way, for who must leave now.
    pub fn unfinished(&self) -> Vec<String> {
        let running = self.running.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        running.iter().map(|(address, step)| format!("{address} ({})", gerund(step.work).to_lowercase())).collect()
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    fn began(&self, event: &Event) -> bool {
        let mut running = self.running.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        running.insert(event.address.to_string(), Running { last_word: Instant::now(), work: event.work, news: None });
        true
    }

    fn ended(&self, event: &Event) -> bool {
        let mut running = self.running.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        running.remove(&event.address.to_string());
        if let Some(bar) = &self.bar {
            bar.inc(1);
        }
        true
    }

    /// A step goes on: what is new about it is kept until it is time for a word.
    fn go_on(&self, event: &Event) {
        let mut running = self.running.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let Some(step) = running.get_mut(&event.address.to_string()) else { return };
        if let EventKind::Progress(Some(news)) = &event.kind {
            step.news = Some(news.clone());
        }
        if step.last_word.elapsed() < STILL {
            return;
        }
        step.last_word = Instant::now();
        let kind = EventKind::Progress(step.news.clone());
        drop(running);
        self.show(&Event { kind, ..event.clone() });
    }

    fn write(&self, event: &Event, line: &str) {
        let mut text = Text::new();
        let style = if event.kind == EventKind::Failed { Style::Alarm } else { Style::Strong };
        text.push(style, subject(event)).plain(line).newline();
        if let EventKind::Deferred { url: Some(url), .. } = &event.kind {
            text.plain("  → ").push(Style::Highlight, url).newline();
        }
        match &self.bar {
            Some(bar) => bar.suspend(|| self.view.text(&text)),
            None => self.view.text(&text),
        }
    }

    fn message(&self, event: &Event, line: &str) {
        let now = Timestamp::now();
        let text = format!("{}{line}", subject(event));
        let id = event.id.as_ref().map(|id| id.0.to_string());
        let hook = ui::Progress {
            address: &event.address,
            action: action(event.work),
            id: id.as_deref(),
            elapsed: event.elapsed.as_secs(),
        };
        self.view.message(&match &event.kind {
            EventKind::Started => hook.started(now, &text),
            EventKind::Progress(_) => hook.going_on(now, &text),
            EventKind::Succeeded => hook.completed(now, &text),
            EventKind::Failed => hook.failed(now, &text),
            EventKind::Retrying { .. } | EventKind::Deferred { .. } => ui::log(now, &text),
        });
    }
}

/// Steps that only write into the state are not worth a line.
fn is_told(work: Work) -> bool {
    !matches!(work, Work::Record | Work::Forget)
}

fn subject(event: &Event) -> String {
    let address: &Address = &event.address;
    match &event.deposed {
        Some(key) => format!("{address} (deposed object {key}): "),
        None => format!("{address}: "),
    }
}

fn line(event: &Event) -> String {
    let id = event.id.as_ref().map(|id| format!(" [id={id}]")).unwrap_or_default();
    let elapsed = spell(event.elapsed);
    let doing = gerund(event.work);
    match &event.kind {
        EventKind::Started if event.work == Work::Create => format!("{doing}..."),
        EventKind::Started => format!("{doing}...{id}"),
        EventKind::Progress(None) => format!("Still {}... [{elapsed} elapsed]", doing.to_lowercase()),
        EventKind::Progress(Some(news)) => format!("Still {}... [{elapsed} elapsed] {news}", doing.to_lowercase()),
        EventKind::Retrying { after, why } => format!("{} Trying again in {}.", sentence(why), spell(*after)),
        EventKind::Succeeded if event.work == Work::Delete => format!("{} complete after {elapsed}", noun(event.work)),
        EventKind::Succeeded => format!("{} complete after {elapsed}{id}", noun(event.work)),
        EventKind::Failed => format!("{} failed after {elapsed}", noun(event.work)),
        EventKind::Deferred { reason, .. } => format!("Put off: {}", sentence(reason)),
    }
}

fn sentence(text: &str) -> String {
    if text.ends_with('.') { text.to_owned() } else { format!("{text}.") }
}

fn spell(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if seconds < 60 { format!("{seconds}s") } else { format!("{}m{:02}s", seconds / 60, seconds % 60) }
}

fn action(work: Work) -> Action {
    match work {
        Work::Create => Action::Create,
        Work::Update => Action::Update,
        Work::Delete => Action::Delete,
        Work::Record => Action::NoOp,
        Work::Forget => Action::Forget,
    }
}

fn gerund(work: Work) -> &'static str {
    match work {
        Work::Create => "Creating",
        Work::Update => "Modifying",
        Work::Delete => "Destroying",
        Work::Record => "Recording",
        Work::Forget => "Forgetting",
    }
}

fn noun(work: Work) -> &'static str {
    match work {
        Work::Create => "Creation",
        Work::Update => "Modifications",
        Work::Delete => "Destruction",
        Work::Record => "Recording",
        Work::Forget => "Forgetting",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(work: Work, kind: EventKind) -> Event {
        let id = Some("i-1".into());
        Event {
            address: Address::new("ampere_account", "ada"),
            deposed: None,
            work,
            id,
            elapsed: Duration::from_secs(72),
            kind,
        }
    }

    #[test]
    fn lines_are_those_of_terraform() {
        assert_eq!(line(&event(Work::Create, EventKind::Started)), "Creating...");
        assert_eq!(line(&event(Work::Update, EventKind::Started)), "Modifying... [id=i-1]");
        assert_eq!(line(&event(Work::Create, EventKind::Progress(None))), "Still creating... [1m12s elapsed]");
        assert_eq!(line(&event(Work::Create, EventKind::Succeeded)), "Creation complete after 1m12s [id=i-1]");
        assert_eq!(line(&event(Work::Delete, EventKind::Succeeded)), "Destruction complete after 1m12s");
    }
}
