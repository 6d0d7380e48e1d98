//! Marks travel, and findings never show what is marked.
use ampere_lang::value::Marks;

use crate::kit::{shown, value};

#[track_caller]
fn is_marked(text: &str, marks: Marks) {
    let (v, findings) = value(text);
    assert!(findings.is_empty(), "{text}: {findings:?}");
    assert_eq!(v.marks(), marks, "{text}");
}

#[test]
fn whatever_is_made_of_a_sensitive_value_is_sensitive() {
    for text in [
        "\"${var.secret}!\"",
        "var.secret == \"x\"",
        "var.secret_flag ? 1 : 2",
        "var.secret_flag && true",
        "!var.secret_flag",
        "[for x in var.secrets : x]",
        "{ for x in [1] : (var.secret) => x }",
        "[for x in [1] : x if var.secret_flag]",
        "var.secrets[0]",
        "var.secrets[*]",
        "[1, 2][sensitive(0)]",
        "upper(var.secret)",
        "\"%{ if var.secret_flag }a%{ endif }\"",
        "\"%{ for x in var.secrets }a%{ endfor }\"",
        "templatefile(\"hello.tftpl\", { name = var.secret })",
        "{ (var.secret) = 1 }",
        "[var.secret] == [\"x\"]",
        "max(sensitive([1, 2])...)",
    ] {
        is_marked(text, Marks::SENSITIVE);
    }
    is_marked("\"${var.fleeting}${var.secret}\"", Marks::SENSITIVE | Marks::EPHEMERAL);
    is_marked("{ a = 1 }[sensitive(\"a\")]", Marks::NONE);
    is_marked("[var.secret]", Marks::NONE);
    is_marked("nonsensitive([for x in var.secrets : x])", Marks::NONE);
}

#[test]
fn findings_do_not_show_what_is_sensitive() {
    for text in [
        "tonumber(var.secret)",
        "var.secret + 1",
        "-var.secret",
        "[1][var.secret]",
        "tomap({ a = 1 })[var.secret]",
        "{ a = 1 }[var.secret]",
        "[for x in var.secrets : tonumber(x)]",
        "[for x in var.secrets : x + 1]",
        "[for x in var.secrets : [1][x]]",
        "var.secrets[*].x",
        "{ for x in concat(var.secrets, var.secrets) : x => 1 }",
        "{ for x in [var.secrets] : \"k\" => { for y in concat(x, x) : y => 1 } }",
        "[for x in [1] : x if var.secret]",
        "try(tonumber(var.secret))",
        "file(var.secret)",
        "[for x in var.secrets : file(x)]",
        "templatefile(var.secret, {})",
        "[for x in var.secrets : templatefile(x, {})]",
        "[for x in var.secrets : regex(x, \"z\")]",
        "formatdate(var.secret, \"2020\")",
        "jsondecode(var.secret)",
        "cidrhost(var.secret, 1)",
        "var.secret ? 1 : 2",
    ] {
        let (_, findings) = value(text);
        assert!(findings.has_errors(), "{text} is an error");
        let told = shown(text);
        assert!(!told.contains("hunter2"), "{text}: {told}");
    }
}
