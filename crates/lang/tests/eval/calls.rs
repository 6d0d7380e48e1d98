//! Function calls: arguments, expansion, `can` and `try`.
use crate::kit::{prints, refuses, shown};

#[test]
fn arguments_are_counted_and_expanded() {
    prints(&[("max([1, 5, 3]...)", "5"), ("upper(\"a\")", "\"A\""), ("core::upper(\"a\")", "\"A\"")]);
    refuses(&[
        ("upper()", "Not enough function arguments", "Missing value for \"str\"."),
        ("upper(\"a\", \"b\")", "Too many function arguments", "expects only 1 argument(s)"),
        ("upper([])", "Invalid function argument", "Invalid value for \"str\" parameter: string required."),
        ("upper(null)", "Invalid function argument", "argument must not be null"),
        ("max(null...)", "Invalid expanding argument value", "must not be null"),
        ("max(1...)", "Invalid expanding argument value", "tuple, list, or set"),
        ("uper(\"a\")", "Call to unknown function", "Did you mean \"upper\"?"),
        ("provider::aws::arn(\"a\")", "Unknown provider function", "not supported"),
    ]);
}

#[test]
fn an_argument_error_points_at_the_argument() {
    let (_, findings) = crate::kit::value("join(\",\", 5)");
    let at = findings.iter().next().and_then(|d| d.subject).expect("a place");
    assert_eq!(at.start.column, 11);
}

#[test]
fn try_takes_the_first_that_succeeds() {
    prints(&[
        ("try([][0], \"b\")", "\"b\""),
        ("try(var.text, \"b\")", "(known after apply)"),
        ("can([][0])", "false"),
        ("can(1)", "true"),
        ("can(var.text)", "(known after apply)"),
    ]);
    refuses(&[
        ("try([][0])", "Error in function call", "- Invalid index (at line 1, column 7)"),
        ("try()", "Error in function call", "at least one argument is required"),
        ("can()", "Not enough function arguments", "Missing value for \"expression\"."),
    ]);
}

#[test]
fn type_prints_types_at_the_console() {
    prints(&[
        ("type(1)", "number"),
        (
            "type([[1], { b = [] }])",
            "tuple([\n    tuple([\n        number,\n    ]),\n    object({\n        b: tuple([]),\n    }),\n])",
        ),
        ("type(tomap({ a = { n = 1 } }))", "map(\n    object({\n        n: number,\n    }),\n)"),
        ("type(null)", "dynamic"),
    ]);
    for text in ["[type(1)]", "type(1) == 1"] {
        assert!(shown(text).starts_with("Invalid use of type function"), "{text}");
    }
}
