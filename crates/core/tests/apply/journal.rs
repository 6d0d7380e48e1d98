//! The journal before the call, everything else in one transaction after it.
use ampere_core::audit::Outcome as How;
use ampere_core::store::{Mutation, StoreChange};

use crate::kit::{CUSTOMER, Fault, Stack};

#[tokio::test(start_paused = true)]
async fn started_is_in_the_state_before_each_call() {
    let stack = Stack::new(CUSTOMER);
    let store = stack.store.clone();
    stack.cloud.during(move |call| {
        let (operation, address) = call.split_once(' ').unwrap();
        let rows = store.rows();
        let open = rows.pending.iter().any(|p| p.address == address && p.operation == operation);
        assert!(open, "{call} was made and the state does not know: {:?}", rows.pending);
        let written = rows.objects.iter().any(|o| o.address == address);
        assert_eq!(written, operation == "delete", "the row of {address} at {call}");
    });
    stack.converge().await;
    assert_eq!(stack.cloud.calls().len(), 4);
    let mut stack = stack;
    stack.configure("");
    stack.converge().await;
    assert_eq!(stack.cloud.calls().len(), 8);
}

#[tokio::test(start_paused = true)]
async fn object_row_journal_end_and_log_entry_are_one_transaction() {
    let stack = Stack::new("resource \"cloud_account\" \"ada\" { email = \"ada@example.com\" }");
    stack.converge().await;
    let commits = stack.store.commits();
    assert_eq!(
        commits.iter().map(shape).collect::<Vec<_>>(),
        ["started key / create started", "object ended / create succeeded", "record / plan.applied succeeded"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_failure_whose_effect_is_known_ends_its_entry() {
    let stack = Stack::new("resource \"cloud_account\" \"ada\" { email = \"ada@example.com\" }");
    stack.cloud.fault("create cloud_account.ada", Fault::Refused(ampere_core::provider::ProviderErrorKind::Conflict));
    let outcome = stack.run().await;
    assert_eq!((outcome.failed, outcome.skipped), (1, 0));
    assert!(stack.store.rows().pending.is_empty());
    assert_eq!(shape(&stack.store.commits()[1]), "ended / create failed");
    stack.converge().await;
}

/// A half of it may be left, which says itself of nobody.
#[tokio::test(start_paused = true)]
async fn r2_the_state_says_for_whom_an_object_is_made_until_the_object_does() {
    let stack = Stack::new(CUSTOMER);
    stack
        .cloud
        .fault("create cloud_subscription.ada", Fault::Refused(ampere_core::provider::ProviderErrorKind::Invalid));
    assert!(stack.run().await.failed > 0);
    let engine = stack.engine();
    let made_for: Vec<_> = engine.snapshot().await.unwrap().made_for().collect();
    let (account, _) = stack.cloud.things().into_iter().find(|(id, _)| id.0.starts_with("cloud_account")).unwrap();
    let subscription = ampere_core::address::Address::new("cloud_subscription", "ada");
    assert_eq!(made_for, [(engine.vault.address_hash(&subscription), engine.owner(&account.0))]);
    stack.converge().await;
    assert_eq!(stack.engine().snapshot().await.unwrap().made_for().count(), 0);
}

/// `rows / action outcome`
fn shape(change: &StoreChange) -> String {
    let rows = change.mutations.iter().map(|mutation| match mutation {
        Mutation::PutObject(_) => "object",
        Mutation::DeleteObject { .. } => "no-object",
        Mutation::PutOutput(_) => "output",
        Mutation::DeleteOutput(_) => "no-output",
        Mutation::StepStarted(_) => "started",
        Mutation::StepEnded { .. } => "ended",
        Mutation::PutKey(_) => "key",
        Mutation::DeleteKey { .. } => "no-key",
        Mutation::PutRecord(_) => "record",
        Mutation::DeleteRecord { .. } => "no-record",
    });
    let event = change.event.as_ref().expect("every transaction is in the log");
    let outcome: How = event.outcome;
    format!("{} / {} {}", rows.collect::<Vec<_>>().join(" "), event.action, outcome.as_str())
}
