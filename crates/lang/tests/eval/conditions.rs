//! Conditions with their messages.
use ampere_lang::config::Condition;
use ampere_lang::eval::{ConditionOutcome, check_condition};
use ampere_lang::source::{FileId, Span};
use ampere_lang::syntax::parse_expression;

use crate::kit::World;

fn check(condition: &str, message: &str) -> (ConditionOutcome, Vec<String>) {
    let parse = |text: &str| {
        let (expr, findings) = parse_expression(FileId(0), text);
        assert!(findings.is_empty(), "{text}: {findings:?}");
        expr
    };
    let condition = Condition { condition: parse(condition), error_message: parse(message), span: Span::BUILT };
    let world = World::default();
    let result = check_condition(&condition, &world, &world);
    (result.outcome, result.diagnostics.iter().map(|d| d.summary.clone()).collect())
}

#[test]
fn a_condition_passes_fails_or_waits() {
    assert_eq!(check("1 < 2", "\"no\""), (ConditionOutcome::Passed, vec![]));
    assert_eq!(check("\"true\"", "\"no\""), (ConditionOutcome::Passed, vec![]));
    let failed = |message: &str| ConditionOutcome::Failed { message: message.into() };
    assert_eq!(check("1 > 2", "\"one is ${1}. \""), (failed("one is 1."), vec![]));
    assert_eq!(check("var.secret == \"x\"", "\"wrong.\""), (failed("wrong."), vec![]));
    assert_eq!(check("var.flag", "\"no\""), (ConditionOutcome::Unknown, vec![]));
    assert_eq!(check("1 > 2", "var.text"), (failed("Failed to evaluate condition error message."), vec![]));
}

#[test]
fn a_message_does_not_show_what_is_marked() {
    let concealed = ConditionOutcome::Failed {
        message: "The error message included a sensitive value, so it will not be displayed.".into(),
    };
    let (outcome, findings) = check("false", "\"it is ${var.secret}\"");
    assert_eq!((&outcome, findings), (&concealed, vec!["Error message refers to sensitive values".to_owned()]));
    let (outcome, findings) = check("false", "\"it is ${var.fleeting}\"");
    assert_eq!((&outcome, findings), (&concealed, vec!["Error message refers to ephemeral values".to_owned()]));
    assert_eq!(check("true", "\"it is ${var.secret}\"").1, Vec::<String>::new());
}

#[test]
fn a_condition_may_itself_be_wrong() {
    for (condition, summary) in [
        ("null", "Invalid condition result"),
        ("[]", "Invalid condition result"),
        ("[][0]", "Invalid index"),
        ("var.nope", "Reference to undeclared thing"),
    ] {
        let (outcome, findings) = check(condition, "\"no\"");
        assert_eq!((outcome, findings), (ConditionOutcome::Invalid, vec![summary.to_owned()]), "{condition}");
    }
}
