//! What is nested or repeated a lot.
use crate::kit::value;

#[test]
fn a_failing_chain_of_splats_is_evaluated_once_per_level() {
    // Twice per level would be 2^60 evaluations.
    let (_, findings) = value(&format!("var.users{}.nope", "[*]".repeat(60)));
    assert!(findings.iter().any(|d| d.summary == "Unsupported attribute"), "{findings:?}");
}

#[test]
fn loops_in_loops_keep_their_own_names() {
    let (v, findings) = value(&format!("{}x{}", "[for x in [1] : ".repeat(60), "]".repeat(60)));
    assert!(findings.is_empty(), "{findings:?}");
    assert!(v.is_wholly_known());
}
