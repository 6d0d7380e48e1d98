//! YAML.
use crate::kit::agree;

#[test]
fn yamlencode() {
    agree(&[
        (
            r#"yamlencode({a = [1, "x", null, true], b = {c = []}, d = {}, "e f" = "multi\nline\n"})"#,
            r#""\"a\":\n- 1\n- \"x\"\n- null\n- true\n\"b\":\n  \"c\": []\n\"d\": {}\n\"e f\": |\n  multi\n  line\n""#,
        ),
        ("yamlencode([[1, [2]], {a = 1, b = [1]}])", r#""- - 1\n  - - 2\n- \"a\": 1\n  \"b\":\n  - 1\n""#),
        (r#"yamlencode("a\nb")"#, r#""|-\n  a\n  b\n""#),
        (r#"yamlencode("a\n\n")"#, r#""|+\n  a\n\n""#),
        (r#"yamlencode("\na")"#, r#""|2-\n\n  a\n""#),
        (r#"yamlencode(" a\nb")"#, r#""|2-\n   a\n  b\n""#),
        (r#"yamlencode("a \nb")"#, r#""\"a \\nb\"\n""#),
        (r#"yamlencode("a\tb\n")"#, r#""\"a\\tb\\n\"\n""#),
        (r#"yamlencode("tab\there")"#, r#""\"tab\\there\"\n""#),
        (r#"yamlencode("é👍\u0001")"#, r#""\"é\\U0001F44D\\x01\"\n""#),
        ("yamlencode([])", r#""[]\n""#),
        ("yamlencode({})", r#""{}\n""#),
        ("yamlencode(null)", r#""null\n...\n""#),
        ("yamlencode(1.5)", r#""1.5\n...\n""#),
        ("yamlencode([null])", r#""- null\n""#),
        ("yamlencode({a = null})", r#""\"a\": null\n""#),
        (r#"yamlencode({a = "x\n\n", b = "y"})"#, r#""\"a\": |+\n  x\n\n\"b\": \"y\"\n""#),
        (r#"yamlencode({a = "x\n\n"})"#, r#""\"a\": |+\n  x\n\n""#),
        (r#"yamlencode(["a\nb", "c"])"#, r#""- |-\n  a\n  b\n- \"c\"\n""#),
        ("yamlencode([[], {}])", r#""- []\n- {}\n""#),
        (r#"yamlencode([["a\nb"]])"#, r#""- - |-\n    a\n    b\n""#),
        (r#"yamlencode({a = {b = "c\nd\n"}})"#, r#""\"a\":\n  \"b\": |\n    c\n    d\n""#),
        (
            r#"yamlencode("aaaaaaaaaa bbbbbbbbbb cccccccccc dddddddddd eeeeeeeeee ffffffffff gggggggggg hhhhhhhhhh iiiiiiiiii jjjjjjjjjj kkkkkkkkkk")"#,
            r#""\"aaaaaaaaaa bbbbbbbbbb cccccccccc dddddddddd eeeeeeeeee ffffffffff gggggggggg hhhhhhhhhh\n  iiiiiiiiii jjjjjjjjjj kkkkkkkkkk\"\n""#,
        ),
        (
            r#"yamlencode({k = "aaaaaaaaaa bbbbbbbbbb cccccccccc dddddddddd eeeeeeeeee ffffffffff gggggggggg hhhhhhhhhh  iiiiiiiiii jjjjjjjjjj kkkkkkkkkk"})"#,
            r#""\"k\": \"aaaaaaaaaa bbbbbbbbbb cccccccccc dddddddddd eeeeeeeeee ffffffffff gggggggggg\n  hhhhhhhhhh  iiiiiiiiii jjjjjjjjjj kkkkkkkkkk\"\n""#,
        ),
        (
            r#"yamlencode({"aaaaaaaaaa bbbbbbbbbb cccccccccc dddddddddd eeeeeeeeee ffffffffff gggggggggg hhhhhhhhhh iiiiiiiiii jjjjjjjjjj kkkkkkkkkk lllllllll mmmmm" = 1})"#,
            r#""? \"aaaaaaaaaa bbbbbbbbbb cccccccccc dddddddddd eeeeeeeeee ffffffffff gggggggggg hhhhhhhhhh\n  iiiiiiiiii jjjjjjjjjj kkkkkkkkkk lllllllll mmmmm\"\n: 1\n""#,
        ),
        (r#"yamlencode({"a\nb" = 1})"#, r#""? |-\n  a\n  b\n: 1\n""#),
        ("yamlencode([{a = [{b = 1}]}])", r#""- \"a\":\n  - \"b\": 1\n""#),
        (r#"yamlencode(["", "~", "yes", "1"])"#, r#""- \"\"\n- \"~\"\n- \"yes\"\n- \"1\"\n""#),
    ]);
}

#[test]
fn yamldecode() {
    agree(&[
        (r#"yamldecode("a: 1\nb: [x, 'y', \"z\"]\nc: {d: ~}\n")"#, r#"{"a":1,"b":["x","y","z"],"c":{"d":null}}"#),
        (r#"yamldecode("yes: no\non: off\n")"#, r#"{"true":false}"#),
        (
            r#"yamldecode("- 0x1F\n- 0o17\n- 017\n- 1_000\n- 1e3\n- +1\n- .5\n- 5.\n- -.5")"#,
            r#"[31,15,17,"1_000",1000,1,0.5,5,-0.5]"#,
        ),
        (r#"yamldecode("2024-01-02")"#, r#""2024-01-02T00:00:00Z""#),
        (r#"yamldecode("2024-1-2 3:4:5")"#, r#""2024-01-02T03:04:05Z""#),
        (r#"yamldecode("2024-01-02T03:04:05+01:00")"#, r#""2024-01-02T03:04:05+01:00""#),
        (r#"yamldecode("- |\n  a\n  b\n- >\n  c\n  d\n- >-\n  e\n")"#, r#"["a\nb\n","c d\n","e"]"#),
        (
            r#"yamldecode("a: &x {b: 1}\nc: *x\nd:\n  <<: *x\n  e: 2\n")"#,
            r#"{"a":{"b":1},"c":{"b":1},"d":{"b":1,"e":2}}"#,
        ),
        (r#"yamldecode("a: &x [1]\nb: *y\n")"#, "!"),
        (r#"yamldecode("--- a\n--- b")"#, "!"),
        (r#"yamldecode("a: b: c")"#, "!"),
        (r#"yamldecode("[1, 2")"#, "!"),
        (r#"yamldecode("!!str 1")"#, r#""1""#),
        (r#"yamldecode("!!int \"5\"")"#, r#""5""#),
        (r#"yamldecode("!!binary aGk=")"#, r#""aGk=""#),
        (r#"yamldecode("!foo x")"#, "!"),
        (r#"yamldecode("!!set {a, b}")"#, "!"),
        (r#"yamldecode("? a\n: b")"#, r#"{"a":"b"}"#),
        (r#"yamldecode("? [a]\n: b")"#, "!"),
        (r#"yamldecode("'it''s'")"#, r#""it's""#),
        (r#"yamldecode("\"a\\tb\\u00e9\"")"#, r#""a\tbé""#),
        (r#"yamldecode("a: 1\na: 2")"#, r#"{"a":2}"#),
        (r#"yamldecode("1.5: x\ntrue: y")"#, r#"{"1.5":"x","true":true}"#),
        (r#"yamldecode("null")"#, "null"),
        (r#"yamldecode("~")"#, "null"),
        (r#"yamldecode(".nan")"#, "!"),
        (r#"yamldecode("y")"#, "true"),
        (r#"yamldecode("a: !!float 3")"#, r#"{"a":3}"#),
        (r#"yamldecode("{a: 1, b}")"#, r#"{"a":1,"b":null}"#),
        (r#"yamldecode("a:\n- 1\n- 2")"#, r#"{"a":[1,2]}"#),
        (r#"yamldecode("%YAML 1.1\n---\na: 1")"#, r#"{"a":1}"#),
        (r##"yamldecode("# c\na: 1 # d")"##, r#"{"a":1}"#),
        (r#"yamldecode("a: |+\n  x\n\nb: 1")"#, r#"{"a":"x\n\n","b":1}"#),
        (r#"yamldecode("a: 'x\n  y'")"#, r#"{"a":"x y"}"#),
        (r#"yamldecode("<<: {a: 1}")"#, r#"{"a":1}"#),
        (r#"yamldecode("a: <<")"#, r#"{"a":"<<"}"#),
        (r#"yamldecode("0b11")"#, r#""0b11""#),
        (r#"yamldecode("12:30:45")"#, r#""12:30:45""#),
        (r#"yamldecode("@a")"#, "!"),
        (r#"yamldecode("`a")"#, "!"),
        (r#"yamldecode("a:b")"#, r#""a:b""#),
        (r#"yamldecode("- - a\n  - b")"#, r#"[["a","b"]]"#),
        (r#"yamldecode("a: *a")"#, "!"),
        (r#"yamldecode("&a [*a]")"#, "!"),
    ]);
}
