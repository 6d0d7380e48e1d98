//! What is not known yet, and what of it is known all the same.
use ampere_lang::value::Type;

use crate::kit::{prints, value};

#[test]
fn refinements_answer_early() {
    prints(&[
        ("\"pre-${var.text}\" == null", "false"),
        ("\"pre-${var.text}\" == \"post\"", "false"),
        ("\"pre-${var.text}\" == \"pre-1\"", "(known after apply)"),
        ("startswith(\"pre-${var.text}\", \"pre-\")", "true"),
        ("length(var.flag ? tolist([\"a\", \"b\"]) : tolist([\"c\", \"d\"]))", "2"),
        ("(var.flag ? 1 : 2) < 3", "true"),
        ("(var.flag ? 1 : 2) > 2", "(known after apply)"),
        ("(var.flag ? \"a\" : \"b\") == null", "false"),
        ("(var.flag ? null : null) == null", "true"),
        ("var.text == null", "(known after apply)"),
        ("var.number == \"a\"", "false"),
        ("(var.number + 1) == \"a\"", "false"),
    ]);
}

#[test]
fn the_type_is_kept_where_it_can_be() {
    for (text, ty) in [
        ("var.any.x[0]", Type::Dynamic),
        ("var.texts[0]", Type::String),
        ("var.object.a", Type::String),
        ("var.number + 1", Type::Number),
        ("var.any && true", Type::Bool),
        ("\"a${var.any}\"", Type::String),
        ("var.texts[*]", Type::list(Type::String)),
        ("var.flag ? 1 : \"a\"", Type::String),
        ("[for x in var.texts : x]", Type::Dynamic),
        ("var.object[*].a", Type::Dynamic),
        ("upper(var.text)", Type::String),
    ] {
        let (v, findings) = value(text);
        assert!(findings.is_empty(), "{text}: {findings:?}");
        assert!(!v.is_known(), "{text}");
        assert_eq!(*v.ty(), ty, "{text}");
    }
}

#[test]
fn the_shape_is_checked_though_the_content_is_unknown() {
    crate::kit::refuses(&[
        ("var.object.b", "Unsupported attribute", "\"b\""),
        ("var.object[*].b", "Unsupported attribute", "\"b\""),
        ("var.texts.x", "Unsupported attribute", "does not have any attributes"),
        ("[for x in var.number : x]", "Iteration over non-iterable value", "number"),
        ("var.texts + 1", "Invalid operand", "number required"),
    ]);
}
