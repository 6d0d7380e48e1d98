//! What the console prints.
use crate::kit::prints;

#[test]
fn every_kind_of_value_has_its_form() {
    prints(&[
        ("null", "null"),
        ("tostring(null)", "tostring(null)"),
        ("tolist(null)", "tolist(null) /* of dynamic */"),
        ("var.nothing", "tolist(null) /* of string */"),
        ("true ? null : { a = 1 }", "null /* object */"),
        ("[]", "[]"),
        ("{}", "{}"),
        ("tolist([])", "tolist([])"),
        ("toset([2, 1])", "toset([\n  1,\n  2,\n])"),
        ("tomap({ a = [1] })", "tomap({\n  \"a\" = [\n    1,\n  ]\n})"),
        (
            "{ a = var.secret, b = var.fleeting, c = var.text }",
            "{\n  \"a\" = (sensitive value)\n  \"b\" = (ephemeral value)\n  \"c\" = (known after apply)\n}",
        ),
        ("1e21", "1000000000000000000000"),
        ("-0", "-0"),
    ]);
}

#[test]
fn text_of_several_lines_is_a_heredoc() {
    prints(&[
        ("\"a\\n\"", "<<EOT\na\n\nEOT"),
        ("\"EOT\\nEOT_\"", "<<EOT__\nEOT\nEOT_\nEOT__"),
        ("{ a = { b = \"x\\ny\" } }", "{\n  \"a\" = {\n    \"b\" = <<-EOT\n    x\n    y\n    EOT\n  }\n}"),
        ("[\"x\\ny\"]", "[\n  <<-EOT\n  x\n  y\n  EOT,\n]"),
    ]);
}

#[test]
fn text_is_quoted_as_terraform_does() {
    prints(&[
        ("\"$${x} \\\\ \\\" \\t\\r é 日\"", "\"${x} \\\\ \\\" \\t\\r é 日\""),
        ("\"\\u0007\\u0000\\u007f\"", "\"\\a\\x00\\x7f\""),
        ("\"\\u00a0\\u200b\\u00ad\\U000e0001\"", "\"\\u00a0\\u200b\\u00ad\\U000e0001\""),
    ]);
}
