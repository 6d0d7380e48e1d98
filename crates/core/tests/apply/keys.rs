//! Keys of accounts: in the state before anything sealed under them is sent, gone with the account.
use ampere_core::plan::Mode;
use ampere_core::store::Mutation;

use crate::kit::{CUSTOMER, Stack};

#[tokio::test(start_paused = true)]
async fn the_key_of_a_secret_is_in_the_state_before_the_secret_is_sent() {
    let stack = Stack::new(CUSTOMER);
    let (store, vault) = (stack.store.clone(), stack.engine().vault);
    let held = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let seen = held.clone();
    stack.cloud.during(move |call| {
        let id = vault.key_id("cloud_account-1");
        let there = store.rows().keys.iter().any(|key| key.id == id);
        seen.lock().unwrap().push((call.to_owned(), there));
    });
    stack.converge().await;
    let held = held.lock().unwrap();
    assert!(held.contains(&("create cloud_account.ada".into(), false)));
    assert!(held.contains(&("create cloud_secret.ada".into(), true)), "{held:?}");
}

#[tokio::test(start_paused = true)]
async fn the_key_of_an_account_goes_with_it_in_the_transaction_that_forgets_it() {
    let mut stack = Stack::new(CUSTOMER);
    stack.converge().await;
    let vault = stack.engine().vault;
    let id = vault.key_id("cloud_account-1");
    assert!(stack.store.rows().keys.iter().any(|key| key.id == id));
    stack.options.mode = Mode::Destroy;
    stack.converge().await;
    assert!(stack.store.rows().keys.iter().all(|key| key.id != id));
    let commits = stack.store.commits();
    let last = commits
        .iter()
        .find(|change| change.mutations.iter().any(|m| matches!(m, Mutation::DeleteKey { id: gone } if *gone == id)));
    let rows = &last.unwrap().mutations;
    assert!(rows.iter().any(|m| matches!(m, Mutation::DeleteObject { address, .. } if address == "cloud_account.ada")));
}

#[tokio::test(start_paused = true)]
async fn an_account_that_is_only_let_go_keeps_its_key() {
    let mut stack = Stack::new(CUSTOMER);
    stack.converge().await;
    stack.configure(
        "removed {\n  from = cloud_account.ada\n  lifecycle { destroy = false }\n}\n\
         removed {\n  from = cloud_secret.ada\n  lifecycle { destroy = false }\n}",
    );
    let outcome = stack.run().await;
    assert!(outcome.is_complete(), "{outcome:?}");
    assert_eq!(outcome.done.forgotten, 2);
    assert_eq!(stack.store.rows().keys.len(), 2);
}
