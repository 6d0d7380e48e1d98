//! What functions take from the world: files, clocks, random numbers, the home directory.
use ampere_lang::value::json;

use crate::kit::World;

const FILES: [(&str, &[u8]); 5] = [
    ("README.md", b"# hello\n"),
    ("conf/a.txt", b"a"),
    ("conf/b.md", b"b"),
    ("conf/deep/c.txt", b"c"),
    ("logo.png", &[0x89, 0xff]),
];

fn world() -> World {
    World { files: FILES.into_iter().collect(), planning: false }
}

#[test]
fn files_are_read_and_hashed() {
    let world = world();
    assert_eq!(world.json(r#"file("./conf/../README.md")"#), "# hello\n");
    assert_eq!(world.json(r#"filebase64("logo.png")"#), "if8=");
    assert_eq!(world.json(r#"filesha1("conf/a.txt")"#), "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8");
    assert_eq!(world.json(r#"filemd5("conf/a.txt") == md5("a")"#), true);
    assert_eq!(world.json(r#"filebase64sha256("conf/a.txt") == base64sha256("a")"#), true);
    assert!(world.evaluate(r#"file("logo.png")"#).unwrap_err().contains("are not valid UTF-8; use the filebase64"));
    assert!(world.evaluate(r#"file("nope")"#).unwrap_err().contains(r#"no file exists at "nope""#));
    assert_eq!(world.json(r#"[fileexists("README.md"), fileexists("nope")]"#), serde_json::json!([true, false]));
    assert!(world.evaluate(r#"fileexists("conf")"#).unwrap_err().contains("is a directory, not a file"));
}

#[test]
fn filesets_match_below_their_directory() {
    let world = world();
    let set = |pattern: &str| world.json(pattern).to_string();
    assert_eq!(set(r#"fileset("conf", "*.txt")"#), r#"["a.txt"]"#);
    assert_eq!(set(r#"fileset("conf", "**/*.txt")"#), r#"["a.txt","deep/c.txt"]"#);
    assert_eq!(set(r#"fileset(".", "conf/{a,b}.*")"#), r#"["conf/a.txt","conf/b.md"]"#);
    assert_eq!(set(r#"fileset("conf/deep", "../*.md")"#), r#"["../b.md"]"#);
    assert!(world.evaluate(r#"fileset("conf", "[")"#).is_err());
    assert!(world.evaluate(r#"fileset("conf", "{a,deep/c}.*")"#).is_err());
}

#[test]
fn a_path_that_is_secret_stays_out_of_messages() {
    let message = world().evaluate("file(var.secret)").unwrap_err();
    assert!(message.contains("no file exists at (sensitive value)"), "{message}");
    assert!(!message.contains("hunter2"));
}

#[test]
fn paths_are_those_of_unix() {
    let world = world();
    assert_eq!(world.json(r#"pathexpand("~/x")"#), "/home/ada/x");
    assert_eq!(world.json(r#"abspath("a/../b")"#), "/stack/b");
    assert_eq!(
        world.json(r#"[basename("/a/b.txt"), dirname("/a/b.txt"), dirname("a")]"#).to_string(),
        r#"["b.txt","/a","."]"#
    );
    assert!(world.evaluate(r#"pathexpand("~bob")"#).is_err());
}

#[test]
fn clocks_and_random_numbers_wait_for_the_apply() {
    let apply = world();
    assert_eq!(apply.json("timestamp()"), "2026-01-02T03:04:06Z");
    assert_eq!(apply.json("plantimestamp()"), "2026-01-02T03:04:05Z");
    assert_eq!(apply.json("uuid()"), "07070707-0707-4707-8707-070707070707");
    assert!(apply.json(r#"bcrypt("secret", 4)"#).as_str().is_some_and(|hash| hash.starts_with("$2a$04$")));
    let plan = World { planning: true, ..World::default() };
    for call in ["timestamp()", "uuid()", r#"bcrypt("secret")"#] {
        let value = plan.evaluate(call).unwrap();
        assert!(!value.is_known() && value.is_definitely_not_null(), "{call}");
    }
}

/// A key of 128 bits, made for this test: modulus, exponents, and a text encrypted with it.
#[test]
fn rsa_decrypts_what_its_public_key_encrypted() {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use dashu_int::UBig;
    use dashu_int::fast_div::ConstDivisor;

    let number = |text: &str| UBig::from_str_radix(text, 10).unwrap();
    let (p, q) = (number("18446744073709551557"), number("18446744073709551533"));
    let (modulus, public) = (&p * &q, UBig::from(65537u32));
    let order = (&p - UBig::ONE) * (&q - UBig::ONE);
    let mut private = UBig::ONE;
    // The inverse of the public exponent: the least k with (k * order + 1) divisible by it.
    for k in 1u32..65537 {
        let candidate = UBig::from(k) * &order + UBig::ONE;
        if (&candidate % &public).is_zero() {
            private = candidate / &public;
            break;
        }
    }
    let integer = |n: &UBig| {
        let mut bytes = n.to_be_bytes().to_vec();
        bytes.insert(0, 0);
        [vec![2, bytes.len() as u8], bytes].concat()
    };
    let fields = [integer(&UBig::ZERO), integer(&modulus), integer(&public), integer(&private)].concat();
    let der = [vec![0x30, fields.len() as u8], fields].concat();
    let pem = |label: &str, der: &[u8]| {
        format!("-----BEGIN {label}-----\\n{}\\n-----END {label}-----\\n", STANDARD.encode(der))
    };
    let padded = UBig::from_be_bytes(b"\x02\x01\x02\x03\x04\x05\x06\x07\x08\x00ahoy!");
    let cipher = ConstDivisor::new(modulus).reduce(padded).pow(&public).residue().to_be_bytes();
    let cipher = STANDARD.encode(&cipher);
    let call = format!(r#"rsadecrypt("{cipher}", "{}")"#, pem("RSA PRIVATE KEY", &der));
    assert_eq!(json::to_json(&world().evaluate(&call).unwrap()).unwrap(), "ahoy!");
    let broken = format!(r#"rsadecrypt("{cipher}", "{}")"#, pem("RSA PRIVATE KEY", &der[..20]));
    assert!(world().evaluate(&broken).unwrap_err().contains("invalid ASN1 data in the given private key"));
}
