//! Passes of the loop that keeps the promises.
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ampere_core::engine::EngineError;
use ampere_core::notice::{Message, Messenger, MessengerError};
use ampere_core::provider::{ProviderErrorKind, Providers};
use ampere_core::reconcile::{Desired, Guard, PassOptions, PassReport, Post, Reconciler};
use ampere_core::retention::{Alarm, Tombstone};
use ampere_core::store::Store;
use ampere_lang::value::Value;

use crate::kit::{Cloud, Failure, Fault, Stack};

/// So many customers of whom nothing is protected.
fn customers(count: usize) -> String {
    format!(
        r#"
resource "cloud_account" "all" {{
  count = {count}
  email = "ada+${{count.index}}@example.com"
}}
resource "cloud_subscription" "all" {{
  count   = {count}
  account = cloud_account.all[count.index].id
}}
resource "cloud_secret" "all" {{
  count    = {count}
  account  = cloud_account.all[count.index].id
  value_wo = "sk-ant-EXAMPLE"
}}
"#
    )
}

struct Loop {
    stack: Stack,
    /// What the witness reads.
    witness: Arc<Cloud>,
    configured: bool,
    mail: Option<Arc<Mail>>,
}

/// A mail server: dead, or it notes recipient and subject.
#[derive(Default)]
struct Mail {
    dead: bool,
    taken: Mutex<Vec<(String, String)>>,
}

#[async_trait::async_trait]
impl Messenger for Mail {
    async fn send(&self, message: &Message) -> Result<(), MessengerError> {
        if self.dead {
            tokio::time::sleep(Duration::from_secs(3600)).await;
        }
        self.taken.lock().unwrap().push((message.to.clone(), message.subject.clone()));
        Ok(())
    }
}

impl Mail {
    fn subjects(&self) -> Vec<String> {
        self.taken.lock().unwrap().iter().map(|(_, subject)| subject.clone()).collect()
    }
}

impl Loop {
    async fn of(count: usize) -> Loop {
        let mut stack = Stack::new(&customers(count));
        stack.cloud = Arc::new(Cloud::of_households());
        stack.cloud.status("active");
        stack.converge().await;
        Loop { witness: stack.cloud.clone(), stack, configured: true, mail: None }
    }

    /// The contracts of the first ones end.
    fn end(&self, count: usize, at: &str) {
        self.end_more(0..count, at);
    }

    fn end_more(&self, which: std::ops::Range<usize>, at: &str) {
        for index in which {
            let address = format!("cloud_subscription.all[{index}]");
            let rows = self.stack.store.rows();
            let row = rows.objects.iter().find(|row| row.address == address).unwrap();
            self.stack.cloud.change(&(&*row.external_id).into(), "status", Value::string(at));
        }
    }

    async fn try_pass(&self, approved: usize) -> Result<PassReport, EngineError> {
        let reconciler = Reconciler {
            engine: self.stack.engine(),
            witness: Providers::new().with(self.witness.clone()),
            guard: Guard::default(),
            post: self.mail.clone().map(|mail| Post {
                messenger: mail,
                operator: Some("ops@example.com".into()),
                patience: Duration::from_secs(30),
            }),
        };
        let desired = Desired { module: &self.stack.module, variables: &self.stack.variables };
        let options = PassOptions {
            desired: self.configured.then_some(desired),
            approved,
            lock_wait: Duration::ZERO,
            parallelism: 4,
            cancel: self.stack.cancel.clone(),
            before_apply: &|_| {},
            events: &|_| {},
        };
        reconciler.pass(options).await
    }

    async fn pass(&self) -> PassReport {
        self.try_pass(0).await.unwrap()
    }

    async fn tombstones(&self) -> Vec<Tombstone> {
        self.stack.engine().snapshot().await.unwrap().tombstones.into_values().collect()
    }

    async fn logged(&self, action: &str) -> usize {
        let log = self.stack.store.audit_entries(1, u32::MAX).await.unwrap();
        log.iter().filter(|entry| entry.event.action == action).count()
    }
}

