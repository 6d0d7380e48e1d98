//! `format` and `formatlist`.
use crate::kit::{World, agree};

#[test]
fn many_places_are_written() {
    for verb in ["f", "e"] {
        let text = World::default().evaluate(&format!("format(\"%.100000{verb}\", 1)")).unwrap();
        assert!(text.as_str().is_some_and(|text| text.len() > 100_000), "%{verb}");
    }
}

#[test]
fn format() {
    agree(&[
        (r#"format("%s", "x")"#, r#""x""#),
        (
            r#"format("%5.1f|%-8s|%+d|%x|%X|%o|%b|%e", 3.14159, "ab", 5, 255, 255, 8, 5, 12345.678)"#,
            r#""  3.1|ab      |+5|ff|FF|10|101|1.234568e+04""#,
        ),
        (r#"format("%v %v %v %v", "a", 1.5, true, [1, {a = "b"}])"#, r#""a 1.5 true [1,{\"a\":\"b\"}]""#),
        (r#"format("%#v", "a<b")"#, r#""\"a\\u003cb\"""#),
        (r#"format("%q", "a\"b\nc")"#, r#""\"a\\\"b\\nc\"""#),
        (r#"format("%05d|%5d|%-5d|", 42, 42, 42)"#, r#""00042|   42|42   |""#),
        (r#"format("%t", 1)"#, "!"),
        (r#"format("%t", "1")"#, r#""true""#),
        (r#"format("%d", "42")"#, r#""42""#),
        (r#"format("%d", 4.5)"#, "!"),
        (r#"format("%s", 4.5)"#, r#""4.5""#),
        (r#"format("%s", true)"#, r#""true""#),
        (r#"format("%.3s", "héllo")"#, r#""hél""#),
        (r#"format("%10.2s|", "héllo")"#, r#""        hé|""#),
        (r#"format("%[1]s %[1]s %[2]d", "a", 1)"#, r#""a a 1""#),
        (r#"format("%[3]s", "a")"#, "!"),
        (r#"format("%s %s", "a")"#, "!"),
        (r#"format("%s", "a", "b")"#, "!"),
        (r#"format("%%%%d%%%%")"#, r#""%%d%%""#),
        (r#"format("%y", 1)"#, "!"),
        (r#"format("%v", 1e100)"#, r#""1e+100""#),
        (r#"format("%v", 0.000001)"#, r#""1e-06""#),
        (r#"format("%v", 123456789)"#, r#""1.23456789e+08""#),
        (r#"format("%v", 1000000)"#, r#""1e+06""#),
        (r#"format("%v", 999999)"#, r#""999999""#),
        (r#"format("%g", 1e6)"#, r#""1e+06""#),
        (r#"format("%g", 100000)"#, r#""100000""#),
        (r#"format("%g", 1e21)"#, r#""1e+21""#),
        (r#"format("%G", 1e-7)"#, r#""1E-07""#),
        (r#"format("%.2g", 0.000123456)"#, r#""0.00012""#),
        (r#"format("%.10g", 1/3)"#, r#""0.3333333333""#),
        (r#"format("%e", 1/3)"#, r#""3.333333e-01""#),
        (r#"format("%.0f", 0.5)"#, r#""0""#),
        (r#"format("%.0f", 1.5)"#, r#""2""#),
        (r#"format("%.0f", 2.5)"#, r#""2""#),
        (r#"format("%.1f", 0.25)"#, r#""0.2""#),
        (r#"format("%.2f", 1.005)"#, r#""1.00""#),
        (r#"format("%f", 1e20)"#, r#""100000000000000000000.000000""#),
        (
            r#"format("%8.3f|%-8.3f|%08.3f|%+.2f|% .2f", 3.14159, 3.14159, 3.14159, 3.14159, 3.14159)"#,
            r#""   3.142|3.142   |0003.142|+3.14| 3.14""#,
        ),
        (r#"format("%x", -255)"#, r#""-ff""#),
        (r#"format("%#o %#b %#X", 8, 5, 255)"#, r#""010 0b101 0XFF""#),
        (r#"format("%+d % d", 0, 0)"#, r#""+0  0""#),
        (r#"format("%.0d|", 0)"#, r#""|""#),
        (r#"format("%8.5d|%-8.5d|%08.5d|", 42, 42, 42)"#, r#""   00042|00042   |   00042|""#),
        (r#"format("%v", tostring(null))"#, r#""null""#),
        (r#"format("%v", {})"#, r#""{}""#),
        (r#"format("%v", toset(["b", "a"]))"#, r#""[\"a\",\"b\"]""#),
        (r#"format("%s %v", "a", [null])"#, r#""a [null]""#),
        (r#"format("%6v|%-6v|%06v", true, 1.5, "x")"#, r#""  true|1.5   |00000x""#),
        (r#"format("%s", {})"#, "!"),
        (r#"format("%*d", 5, 1)"#, "!"),
        (r#"format("%5q|", "a")"#, r#""  \"a\"|""#),
        (r#"format("%-#5v|", "a")"#, r#""\"a\"  |""#),
        (r#"format("é%s", "ü")"#, r#""éü""#),
    ]);
}

#[test]
fn formatlist() {
    agree(&[
        (r#"formatlist("%s-%d", ["a", "b"], [1, 2])"#, r#"["a-1","b-2"]"#),
        (r#"formatlist("%s-%s", ["a", "b"], "x")"#, r#"["a-x","b-x"]"#),
        (r#"formatlist("%s", [])"#, "[]"),
        (r#"formatlist("x")"#, r#"["x"]"#),
        (r#"formatlist("%s", "a")"#, r#"["a"]"#),
        (r#"formatlist("%s", ["a"], ["b"])"#, "!"),
        (r#"formatlist("%s%s", ["a"], ["b", "c"])"#, "!"),
        (r#"formatlist("%s", toset(["b", "a"]))"#, r#"["a","b"]"#),
        (r#"formatlist("%s", {a = 1})"#, "!"),
        (r#"formatlist("%v", [[1], [2]])"#, r#"["[1]","[2]"]"#),
    ]);
}
