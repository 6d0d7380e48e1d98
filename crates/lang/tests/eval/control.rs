//! Conditionals, `for` and splats.
use crate::kit::{prints, refuses};

#[test]
fn branches_come_to_one_type() {
    prints(&[
        ("true ? [1, \"a\"] : [1]", "tolist([\n  \"1\",\n  \"a\",\n])"),
        ("true ? { a = 1 } : { b = 2 }", "tomap({\n  \"a\" = 1\n})"),
        ("false ? [1] : null", "null /* tuple */"),
        ("true ? 1 : \"a\"", "\"1\""),
        ("true ? 1 : [][0]", "1"),
        ("true ? tolist([1]) : toset([2])", "tolist([\n  1,\n])"),
    ]);
    refuses(&[
        (
            "true ? [1] : {}",
            "Inconsistent conditional result types",
            "The 'true' value is tuple, but the 'false' value is object.",
        ),
        ("true ? [][0] : 1", "Invalid index", "the collection has no elements"),
        ("null ? 1 : 2", "Null condition", "Conditions must either be true or false"),
        ("\"x\" ? 1 : 2", "Incorrect condition type", "must be of type bool"),
    ]);
}

#[test]
fn for_goes_through_every_kind_of_collection() {
    prints(&[
        ("[for i, v in [\"a\", \"b\"] : \"${i}${v}\"]", "[\n  \"0a\",\n  \"1b\",\n]"),
        ("{ for k, v in { b = 2, a = 1 } : v => k }", "{\n  \"1\" = \"a\"\n  \"2\" = \"b\"\n}"),
        ("[for x in toset([\"b\", \"a\"]) : x]", "[\n  \"a\",\n  \"b\",\n]"),
        ("[for x in [1, 2, 3] : x if x > 1 && x < 3]", "[\n  2,\n]"),
        ("{ for x in [\"a\", \"a\"] : x => 1... }", "{\n  \"a\" = [\n    1,\n    1,\n  ]\n}"),
        ("[for x in [1, 2] : [for y in [x] : x + y]]", "[\n  [\n    2,\n  ],\n  [\n    4,\n  ],\n]"),
    ]);
    refuses(&[
        ("[for x in null : x]", "Iteration over null value", "cannot be used as the collection"),
        ("[for x in 5 : x]", "Iteration over non-iterable value", "type number"),
        ("{ for x in [\"a\", \"a\"] : x => 1 }", "Duplicate object key", "the key \"a\""),
        ("{ for x in [null] : x => 1 }", "Invalid object key", "null"),
        ("[for x in [] : x if \"a\"]", "Invalid 'for' condition", "a bool is required"),
        ("[for x in [] : x if null]", "Condition is null", "must not be null"),
    ]);
}

#[test]
fn splats_take_what_follows_per_element() {
    prints(&[
        ("var.users[*].name", "[\n  \"ada\",\n  \"bob\",\n]"),
        ("var.users.*.age[0]", "36"),
        ("[{ a = [1, 2] }][*].a[1]", "[\n  2,\n]"),
        ("{ a = 1 }[*].a", "[\n  1,\n]"),
        ("null[*]", "[]"),
        ("toset([\"a\"])[*]", "tolist([\n  \"a\",\n])"),
        ("var.texts[*]", "(known after apply)"),
    ]);
    refuses(&[
        ("var.nothing[*]", "Splat of null value", "null sequences"),
        ("var.users[*].nope", "Unsupported attribute", "nope"),
    ]);
}

#[test]
fn objects_take_names_texts_and_computed_keys() {
    prints(&[
        ("{ a = 1, \"a\" = 2 }", "{\n  \"a\" = 2\n}"),
        ("{ (true) = 1 }", "{\n  \"true\" = 1\n}"),
        ("{ (var.text) = 1 }", "(known after apply)"),
        ("{ (var.secret) = 1 }", "(sensitive value)"),
    ]);
    refuses(&[
        ("{ ([]) = 1 }", "Incorrect key type", "string required"),
        ("{ (null) = 1 }", "Null value as key", "null"),
        ("{ var.text = 1 }", "Ambiguous attribute key", "wrap it in parentheses"),
    ]);
}
