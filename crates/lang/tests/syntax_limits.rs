//! Depth is bounded: no input takes the stack down (these tests run on threads of 2 MiB).
use ampere_lang::limits::{HEIGHT_LIMIT, NESTING_LIMIT};
use ampere_lang::source::FileId;
use ampere_lang::syntax::{parse_expression, parse_json, parse_native, parse_template};

const FILE: FileId = FileId(0);

/// Parses, clones and drops; returns the summaries of the findings.
fn expression(text: &str) -> Vec<String> {
    let (expr, findings) = parse_expression(FILE, text);
    drop(expr.clone());
    findings.into_iter().map(|d| d.summary).collect()
}

fn nested(open: &str, inner: &str, close: &str, depth: usize) -> String {
    format!("{}{inner}{}", open.repeat(depth), close.repeat(depth))
}

#[test]
fn nesting_up_to_the_limit_is_read() {
    let depth = NESTING_LIMIT as usize - 5;
    for (open, close) in
        [("(", ")"), ("[", "]"), ("{a=", "}"), ("f(", ")"), ("x[", "]"), ("[for a in b : ", "]"), ("a ? b : ", "")]
    {
        assert!(expression(&nested(open, "1", close, depth)).is_empty(), "{open}");
    }
    assert!(expression(&nested("\"${", "1", "}\"", depth)).is_empty());
}

#[test]
fn nesting_beyond_the_limit_is_refused() {
    for (open, close) in
        [("(", ")"), ("[", "]"), ("{a=", "}"), ("f(", ")"), ("x[", "]"), ("\"${", "}\""), ("a ? b : ", "")]
    {
        assert_eq!(expression(&nested(open, "1", close, 100_000)), ["Configuration nested too deeply"], "{open}");
    }
}

#[test]
fn blocks_and_directives_nest_as_deep() {
    let (_, findings) = parse_native(FILE, &nested("a {\n", "", "}\n", 100_000));
    assert_eq!(findings.iter().next().map(|d| d.summary.as_str()), Some("Configuration nested too deeply"));
    let (_, findings) = parse_template(FILE, &nested("%{ if a }", "x", "%{ endif }", 100_000));
    assert_eq!(findings.iter().next().map(|d| d.summary.as_str()), Some("Configuration nested too deeply"));
    let (_, findings) = parse_json(FILE, &nested("[", "", "]", 100_000));
    assert_eq!(findings.iter().next().map(|d| d.summary.as_str()), Some("Configuration nested too deeply"));
}

#[test]
fn chains_are_long_before_they_are_too_long() {
    let length = HEIGHT_LIMIT as usize - 5;
    for link in [" + 1", ".a", "[0]", "[*]"] {
        assert!(expression(&format!("x{}", link.repeat(length))).is_empty(), "{link}");
        assert_eq!(expression(&format!("x{}", link.repeat(100_000))), ["Expression too long"], "{link}");
    }
    assert!(expression(&format!("{}x", "!".repeat(length))).is_empty());
    assert_eq!(expression(&format!("{}x", "-".repeat(100_000))), ["Expression too long"]);
}

#[test]
fn nesting_and_chains_together_are_bounded() {
    let inner = format!("x{}", " + 1".repeat(900));
    let level = format!("({inner} + ");
    assert_eq!(expression(&nested(&level, "1", ")", 100)), ["Expression too long"]);
}
