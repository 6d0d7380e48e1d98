//! Templates, and the functions that take them from elsewhere.
use crate::kit::{prints, refuses, shown};

#[test]
fn a_lone_interpolation_keeps_its_type() {
    prints(&[
        ("\"${5}\"", "5"),
        ("\"${[1]}\"", "[\n  1,\n]"),
        ("\"${null}\"", "null"),
        ("\"v=${1.50}\"", "\"v=1.5\""),
        ("\"%{ if true }${5}%{ endif }\"", "\"5\""),
    ]);
}

#[test]
fn directives_choose_and_repeat() {
    prints(&[
        ("\"a%{ if false }b%{ else }c%{ endif }d\"", "\"acd\""),
        ("\"%{ for i, x in [\"a\", \"b\"] }${i}${x},%{ endfor }\"", "\"0a,1b,\""),
        ("\"%{ for u in var.users ~} ${u.name} %{~ endfor }\"", "\"adabob\""),
    ]);
    refuses(&[
        ("\"a${null}\"", "Invalid template interpolation value", "The expression result is null."),
        ("\"a${{}}\"", "Invalid template interpolation value", "string required"),
        ("\"%{ for x in null }a%{ endfor }\"", "Iteration over null value", "null"),
        ("\"%{ if null }a%{ endif }\"", "Null condition", "null"),
    ]);
}

#[test]
fn a_template_file_sees_its_variables_only() {
    prints(&[
        ("templatefile(\"hello.tftpl\", { name = \"ada\" })", "\"Hello, ada!\""),
        ("templatefile(\"number.tftpl\", { n = 1 })", "2"),
        ("templatestring(var.template, { name = \"ada\" })", "\"Hello, ada!\""),
    ]);
    refuses(&[
        (
            "templatefile(\"hello.tftpl\", {})",
            "Invalid function argument",
            "does not contain key \"name\", referenced at hello.tftpl:1,10-14.",
        ),
        ("templatefile(\"nope.tftpl\", {})", "Invalid function argument", "no file exists at \"nope.tftpl\""),
        ("templatefile(\"again.tftpl\", {})", "Error in function call", "cannot recursively call templatefile"),
        ("templatefile(\"bad.tftpl\", { v = 1 })", "Error in function call", "bad.tftpl:1,9-12: Invalid operand; "),
        ("templatefile(\"hello.tftpl\", [])", "Invalid function argument", "must be a map"),
        ("templatefile(\"hello.tftpl\", { \"a b\" = 1 })", "Invalid function argument", "\"a b\""),
    ]);
}

#[test]
fn templatestring_takes_a_direct_reference() {
    refuses(&[
        ("templatestring(\"a\", {})", "Invalid function argument", "does not support providing a literal template"),
        (
            "templatestring(\"${var.template}\", {})",
            "Invalid function argument",
            "without any template interpolation syntax",
        ),
        ("templatestring(upper(var.template), {})", "Invalid function argument", "must be a direct reference"),
        ("templatestring(var.users, {})", "Invalid function argument", "a string is required"),
        ("templatestring(var.broken_template, {})", "Invalid function argument", "<templatestring argument>:1,"),
    ]);
    assert!(!shown("templatestring(var.secret_template, {})").contains("hunter2"));
}
