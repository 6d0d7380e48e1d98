//! What an apply costs: rows by change, commits by step, whatever the size of the stack.
use ampere_core::store::Mutation;

use crate::kit::Stack;

fn fleet(n: usize, size: &str) -> String {
    format!(
        "resource \"cloud_server\" \"s\" {{\n  count = {n}\n  location = \"fsn1\"\n  size = count.index == 0 ? \"{size}\" : \"cx23\"\n}}\n"
    )
}

#[tokio::test(start_paused = true)]
async fn one_change_writes_as_many_rows_in_a_large_stack_as_in_a_small_one() {
    let mut rows = Vec::new();
    for n in [1, 300] {
        let mut stack = Stack::new(&fleet(n, "cx23"));
        stack.converge().await;
        let before = stack.store.commits().len();
        stack.configure(&fleet(n, "cx33"));
        let outcome = stack.converge().await;
        assert_eq!((outcome.done.added, outcome.done.changed), (0, 1));
        let commits = stack.store.commits();
        rows.push(commits[before..].iter().map(|c| c.mutations.len()).collect::<Vec<_>>());
    }
    assert_eq!(rows[0], rows[1]);
    assert!(rows[0].iter().sum::<usize>() <= 4, "{rows:?}");
}

#[tokio::test(start_paused = true)]
async fn two_thousand_independent_steps_cost_two_thousand_times_one() {
    let mut stack = Stack::new(&fleet(2000, "cx23"));
    stack.parallelism = 50;
    let outcome = stack.run().await;
    assert!(outcome.is_complete(), "{outcome:?}");
    assert_eq!(outcome.done.added, 2000);
    assert_eq!(stack.cloud.calls().len(), 2000);
    assert_eq!(stack.cloud.most_at_once(), 50);
    let commits = stack.store.commits();
    assert_eq!(commits.len(), 2 * 2000 + 1);
    let rows: usize = commits.iter().map(|c| c.mutations.len()).sum();
    let keys = commits.iter().flat_map(|c| &c.mutations).filter(|m| matches!(m, Mutation::PutKey(_))).count();
    assert_eq!(keys, 1, "the stack's key, written once");
    assert_eq!(rows - keys, 3 * 2000 + 1, "started, object, ended; and when everything was listed");
}
