//! Regular expressions, as RE2 has them.
use crate::kit::agree;

#[test]
fn replace() {
    agree(&[
        (r#"replace("a.b.c", ".", "-")"#, r#""a-b-c""#),
        (r#"replace("aXbX", "/X/", "$0$0")"#, r#""aXXbXX""#),
        (r#"replace("hello world", "/(\\w+) (\\w+)/", "$2 $1")"#, r#""world hello""#),
        (r#"replace("hello", "/(?P<x>l+)/", "<$${x}>")"#, r#""he<ll>o""#),
        (r#"replace("a1b2", "/[0-9]/", "")"#, r#""ab""#),
        (r#"replace("abc", "/(/", "")"#, "!"),
        (r#"replace("a/b/c", "/", "-")"#, r#""a-b-c""#),
        (r#"replace("aaa", "a", "aa")"#, r#""aaaaaa""#),
        (r#"replace("日本", "/\\w/", "x")"#, r#""日本""#),
        (r#"replace("x", "/x/", "$$1")"#, r#""$1""#),
        (r#"replace("a\nb", "/(?m)^/", "> ")"#, r#""> a\n> b""#),
    ]);
}

#[test]
fn regex() {
    agree(&[
        (r#"regex("[a-z]+", "123abc456")"#, r#""abc""#),
        (r#"regex("(\\d+)-(\\d+)", "a 12-34 b")"#, r#"["12","34"]"#),
        (r#"regex("(?P<a>\\d+)-(?P<b>\\w+)?", "12-")"#, r#"{"a":"12","b":null}"#),
        (r#"regex("(a)|(b)", "b")"#, r#"[null,"b"]"#),
        (r#"regex("x", "y")"#, "!"),
        (r#"regex("(?P<a>x)(y)", "xy")"#, "!"),
        (r#"regex("[[:alpha:]]+", "12ab")"#, r#""ab""#),
        (r#"regex("\\bfoo\\b", "a foo b")"#, r#""foo""#),
        (r#"regex("\\x41\\101", "AA")"#, r#""AA""#),
        (r#"regex("\\Qa.b\\E.", "a.bc")"#, r#""a.bc""#),
        (r#"regex("[\\w-]+", "a-b c")"#, r#""a-b""#),
        (r#"regex("[^\\W\\d]+", "12ab")"#, r#""ab""#),
        (r#"regex("a{2,3}", "aaaa")"#, r#""aaa""#),
        (r#"regex("a{2,1}", "aaaa")"#, "!"),
        (r#"regex("\\pL+", "1éa")"#, r#""éa""#),
        (r#"regex("\\p{Greek}+", "aαβ")"#, r#""αβ""#),
        (r#"regex("(?i)HELLO", "hello")"#, r#""hello""#),
        (r#"regex("(?s)a.b", "a\nb")"#, r#""a\nb""#),
        (r#"regex("a.b", "a\nb")"#, "!"),
        (r#"regex("(?U)a+", "aaa")"#, r#""a""#),
        (r#"regex("a**", "aaa")"#, "!"),
        (r#"regex("\\d+(?=x)", "1x")"#, "!"),
        (r#"regex("(a)\\1", "aa")"#, "!"),
        (r#"regex("^$", "")"#, r#""""#),
    ]);
}

#[test]
fn regexall() {
    agree(&[
        (r#"regexall("a|", "baac")"#, r#"["","a","a",""]"#),
        (r#"regexall("(\\w)(\\d)", "a1b2")"#, r#"[["a","1"],["b","2"]]"#),
        (r#"regexall("(?P<l>\\w)(?P<d>\\d)", "a1b2")"#, r#"[{"d":"1","l":"a"},{"d":"2","l":"b"}]"#),
        (r#"regexall("z", "abc")"#, "[]"),
        (r#"regexall("\\s*", "a b")"#, r#"[""," ",""]"#),
        (r#"regexall("é", "éaé")"#, r#"["é","é"]"#),
    ]);
}
