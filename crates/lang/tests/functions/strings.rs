//! Strings.
use crate::kit::agree;

#[test]
fn chomp() {
    agree(&[(r#"chomp("a\r\n\n")"#, r#""a""#), (r#"chomp("a\n\r")"#, r#""a""#)]);
}

#[test]
fn indent() {
    agree(&[(r#"indent(2, "a\nb\n\nc")"#, r#""a\n  b\n  \n  c""#)]);
}

#[test]
fn lower() {
    agree(&[(r#"lower("ÀÉİΣ")"#, r#""àéiσ""#)]);
}

#[test]
fn upper() {
    agree(&[
        (r#"upper("straße ŉ ǆ")"#, r#""STRAßE ŉ Ǆ""#),
        ("upper(null)", "!"),
        ("upper(1)", r#""1""#),
        ("upper([])", "!"),
    ]);
}

#[test]
fn title() {
    agree(&[(r#"title("hello wORLD o'neil x_y 3rd élan")"#, r#""Hello WORLD O'Neil X_y 3rd Élan""#)]);
}

#[test]
fn trim() {
    agree(&[(r#"trim("  xxhixx ", " x")"#, r#""hi""#), (r#"trim("ééaé", "é")"#, r#""a""#)]);
}

#[test]
fn trimprefix() {
    agree(&[(r#"trimprefix("aab", "a")"#, r#""ab""#)]);
}

#[test]
fn trimsuffix() {
    agree(&[(r#"trimsuffix("baa", "a")"#, r#""ba""#)]);
}

#[test]
fn trimspace() {
    agree(&[(r#"trimspace("\t\n a \u00a0")"#, r#""a""#)]);
}

#[test]
fn strrev() {
    agree(&[(r#"strrev("héllo👨‍👩‍👧!")"#, r#""!👨‍👩‍👧olléh""#), (r#"strrev("क्षि")"#, r#""षिक्""#)]);
}

#[test]
fn length() {
    agree(&[
        (r#"length("क्षि")"#, "2"),
        (r#"length("नमस्ते")"#, "4"),
        (r#"length("👨‍👩‍👧é🇩🇪🇫🇷")"#, "4"),
        (r#"length("a\r\nb")"#, "3"),
        (r#"length("அநிச்சி")"#, "4"),
        ("length([1, 2])", "2"),
        ("length({a = 1})", "1"),
        ("length(toset([1, 1]))", "1"),
        ("length(5)", "!"),
        ("length(null)", "!"),
        (r#"length(sensitive("abc"))"#, "3"),
    ]);
}

#[test]
fn substr() {
    agree(&[
        (r#"substr("hello world", 4, 5)"#, r#""o wor""#),
        (r#"substr("hello", -3, -1)"#, r#""llo""#),
        (r#"substr("hello", 10, 2)"#, r#""""#),
        (r#"substr("hello", 2, 100)"#, r#""llo""#),
        (r#"substr("", 0, 1)"#, r#""""#),
        (r#"substr("hello", -100, 2)"#, r#""he""#),
        (r#"substr("👨‍👩‍👧abc", 1, 1)"#, r#""a""#),
        (r#"substr("hello", 1.5, 2)"#, "!"),
    ]);
}

#[test]
fn split() {
    agree(&[
        (r#"split(",", "a,b,,c")"#, r#"["a","b","","c"]"#),
        (r#"split(",", "")"#, r#"[""]"#),
        (r#"split("", "abc")"#, r#"["a","b","c"]"#),
        (r#"split("ab", "xabyabz")"#, r#"["x","y","z"]"#),
    ]);
}

#[test]
fn join() {
    agree(&[
        (r#"join(",", ["a", "b"], ["c"])"#, r#""a,b,c""#),
        (r#"join(",", [])"#, r#""""#),
        (r#"join(",", [1, true, "x"])"#, r#""1,true,x""#),
        (r#"join(",", ["a", null])"#, "!"),
        (r#"join(",")"#, "!"),
        (r#"join("-", toset(["b","a"]))"#, r#""a-b""#),
        (r#"join("-", {a=1})"#, "!"),
    ]);
}

#[test]
fn sort() {
    agree(&[
        (r#"sort(["b", "a", "C", "é"])"#, r#"["C","a","b","é"]"#),
        ("sort([3, 20, 1])", r#"["1","20","3"]"#),
        ("sort([])", "[]"),
        (r#"sort(["a", null])"#, "!"),
    ]);
}

#[test]
fn startswith() {
    agree(&[(r#"startswith("abc", "ab")"#, "true"), (r#"startswith("abc", "")"#, "true")]);
}

#[test]
fn endswith() {
    agree(&[(r#"endswith("abc", "bc")"#, "true")]);
}

#[test]
fn strcontains() {
    agree(&[(r#"strcontains("abc", "")"#, "true")]);
}
