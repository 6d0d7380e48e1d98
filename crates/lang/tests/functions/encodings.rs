//! Encodings and hashes.
use crate::kit::agree;

#[test]
fn base64encode() {
    agree(&[(r#"base64encode("héllo")"#, r#""aMOpbGxv""#)]);
}

#[test]
fn base64decode() {
    agree(&[
        (r#"base64decode("aMOpbGxv")"#, r#""héllo""#),
        (r#"base64decode("////")"#, "!"),
        (r#"base64decode("a")"#, "!"),
    ]);
}

#[test]
fn urlencode() {
    agree(&[(r#"urlencode("a b&c=d/é?+*()'~_-.")"#, r#""a+b%26c%3Dd%2F%C3%A9%3F%2B%2A%28%29%27~_-.""#)]);
}

#[test]
fn textencodebase64() {
    agree(&[
        (r#"textencodebase64("héllo", "UTF-16LE")"#, r#""aADpAGwAbABvAA==""#),
        (r#"textencodebase64("héllo", "utf-16be")"#, r#""AGgA6QBsAGwAbw==""#),
        (r#"textencodebase64("a", "UTF-16")"#, r#""/v8AYQ==""#),
        (r#"textencodebase64("héllo", "ISO-8859-1")"#, r#""aOlsbG8=""#),
        (r#"textencodebase64("€", "windows-1252")"#, r#""gA==""#),
        (r#"textencodebase64("€", "ISO-8859-15")"#, r#""pA==""#),
        (r#"textencodebase64("日本", "EUC-JP")"#, r#""xvzL3A==""#),
        (r#"textencodebase64("日本", "ISO-2022-JP")"#, r#""GyRCRnxLXBsoQg==""#),
        (r#"textencodebase64("中文", "GBK")"#, r#""1tDOxA==""#),
        (r#"textencodebase64("中文", "GB18030")"#, r#""1tDOxA==""#),
        (r#"textencodebase64("中文", "Big5")"#, r#""pKSk5Q==""#),
        (r#"textencodebase64("한", "EUC-KR")"#, r#""x9E=""#),
        (r#"textencodebase64("я", "KOI8-R")"#, r#""0Q==""#),
        (r#"textencodebase64("a", "latin1")"#, r#""YQ==""#),
        (r#"textencodebase64("a", "utf8")"#, "!"),
        (r#"textencodebase64("a", "nope")"#, "!"),
        (r#"textencodebase64("a", "macintosh")"#, r#""YQ==""#),
    ]);
}

#[test]
fn textdecodebase64() {
    agree(&[
        (r#"textdecodebase64("aADpAA==", "UTF-16LE")"#, r#""hé""#),
        (r#"textdecodebase64("/v8AYQ==", "UTF-16")"#, r#""a""#),
        (r#"textdecodebase64("6Q==", "ISO-8859-1")"#, r#""é""#),
        (r#"textdecodebase64("6Q==", "UTF-8")"#, "!"),
        (r#"textdecodebase64("!!", "UTF-8")"#, "!"),
    ]);
}

#[test]
fn jsonencode() {
    agree(&[
        (
            r#"jsonencode({a = [1, null, true, "x<>&\u2028"], b = 1.50, c = {}})"#,
            r#""{\"a\":[1,null,true,\"x\\u003c\\u003e\\u0026\\u2028\"],\"b\":1.5,\"c\":{}}""#,
        ),
        (r#"jsonencode("\u0000\u0008\u000c\u001f\u007f")"#, r#""\"\\u0000\\b\\f\\u001f\"""#),
        (
            "jsonencode(1/3)",
            r#""0.33333333333333333333333333333333333333333333333333333333333333333333333333333333333333333333333333333333333333333333333333333333333333333333333333333333335""#,
        ),
        ("jsonencode(1e50)", r#""100000000000000000000000000000000000000000000000000""#),
        ("jsonencode(null)", r#""null""#),
        ("jsonencode(toset([2, 1]))", r#""[1,2]""#),
        ("jsonencode(-0)", r#""-0""#),
    ]);
}

#[test]
fn jsondecode() {
    agree(&[
        (r#"jsondecode("{\"a\":[1,2.50,\"x\"],\"b\":null}")"#, r#"{"a":[1,2.5,"x"],"b":null}"#),
        (r#"jsondecode("1e3")"#, "1000"),
        (r#"jsondecode("\"\\u00e9\"")"#, r#""é""#),
        (r#"jsondecode("[1,]")"#, "!"),
        (r#"jsondecode("")"#, "!"),
        (r#"jsondecode("nul")"#, "!"),
        (r#"jsondecode("{\"a\":1,\"a\":2}")"#, r#"{"a":2}"#),
        (r#"jsondecode("[]")"#, "[]"),
        (r#"jsondecode(" {} ")"#, "{}"),
        (r#"jsondecode("1 2")"#, "!"),
        (r#"jsondecode("12345678901234567890.123456789")"#, "12345678901234567890.123456789"),
    ]);
}

#[test]
fn csvdecode() {
    agree(&[
        (r#"csvdecode("a,b\n1,2\n3,4")"#, r#"[{"a":"1","b":"2"},{"a":"3","b":"4"}]"#),
        (r#"csvdecode("a,b\r\n1,\"x,y\"\r\n")"#, r#"[{"a":"1","b":"x,y"}]"#),
        (r#"csvdecode("a,a\n1,2")"#, "!"),
        (r#"csvdecode("a\n\"b\"c")"#, "!"),
        (r#"csvdecode("a\n\"b")"#, "!"),
        (r#"csvdecode("a,b\n1,2,3")"#, "!"),
        (r#"csvdecode("a")"#, "[]"),
        (r#"csvdecode("\n\na\n1")"#, r#"[{"a":"1"}]"#),
        (r#"csvdecode("a,\n1,2")"#, r#"[{"":"2","a":"1"}]"#),
        (r#"csvdecode("é\n \"x\"")"#, "!"),
        (r#"csvdecode("a\n\"x\"\"y\"")"#, r#"[{"a":"x\"y"}]"#),
        (r#"csvdecode("a\n\"x\ny\"\nz")"#, r#"[{"a":"x\ny"},{"a":"z"}]"#),
    ]);
}

#[test]
fn md5() {
    agree(&[(r#"md5("hello")"#, r#""5d41402abc4b2a76b9719d911017c592""#)]);
}

#[test]
fn sha1() {
    agree(&[(r#"sha1("hello")"#, r#""aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d""#)]);
}

#[test]
fn sha256() {
    agree(&[(r#"sha256("héllo")"#, r#""3c48591d8d098a4538f5e013dfcf406e948eac4d3277b10bf614e295d6068179""#)]);
}

#[test]
fn sha512() {
    agree(&[(
        r#"sha512("")"#,
        r#""cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e""#,
    )]);
}

#[test]
fn base64sha256() {
    agree(&[(r#"base64sha256("hello")"#, r#""LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=""#)]);
}

#[test]
fn base64sha512() {
    agree(&[(
        r#"base64sha512("hello")"#,
        r#""m3HSJL1i83hdltRq0+o9czGb+8KJDKra4t/3JRlnPKcjI8PZm6XBHXx6zG4UuMXaDEZjR1wuXDre9G9zvN7AQw==""#,
    )]);
}

#[test]
fn uuidv5() {
    agree(&[
        (r#"uuidv5("url", "https://example.com/")"#, r#""dd2c1780-811a-5296-81c5-178a0ef488bc""#),
        (r#"uuidv5("6ba7b810-9dad-11d1-80b4-00c04fd430c8", "x")"#, r#""05b16a01-46c6-56dd-bd6e-c6dfb4a1427a""#),
        (r#"uuidv5("6ba7b8109dad11d180b400c04fd430c8", "x")"#, r#""05b16a01-46c6-56dd-bd6e-c6dfb4a1427a""#),
        (r#"uuidv5("nope", "x")"#, "!"),
        (r#"uuidv5("x500", "")"#, r#""b4bdf874-8c03-5bd8-8fd7-5e409dfd82c0""#),
    ]);
}
