//! Conversions that are asked for.
use crate::kit::agree;

#[test]
fn tostring() {
    agree(&[
        ("tostring(pow(0, -1))", r#""+Inf""#),
        ("tostring(1.50)", r#""1.5""#),
        ("tostring(true)", r#""true""#),
        ("tostring([])", "!"),
        ("tostring(null)", "null"),
    ]);
}

#[test]
fn tonumber() {
    agree(&[
        (r#"tonumber("1e3")"#, "1000"),
        (r#"tonumber(" 1")"#, "!"),
        (r#"tonumber("0x1")"#, "!"),
        ("tonumber(true)", "!"),
        (r#"tonumber("-.5e-1")"#, "-0.05"),
    ]);
}

#[test]
fn tobool() {
    agree(&[
        (r#"tobool("true")"#, "true"),
        (r#"tobool("TRUE")"#, "!"),
        (r#"tobool("1")"#, "true"),
        ("tobool(1)", "!"),
        ("tobool(null)", "null"),
    ]);
}

#[test]
fn tolist() {
    agree(&[
        (r#"tolist(["a", 1])"#, r#"["a","1"]"#),
        ("tolist([1, true])", "!"),
        (r#"tolist([[1], ["a", "b"]])"#, r#"[["1"],["a","b"]]"#),
        ("tolist([{a = 1}, {b = 2}])", r#"[{"a":1},{"b":2}]"#),
        (r#"tolist([{a = 1}, {a = "x"}])"#, r#"[{"a":"1"},{"a":"x"}]"#),
        (r#"tolist(toset(["b", "a"]))"#, r#"["a","b"]"#),
        ("tolist({a = 1})", "!"),
        (r#"tolist("a")"#, "!"),
        ("tolist([])", "[]"),
        ("tolist(null)", "null"),
        ("tolist([null])", "[null]"),
        (r#"tolist([null, "a"])"#, r#"[null,"a"]"#),
        (r#"tolist([[], ["a"]])"#, r#"[[],["a"]]"#),
        ("tolist([1]) == tolist([1.0])", "true"),
    ]);
}

#[test]
fn toset() {
    agree(&[
        (r#"toset(["b", "a", "b", 1])"#, r#"["1","a","b"]"#),
        (r#"toset([1, 1.0, "1"])"#, r#"["1"]"#),
        ("toset([[1], [1]])", "[[1]]"),
        ("toset([{b = 2}, {b = 1}])", r#"[{"b":1},{"b":2}]"#),
        ("toset([true, false])", "[false,true]"),
        ("toset([3, 10, 2])", "[2,3,10]"),
        ("toset(null)", "null"),
        (r#"toset([null, "a"])"#, r#"["a",null]"#),
        (r#"toset([[2, "b"], [10, "a"]])"#, r#"[[10,"a"],[2,"b"]]"#),
        ("toset([1, 2]) == toset([2, 1])", "true"),
    ]);
}

#[test]
fn tomap() {
    agree(&[
        (r#"tomap({a = 1, b = "x"})"#, r#"{"a":"1","b":"x"}"#),
        ("tomap({a = 1, b = [1]})", "!"),
        ("tomap([])", "!"),
        ("tomap({})", "{}"),
        ("tomap({a = {b = 1}, c = {b = 2}})", r#"{"a":{"b":1},"c":{"b":2}}"#),
        ("tomap({a = null, b = 1})", r#"{"a":null,"b":1}"#),
    ]);
}

#[test]
fn results_have_the_types_of_terraform() {
    crate::kit::typed(&[
        (r#"tolist([[1], ["a", "b"]])"#, r#"["list", ["list", "string"]]"#),
        (r#"tolist([{ a = 1 }, { a = "x" }])"#, r#"["list", ["object", { "a": "string" }]]"#),
        (r#"tolist([{ a = 1 }, { b = 2 }])"#, r#"["list", ["map", "number"]]"#),
        (r#"toset(["b", 1])"#, r#"["set", "string"]"#),
        (r#"concat(tolist(["a"]), tolist([1]))"#, r#"["list", "string"]"#),
        (r#"concat(["a"], [1, true])"#, r#"["tuple", ["string", "number", "bool"]]"#),
        (r#"merge({ a = 1 }, tomap({ b = "x" }))"#, r#"["object", { "a": "number", "b": "string" }]"#),
        (r#"setproduct(["a", 1], [true])"#, r#"["list", ["tuple", ["string", "bool"]]]"#),
        (r#"setproduct(toset(["a"]), [1])"#, r#"["set", ["tuple", ["string", "number"]]]"#),
        (r#"regex("(?P<a>x)", "x")"#, r#"["object", { "a": "string" }]"#),
        (r#"flatten([["a", []], [1]])"#, r#"["tuple", ["string", "number"]]"#),
        (r#"zipmap(["a"], tolist([1]))"#, r#"["map", "number"]"#),
        ("csvdecode(\"a\\n1\")", r#"["list", ["object", { "a": "string" }]]"#),
    ]);
}
