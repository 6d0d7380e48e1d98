//! A state that cannot be written and a process that is killed, at every point: the next run converges, with each object
//! once (nothing leaked, nothing made twice).
use ampere_core::plan::Mode;
use ampere_core::provider::ProviderErrorKind;
use ampere_core::vault::Sealer;

use crate::kit::{CUSTOMER, Failure, Fault, Stack, context};

const ALL: [&str; 4] = ["cloud_account", "cloud_secret", "cloud_server", "cloud_subscription"];
const CALLS: [&str; 4] =
    ["create cloud_account.ada", "create cloud_subscription.ada", "create cloud_secret.ada", "create cloud_server.ada"];

/// The secret at the cloud opens with the keys that the state has.
fn secret_opens(stack: &Stack) {
    let things = stack.cloud.things();
    let secret = things.values().find(|t| t.kind == "cloud_secret").unwrap();
    let account = secret.attributes.get("account").unwrap();
    let context = context(account.as_str().unwrap(), "cloud_secret.ada");
    let vault = stack.engine().vault;
    let opened = vault.open_sealed(&context, secret.sealed.as_ref().unwrap()).unwrap();
    assert_eq!(opened.expose(), "sk-ant-EXAMPLE-canary");
}

async fn commits_of_a_clean_run() -> usize {
    let stack = Stack::new(CUSTOMER);
    stack.converge().await;
    stack.store.asked()
}

#[tokio::test(start_paused = true)]
async fn a_commit_that_fails_loses_nothing_whichever_it_is() {
    let commits = commits_of_a_clean_run().await;
    assert_eq!(commits, 9, "two for each of four objects, and the last word");
    for n in 0..commits {
        for failure in [Failure::At(n), Failure::From(n)] {
            let stack = Stack::new(CUSTOMER);
            stack.store.fail(failure);
            let outcome = stack.run().await;
            assert!(!outcome.is_complete(), "commit {n} failed and nobody was told");
            stack.store.fail(Failure::Never);
            stack.converge().await;
            assert_eq!(stack.kinds_there(), ALL, "after commit {n}");
            assert_eq!(stack.store.rows().objects.len(), 4);
            assert_eq!(stack.store.rows().outputs.len(), 1, "after commit {n}");
            secret_opens(&stack);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_killed_in_a_call_is_finished_by_the_next() {
    for call in CALLS {
        for fault in [Fault::NoReturn, Fault::NeverSent] {
            let stack = Stack::new(CUSTOMER);
            stack.cloud.fault(call, fault);
            stack.run_until_killed().await;
            let address = call.split_once(' ').unwrap().1;
            assert_eq!(stack.store.rows().pending.iter().map(|p| &*p.address).collect::<Vec<_>>(), [address]);
            stack.converge().await;
            assert_eq!(stack.kinds_there(), ALL, "killed in {call}");
            secret_opens(&stack);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_killed_destruction_is_finished_by_the_next_run_and_leaves_no_key() {
    for call in CALLS.map(|call| call.replace("create", "delete")) {
        for fault in [Fault::NoReturn, Fault::NeverSent] {
            let mut stack = Stack::new(CUSTOMER);
            stack.converge().await;
            assert_eq!(stack.store.rows().keys.len(), 2, "the stack's and ada's");
            stack.options.mode = Mode::Destroy;
            stack.cloud.fault(&call, fault);
            stack.run_until_killed().await;
            stack.converge().await;
            let rows = stack.store.rows();
            assert!(stack.cloud.things().is_empty() && rows.objects.is_empty() && rows.outputs.is_empty());
            assert_eq!(rows.keys.len(), 1, "ada's key outlived her account, killed in {call}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_never_comes_leaves_the_entry_open_and_the_next_run_adopts() {
    let stack = Stack::new(CUSTOMER);
    stack.cloud.fault("create cloud_account.ada", Fault::AnswerLost);
    for _ in 0..5 {
        stack.cloud.fault("create cloud_account.ada", Fault::Refused(ProviderErrorKind::Unknown));
    }
    let outcome = stack.run().await;
    assert_eq!((outcome.failed, outcome.skipped), (1, 3));
    assert!(Stack::errors(&outcome)[0].contains("not known whether the call had its effect"));
    assert_eq!(stack.store.rows().pending.len(), 1);
    assert!(stack.store.rows().objects.is_empty());
    stack.converge().await;
    assert_eq!(stack.cloud.calls().iter().filter(|c| *c == "create cloud_account.ada").count(), 6, "adopted");
    assert_eq!(stack.kinds_there(), ALL);
}

#[tokio::test(start_paused = true)]
async fn what_was_made_and_is_no_longer_wanted_is_deleted_after_a_kill() {
    let mut stack = Stack::new(CUSTOMER);
    stack.cloud.fault("create cloud_server.ada", Fault::NoReturn);
    stack.run_until_killed().await;
    stack.configure("");
    stack.converge().await;
    assert!(stack.cloud.things().is_empty());
    assert_eq!(stack.store.rows().keys.len(), 1);
}
