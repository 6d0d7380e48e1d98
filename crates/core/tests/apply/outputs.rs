//! Root outputs: written once, at the end, and only what is known.
use ampere_core::provider::ProviderErrorKind;
use ampere_core::store::Mutation;

use crate::kit::{Fault, Stack};

fn server(location: &str) -> String {
    format!(
        r#"
        resource "cloud_server" "a" {{ location = "{location}" }}
        output "ip" {{ value = cloud_server.a.ipv4 }}
        output "id" {{ value = cloud_server.a.id }}
        output "location" {{ value = "{location}" }}
        "#
    )
}

async fn value(stack: &Stack, name: &str) -> String {
    let snapshot = stack.engine().snapshot().await.unwrap();
    snapshot.outputs[name].value.as_str().unwrap().to_owned()
}

#[tokio::test(start_paused = true)]
async fn outputs_are_written_in_one_transaction_at_the_end() {
    let stack = Stack::new(&server("fsn1"));
    stack.converge().await;
    assert_eq!(value(&stack, "ip").await, "made-ipv4");
    let commits = stack.store.commits();
    let put = |n: usize| commits[n].mutations.iter().filter(|m| matches!(m, Mutation::PutOutput(_))).count();
    assert_eq!((0..commits.len()).map(put).collect::<Vec<_>>(), [0, 0, 3]);
}

#[tokio::test(start_paused = true)]
async fn an_output_that_stays_unknown_keeps_its_old_value() {
    let mut stack = Stack::new(&server("fsn1"));
    stack.converge().await;
    assert_eq!(value(&stack, "id").await, "cloud_server-1");
    stack.configure(&server("nbg1"));
    stack.cloud.fault("create cloud_server.a", Fault::Refused(ProviderErrorKind::Invalid));
    let outcome = stack.run().await;
    assert_eq!((outcome.done.destroyed, outcome.failed), (1, 1));
    assert_eq!(value(&stack, "id").await, "cloud_server-1");
    assert_eq!(value(&stack, "location").await, "nbg1");
    stack.converge().await;
    assert_eq!(value(&stack, "id").await, "cloud_server-2");
}

#[tokio::test(start_paused = true)]
async fn an_output_that_is_no_longer_declared_goes() {
    let mut stack = Stack::new(&server("fsn1"));
    stack.converge().await;
    stack.configure("resource \"cloud_server\" \"a\" { location = \"fsn1\" }");
    stack.converge().await;
    assert!(stack.store.rows().outputs.is_empty());
}