const MORNING: &str = "2026-11-22T11:00:00Z";

#[tokio::test(start_paused = true)]
async fn r2_deleted_is_what_two_readers_do_not_find_in_a_later_pass() {
    for configured in [true, false] {
        let mut lives = Loop::of(3).await;
        lives.configured = configured;
        lives.end(1, MORNING);
        let first = lives.pass().await;
        assert!(first.is_sound(), "{:?}", first.findings);
        assert_eq!((first.plan.departures.len(), first.outcome.done.destroyed, first.accounts), (1, 3, 3));
        assert!(first.confirmed.is_empty(), "the reader that deletes confirms nothing");
        assert_eq!(lives.stack.cloud.things().len(), 6);
        let second = lives.pass().await;
        assert_eq!((second.confirmed.len(), second.open.len(), second.outcome.done.destroyed), (1, 0, 0));
        let third = lives.pass().await;
        assert!(third.confirmed.is_empty(), "once");
        assert_eq!((lives.logged("erasure.begin").await, lives.logged("erasure.confirm").await), (1, 1));
        assert_eq!(lives.stack.cloud.things().len(), 6, "nothing came back");
    }
}

#[tokio::test(start_paused = true)]
async fn r2_what_the_witness_still_sees_is_not_gone() {
    let mut lives = Loop::of(2).await;
    let things = lives.stack.cloud.things();
    lives.end(1, MORNING);
    lives.witness = Arc::new(Cloud::of_households());
    for (id, thing) in things {
        lives.witness.plant(&id.0, thing);
    }
    lives.pass().await;
    let report = lives.pass().await;
    assert!(report.confirmed.is_empty());
    assert!(report.open[0].gone_at.is_some());
    lives.witness = lives.stack.cloud.clone();
    assert_eq!(lives.pass().await.confirmed.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn r2_a_broken_configuration_stops_no_deletion() {
    let mut lives = Loop::of(2).await;
    lives.end(1, MORNING);
    lives.stack.configure("resource \"cloud_account\" \"all\" { emial = 1 }");
    let report = lives.pass().await;
    assert!(report.retention_only && report.findings.has_errors());
    assert_eq!((report.outcome.done.destroyed, lives.stack.cloud.things().len()), (3, 3));
}

#[tokio::test(start_paused = true)]
async fn the_guard_holds_a_runaway_until_a_person_agrees() {
    let lives = Loop::of(8).await;
    lives.end(6, MORNING);
    let report = lives.pass().await;
    assert_eq!((report.held.len(), report.plan.departures.len(), report.outcome.done.destroyed), (6, 0, 0));
    assert_eq!((report.open.len(), lives.stack.cloud.things().len()), (6, 24));
    lives.stack.clock.pass(2);
    assert_eq!(lives.pass().await.alarms.len(), 6, "the clock of held ones runs");
    let report = lives.try_pass(1).await.unwrap();
    assert_eq!((report.held.len(), report.plan.departures.len()), (0, 6));
    assert_eq!(lives.stack.cloud.things().len(), 6);
    let since: Vec<_> = lives.tombstones().await.iter().map(|t| (t.since.to_string(), t.alarm)).collect();
    assert!(since.iter().all(|found| *found == (MORNING.to_owned(), Some(Alarm::Late))), "{since:?}");
    assert_eq!(lives.pass().await.confirmed.len(), 6);
}

#[tokio::test(start_paused = true)]
async fn the_guard_counts_what_began_within_the_hour() {
    let lives = Loop::of(10).await;
    lives.end(4, MORNING);
    assert_eq!(lives.pass().await.plan.departures.len(), 4);
    lives.end_more(4..6, MORNING);
    assert_eq!(lives.pass().await.held.len(), 2);
    lives.stack.clock.pass(1);
    assert_eq!(lives.pass().await.plan.departures.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_false_alarm_is_forgotten() {
    let lives = Loop::of(8).await;
    lives.end(6, MORNING);
    assert_eq!(lives.pass().await.held.len(), 6);
    lives.end(6, "active");
    let report = lives.pass().await;
    assert!(report.held.is_empty() && report.open.is_empty());
    assert_eq!((lives.tombstones().await.len(), lives.stack.cloud.things().len()), (0, 24));
}

#[tokio::test(start_paused = true)]
async fn alarms_come_at_2_12_and_20_hours_and_once_each() {
    let lives = Loop::of(1).await;
    lives.end(1, "2026-11-22T12:00:00Z");
    for _ in 0..100 {
        lives.stack.cloud.fault("delete cloud_secret.all[0]", Fault::Refused(ProviderErrorKind::Forbidden));
    }
    let mut raised = Vec::new();
    for hour in 0..23 {
        raised.extend(lives.pass().await.alarms.into_iter().map(|(_, alarm)| (hour, alarm)));
        lives.stack.clock.pass(1);
    }
    assert_eq!(raised, [(2, Alarm::Late), (12, Alarm::Half), (20, Alarm::Urgent)]);
}

#[tokio::test(start_paused = true)]
async fn r2_a_pass_that_cannot_write_any_more_is_finished_by_the_next() {
    for number in 0..30 {
        let lives = Loop::of(2).await;
        lives.end(1, MORNING);
        let asked = lives.stack.store.asked();
        lives.stack.store.fail(Failure::From(asked + number));
        let broken = lives.try_pass(0).await;
        let complete = broken.is_ok_and(|report| report.is_sound());
        lives.stack.store.fail(Failure::Never);
        for _ in 0..3 {
            lives.pass().await;
        }
        let tombstones = lives.tombstones().await;
        assert!(tombstones.iter().all(|t| t.confirmed_at.is_some()), "after commit {number}: {tombstones:?}");
        assert_eq!((tombstones.len(), lives.stack.cloud.things().len()), (1, 3), "after commit {number}");
        assert_eq!(tombstones[0].since.to_string(), MORNING);
        if complete {
            return;
        }
    }
    panic!("a pass takes more commits than were tried");
}

#[tokio::test(start_paused = true)]
async fn u4_who_leaves_is_told_so_and_told_again_when_all_is_gone() {
    let mut lives = Loop::of(3).await;
    let mail = Arc::new(Mail::default());
    lives.mail = Some(mail.clone());
    lives.end(1, MORNING);
    let first = lives.pass().await;
    assert!(first.is_sound(), "{:?}", first.findings);
    assert_eq!(mail.subjects(), ["Your OpenClaw hosting ends"]);
    assert_eq!(first.posted.counts.waiting, 1, "the word that all is gone waits");
    lives.pass().await;
    lives.pass().await;
    assert_eq!(mail.subjects(), ["Your OpenClaw hosting ends", "Your data has been deleted"]);
    assert!(mail.taken.lock().unwrap().iter().all(|(to, _)| to == "ada+0@example.com"));
    let records = format!("{:?}", lives.stack.store.rows().records);
    assert!(!records.contains("ada+0") && !records.contains("amp1."), "the address is forgotten");
}

#[tokio::test(start_paused = true)]
async fn r2_a_dead_mail_server_holds_up_no_deletion() {
    let mut lives = Loop::of(3).await;
    lives.mail = Some(Arc::new(Mail { dead: true, ..Mail::default() }));
    lives.end(1, MORNING);
    let begun = tokio::time::Instant::now();
    let first = lives.pass().await;
    assert_eq!(first.outcome.done.destroyed, 3);
    assert_eq!(lives.pass().await.confirmed.len(), 1);
    assert!(begun.elapsed() < Duration::from_secs(120), "{:?}", begun.elapsed());
    assert!(first.is_sound(), "what mail does is no fault of the pass: {:?}", first.findings);
}

#[tokio::test(start_paused = true)]
async fn the_operator_is_told_when_the_guard_holds() {
    let mut lives = Loop::of(8).await;
    let mail = Arc::new(Mail::default());
    lives.mail = Some(mail.clone());
    lives.end(8, MORNING);
    lives.pass().await;
    lives.pass().await;
    assert_eq!(mail.subjects(), ["[ampere] 8 deletions wait for a person"]);
}
