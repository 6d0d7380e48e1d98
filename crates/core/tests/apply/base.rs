//! A plan is applied to the state it was made on, once.
use ampere_core::engine::EngineError;
use ampere_core::store::StoreError;

use crate::kit::{CUSTOMER, Stack};

#[tokio::test(start_paused = true)]
async fn a_plan_is_applied_once() {
    let stack = Stack::new(CUSTOMER);
    let plan = stack.plan().await;
    assert!(stack.apply(&plan).await.unwrap().is_complete());
    let (calls, commits) = (stack.cloud.calls(), stack.store.asked());
    let again = stack.apply(&plan).await.unwrap_err();
    assert!(matches!(again, EngineError::Store(StoreError::Stale { expected: 0, found: 9 })), "{again}");
    assert_eq!(stack.cloud.calls(), calls);
    assert_eq!(stack.store.asked(), commits);
}

#[tokio::test(start_paused = true)]
async fn a_plan_made_before_another_change_is_refused() {
    let mut stack = Stack::new("resource \"cloud_account\" \"ada\" { email = \"ada@example.com\" }");
    let old = stack.plan().await;
    stack.configure("resource \"cloud_account\" \"eve\" { email = \"eve@example.com\" }");
    stack.converge().await;
    let refused = stack.apply(&old).await.unwrap_err();
    assert!(matches!(refused, EngineError::Store(StoreError::Stale { expected: 0, .. })), "{refused}");
    assert_eq!(stack.cloud.calls(), ["create cloud_account.eve"]);
}

#[tokio::test(start_paused = true)]
async fn a_plan_with_errors_is_refused() {
    let stack = Stack::new("resource \"cloud_account\" \"ada\" {}");
    let engine = stack.engine();
    let snapshot = engine.snapshot().await.unwrap();
    let plan = engine.plan(&stack.module, &stack.variables, &snapshot, &stack.options).await;
    assert!(matches!(stack.apply(&plan).await.unwrap_err(), EngineError::PlanHasErrors));
    assert_eq!((stack.cloud.calls().len(), stack.store.asked()), (0, 0));
}
