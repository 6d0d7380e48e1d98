//! Attributes and indexes.
use crate::kit::{prints, refuses};

#[test]
fn keys_are_converted_to_what_the_collection_wants() {
    prints(&[
        ("[1, 2][\"01\"]", "2"),
        ("tomap({ 1 = \"x\" })[1]", "\"x\""),
        ("{ a = [{ b = 1 }] }.a[0].b", "1"),
        ("{ a = 1 }[\"a\"]", "1"),
        ("tomap({ a = 1 }).a", "1"),
        ("[[1, 2]].0 .1", "2"),
    ]);
}

#[test]
fn a_wrong_step_says_what_is_wrong() {
    refuses(&[
        ("{ a = 1 }.b", "Unsupported attribute", "This object does not have an attribute named \"b\"."),
        ("\"abc\".x", "Unsupported attribute", "primitive-typed value (string)"),
        (
            "tolist(var.users).name",
            "Unsupported attribute",
            "Did you mean to access attribute \"name\" for a specific element",
        ),
        ("toset(var.users).name", "Unsupported attribute", "across all elements of the set"),
        ("tomap({ a = 1 }).z", "Missing map element", "key \"z\""),
        ("tomap({ a = 1 })[\"z\"]", "Invalid index", "does not identify an element"),
        ("[1][1]", "Invalid index", "greater than or equal to the length"),
        ("[1][-1]", "Invalid index", "a negative number"),
        ("[1][0.5]", "Invalid index", "fractional part"),
        ("[1][null]", "Invalid index", "null value as an indexing key"),
        ("[1][\"x\"]", "Invalid index", "a number is required"),
        ("toset([1])[0]", "Invalid index", "identified only by their value"),
        ("1[0]", "Invalid index", "does not have any indices"),
        ("{ a = 1 }[0]", "Invalid index", "not by numeric index"),
        ("null.a", "Attempt to get attribute from null value", "null"),
        ("var.nothing[0]", "Attempt to index null value", "null"),
    ]);
}

#[test]
fn the_place_is_the_step_and_not_the_whole() {
    let (_, findings) = crate::kit::value("{ a = [1] }.a[7]");
    let at = findings.iter().next().and_then(|d| d.subject).expect("a place");
    assert_eq!((at.start.column, at.end.column), (14, 17));
}
