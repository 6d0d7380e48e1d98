//! Which calls are made again, and when.
use std::time::Duration;

use ampere_core::apply::EventKind;
use ampere_core::provider::ProviderErrorKind;
use tokio::time::Instant;

use crate::kit::{Fault, Stack};

const ACCOUNT: &str = "resource \"cloud_account\" \"ada\" { email = \"ada@example.com\" }";
const CREATE: &str = "create cloud_account.ada";

#[tokio::test(start_paused = true)]
async fn what_may_help_is_tried_again_and_told() {
    let stack = Stack::new(ACCOUNT);
    stack.cloud.fault(CREATE, Fault::Refused(ProviderErrorKind::Unavailable));
    stack.cloud.fault(CREATE, Fault::AnswerLost);
    stack.converge().await;
    assert_eq!(stack.cloud.calls(), [CREATE; 3]);
    assert_eq!(stack.cloud.things().len(), 1, "the repeated create took over what the lost one had made");
    let events = stack.events.lock().unwrap();
    let retries = events.iter().filter(|e| matches!(e.kind, EventKind::Retrying { .. })).count();
    assert_eq!(retries, 2);
}

#[tokio::test(start_paused = true)]
async fn what_is_wrong_is_tried_once() {
    for kind in [ProviderErrorKind::Invalid, ProviderErrorKind::Forbidden, ProviderErrorKind::Conflict] {
        let stack = Stack::new(ACCOUNT);
        stack.cloud.fault(CREATE, Fault::Refused(kind));
        let outcome = stack.run().await;
        assert_eq!(outcome.failed, 1);
        assert_eq!(stack.cloud.calls(), [CREATE]);
        let errors = Stack::errors(&outcome);
        assert_eq!(errors, ["cloud_account could not be created at Test Cloud: The cloud said no."]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_rate_limit_is_waited_for_as_long_as_the_cloud_says() {
    let stack = Stack::new(ACCOUNT);
    let retry_after = Some(Duration::from_secs(42));
    stack.cloud.fault(CREATE, Fault::Refused(ProviderErrorKind::RateLimited { retry_after }));
    let plan = stack.plan().await;
    let began = Instant::now();
    assert!(stack.apply(&plan).await.unwrap().is_complete());
    let took = began.elapsed();
    assert!(took >= Duration::from_secs(42) && took < Duration::from_secs(44), "{took:?}");
    assert_eq!(stack.cloud.calls().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_an_hour() {
    let stack = Stack::new(ACCOUNT);
    let retry_after = Some(Duration::from_secs(3600));
    stack.cloud.fault(CREATE, Fault::Refused(ProviderErrorKind::RateLimited { retry_after }));
    let began = Instant::now();
    assert_eq!(stack.run().await.failed, 1);
    assert!(began.elapsed() < Duration::from_secs(2));
    assert!(stack.store.rows().pending.is_empty(), "the call had no effect, and that is known");
}

#[tokio::test(start_paused = true)]
async fn a_cancellation_ends_the_waiting() {
    let stack = Stack::new(ACCOUNT);
    let retry_after = Some(Duration::from_secs(80));
    stack.cloud.fault(CREATE, Fault::Refused(ProviderErrorKind::RateLimited { retry_after }));
    let cancel = stack.cancel.clone();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(5)).await;
        cancel.cancel();
    });
    let began = Instant::now();
    let outcome = stack.run().await;
    assert_eq!(outcome.failed, 1);
    assert!(began.elapsed() < Duration::from_secs(6), "{:?}", began.elapsed());
}
