//! Operators: conversions, order, nulls.
use crate::kit::{prints, refuses};

#[test]
fn arithmetic_converts_text_and_comparison_does_not() {
    prints(&[
        ("\"1\" + 1", "2"),
        ("10 - 2 * 3 + 4 / 2", "6"),
        ("7.5 % 2", "1.5"),
        ("\"10\" > 9", "true"),
        ("1 == \"1\"", "false"),
        ("\"1\" == \"1.0\"", "false"),
        ("[1] == [1]", "true"),
        ("{ a = 1 } == { a = \"1\" }", "false"),
        ("null == null", "true"),
        ("var.nothing == null", "true"),
        ("0.1 + 0.2 == 0.3", "true"),
        ("1 / 3 * 3 == 1", "true"),
        ("!\"true\"", "false"),
        ("--1", "1"),
        ("1 / (1 / 0)", "0"),
    ]);
}

#[test]
fn operators_do_not_short_circuit() {
    refuses(&[
        ("false && null", "Operation failed", "argument must not be null"),
        ("true || null", "Operation failed", "argument must not be null"),
        ("-null", "Operation failed", "argument must not be null"),
        ("0 / 0", "Operation failed", "can't divide zero by zero"),
        ("1 / 0 - 1 / 0", "Operation failed", "can't subtract infinity from itself"),
    ]);
    prints(&[("false && var.flag", "(known after apply)"), ("true || var.flag", "(known after apply)")]);
}

#[test]
fn both_operands_are_blamed_at_once() {
    let (_, findings) = crate::kit::value("\"a\" + [1]");
    let details: Vec<&str> = findings.iter().map(|d| d.detail.as_str()).collect();
    assert_eq!(
        details,
        [
            "Unsuitable value for left operand: a number is required.",
            "Unsuitable value for right operand: number required."
        ]
    );
    let columns: Vec<u32> = findings.iter().filter_map(|d| d.subject).map(|s| s.start.column).collect();
    assert_eq!(columns, [1, 7]);
}
