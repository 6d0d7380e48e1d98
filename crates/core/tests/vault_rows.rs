//! Objects and outputs survive their rows exactly, and nothing sensitive stands in a row.
mod values;

use ampere_core::address::{Address, InstanceKey};
use ampere_core::identity::ExternalId;
use ampere_core::snapshot::{Object, ObjectKey, OutputValue, StoredObject, StoredSnapshot};
use ampere_core::vault::rows::{
    RowError, account, decode_object, decode_output, encode_object, encode_output, snapshot,
};
use ampere_core::vault::{CodecError, SealError, Sealed};
use ampere_lang::value::{Marks, Number, Path, Value};
use proptest::prelude::*;
use values::{identical, value, vault};

fn object(attributes: Value) -> Object {
    Object {
        id: ExternalId::from("id-1"),
        attributes,
        dependencies: vec!["ampere_account.ada".into(), "ampere_secret.all[\"x\"]".into()],
        create_before_destroy: true,
        tainted: false,
        schema_version: 3,
        sealed: Some(Sealed("amp1.EXAMPLE".into())),
    }
}

fn key(name: &str) -> ObjectKey {
    ObjectKey::current(Address::new("terraform_data", name))
}

fn sensitive(text: &str) -> Value {
    Value::string(text).with_marks(Marks::SENSITIVE)
}

#[test]
fn every_part_of_an_object_comes_back() {
    let vault = vault(1, "prod");
    let keys = [None, Some(InstanceKey::Index(7)), Some(InstanceKey::Key("a\"b${c}\n".into()))];
    for (n, instance) in keys.into_iter().enumerate() {
        let key = ObjectKey {
            address: Address::new("terraform_data", "x").with_key(instance),
            deposed: (n == 1).then(|| "0a1b2c3d".into()),
        };
        let before = object(Value::object([("input", Value::bool(true)), ("secret", sensitive("EXAMPLE"))]));
        let row = encode_object(&key, &before, &vault).unwrap();
        assert_eq!((row.address.clone(), row.external_id.as_str()), (key.address.to_string(), "id-1"));
        let (read, after) = decode_object(&row, &vault).unwrap();
        assert_eq!(read, key);
        assert!(identical(&before.attributes, &after.attributes));
        assert_eq!(after.dependencies, before.dependencies);
        assert_eq!((after.create_before_destroy, after.tainted, after.schema_version), (true, false, 3));
        assert_eq!((after.id, after.sealed), (before.id, before.sealed));
    }
}

#[test]
fn numbers_are_exact() {
    let vault = vault(1, "prod");
    let third = Number::from(1).div(&Number::from(3)).unwrap();
    for n in [
        Number::parse("0.1").unwrap(),
        Number::parse("-0").unwrap(),
        Number::parse("9007199254740993").unwrap(),
        Number::parse("1e300").unwrap(),
        Number::infinity(true),
        third,
    ] {
        let output = OutputValue { value: Value::number(n.clone()), sensitive: false };
        let (_, read) = decode_output(&encode_output("n", &output, &vault).unwrap(), &vault).unwrap();
        assert_eq!(read.value.as_number().unwrap().to_string(), n.to_string());
        assert!(identical(&read.value, &output.value));
    }
}

#[test]
fn nothing_sensitive_stands_in_a_row() {
    let vault = vault(1, "prod");
    let canary = "sk-ant-EXAMPLE-canary";
    // Also names: the attribute names of a sensitive object and the keys of a sensitive map may come from data.
    let named = Value::object([(canary, Value::number(1))]).with_marks(Marks::SENSITIVE);
    let keyed = Value::map(Value::number(1).ty().clone(), [(canary, Value::number(1))]).with_marks(Marks::SENSITIVE);
    let element = Value::list(Value::string("").ty().clone(), [sensitive(canary), Value::string("plain-text")]);
    let nested = Value::tuple([Value::object([("deep", sensitive(canary))])]);
    let attributes =
        Value::object([("a", sensitive(canary)), ("b", named), ("c", keyed), ("d", element), ("e", nested)]);
    let before = object(attributes);
    let row = encode_object(&key("x"), &before, &vault).unwrap();
    assert!(!row.body.contains("canary"), "{}", row.body);
    assert!(row.body.contains("plain-text"), "what is not sensitive stays readable");
    assert_eq!(row.body.matches("amp1.").count(), 5 + 1);
    let (_, after) = decode_object(&row, &vault).unwrap();
    assert!(identical(&after.attributes, &before.attributes));
}

#[test]
fn a_sealed_leaf_does_not_open_in_another_row_or_place() {
    let vault = vault(1, "prod");
    let attributes = || Value::object([("a", sensitive("one")), ("b", sensitive("two"))]);
    let row = encode_object(&key("x"), &object(attributes()), &vault).unwrap();
    let refused = |row: &StoredObject| match decode_object(row, &vault) {
        Err(RowError::Value { source: CodecError::Seal { source, path }, .. }) => (source, path.to_string()),
        other => panic!("{other:?}"),
    };
    let other = encode_object(&key("y"), &object(attributes()), &vault).unwrap();
    let moved = StoredObject { body: other.body.replace("\"y\"", "\"x\""), ..row.clone() };
    assert_eq!(refused(&moved), (SealError::DoesNotOpen, "a".into()));

    let deposed = StoredObject { deposed: "0a1b2c3d".into(), ..row.clone() };
    assert_eq!(refused(&deposed), (SealError::DoesNotOpen, "a".into()));

    let mut body: serde_json::Value = serde_json::from_str(&row.body).unwrap();
    let values = body["attributes"]["value"].as_object_mut().unwrap();
    let (a, b) = (values["a"].clone(), values["b"].clone());
    values["a"] = b;
    values["b"] = a;
    let swapped = StoredObject { body: body.to_string(), ..row.clone() };
    assert_eq!(refused(&swapped), (SealError::DoesNotOpen, "a".into()));
}

#[test]
fn what_belongs_to_an_account_is_sealed_as_a_whole_under_its_key() {
    let vault = vault(1, "prod");
    let of = |account: Value| {
        let server = ("ipv4", Value::string("192.0.2.7"));
        object(Value::object([("account", account), server, ("token", sensitive("EXAMPLE"))]))
    };
    assert_eq!(&*account(&of(Value::string("uid-ada")), &vault), "uid-ada");
    assert_eq!(&*account(&of(sensitive("uid-ada")), &vault), "stack");
    assert_eq!(&*account(&object(Value::object([("a", Value::bool(true))])), &vault), "stack");

    let before = of(Value::string("uid-ada"));
    let ada = encode_object(&key("ada"), &before, &vault).unwrap();
    assert!(!ada.body.contains("192.0.2.7") && !ada.body.contains("ipv4") && !ada.body.contains("token"));
    assert!(identical(&decode_object(&ada, &vault).unwrap().1.attributes, &before.attributes));
    let bob = encode_object(&key("bob"), &of(Value::string("uid-bob")), &vault).unwrap();
    let swapped = StoredObject { body: bob.body.replace("\"bob\"", "\"ada\""), ..ada.clone() };
    let refused = decode_object(&swapped, &vault).unwrap_err();
    let RowError::Value { source: CodecError::Seal { source, .. }, .. } = refused else { panic!("{refused:?}") };
    assert_eq!(source, SealError::DoesNotOpen);

    vault.destroy("uid-ada");
    // What the destroyed key sealed is gone; whose it was is not.
    let (_, left) = decode_object(&ada, &vault).unwrap();
    let names: Vec<_> = left.attributes.entries().unwrap().keys().map(|name| name.to_string()).collect();
    assert_eq!(names, ["account", "id"]);
    assert_eq!(left.attributes.get("account").unwrap().as_str(), Some("uid-ada"));
    decode_object(&bob, &vault).unwrap();
}

#[test]
fn an_account_is_sealed_under_its_own_key() {
    let vault = vault(1, "prod");
    let ada = object(Value::object([("email", Value::string("ada@example.com"))]));
    assert_eq!(&*account(&ada, &vault), "stack", "as long as there is no key for it");
    vault.prepare("id-1").unwrap();
    assert_eq!(&*account(&ada, &vault), "id-1");
    let row = encode_object(&key("ada"), &ada, &vault).unwrap();
    assert!(!row.body.contains("ada@example.com"));
    vault.destroy("id-1");
    let (_, left) = decode_object(&row, &vault).unwrap();
    assert!(left.attributes.get("email").is_none());
}

#[test]
fn an_ephemeral_value_is_refused_with_its_place() {
    let vault = vault(1, "prod");
    let list = Value::list(Value::string("").ty().clone(), [Value::string("EXAMPLE").with_marks(Marks::EPHEMERAL)]);
    let refused = encode_object(&key("x"), &object(Value::object([("a", list)])), &vault).unwrap_err();
    let RowError::Value { address, source: CodecError::Ephemeral { path } } = refused else { panic!("{refused:?}") };
    assert_eq!((address.as_str(), path.to_string().as_str()), ("terraform_data.x", "a[0]"));
}

#[test]
fn absurd_depth_is_refused_before_it_is_written_and_allowed_depth_reads_back() {
    let vault = vault(1, "prod");
    let nested = |levels: usize, marks: Marks| {
        let leaf = Value::string("x").with_marks(marks);
        (1..levels).fold(leaf, |inner, n| {
            let v = if n % 2 == 0 { Value::tuple([inner]) } else { Value::object([("a", inner)]) };
            if n % 9 == 0 { v.with_marks(marks) } else { v }
        })
    };
    let mut deepest = 0;
    for levels in 1..80 {
        for marks in [Marks::NONE, Marks::SENSITIVE] {
            let output = OutputValue { value: nested(levels, marks), sensitive: false };
            match encode_output("deep", &output, &vault) {
                Ok(row) => {
                    let (_, read) = decode_output(&row, &vault).unwrap();
                    assert!(identical(&read.value, &output.value));
                    deepest = levels;
                }
                Err(RowError::Value { source: CodecError::TooDeep { .. }, .. }) => assert!(levels > 30),
                Err(other) => panic!("{other:?}"),
            }
        }
    }
    assert!((40..79).contains(&deepest), "{deepest}");
}

#[test]
fn rows_of_a_newer_version_and_damaged_rows_are_told_without_their_text() {
    let vault = vault(1, "prod");
    let row = encode_object(&key("x"), &object(Value::object([("a", Value::string("EXAMPLE"))])), &vault).unwrap();
    let with = |body: String| decode_object(&StoredObject { body, ..row.clone() }, &vault).map(drop);
    assert_eq!(
        with(row.body.replacen("\"form\":2", "\"form\":3", 1)),
        Err(RowError::Newer { address: "terraform_data.x".into(), found: 3 })
    );
    let damaged = Err(RowError::Damaged { address: "terraform_data.x".into() });
    assert_eq!(with(String::new()), damaged);
    assert_eq!(with(row.body[..row.body.len() / 2].into()), damaged);
    assert_eq!(with(row.body.replace("\"x\"", "\"y\"")), damaged);
    for (from, to) in
        [("\"EXAMPLE\"", "[]"), ("\"EXAMPLE\"", "{}"), ("[\"object\"", "[\"nothing\""), ("{\"a\":\"string\"}", "[]")]
    {
        let broken = row.body.replace(from, to);
        assert_ne!(broken, row.body);
        let refused = with(broken).unwrap_err();
        assert!(matches!(refused, RowError::Value { source: CodecError::Damaged { .. }, .. }), "{refused:?}");
        assert!(!format!("{refused:?} {refused}").contains("EXAMPLE"));
    }
    let empty = with(row.body.replace("[\"object\",{\"a\":\"string\"}]", "[]")).unwrap_err();
    assert_eq!(
        empty,
        RowError::Value { address: "terraform_data.x".into(), source: CodecError::Damaged { path: Path::root() } }
    );
}

#[test]
fn a_snapshot_is_read_whole_or_not_at_all() {
    let vault = vault(1, "prod");
    let objects: Vec<StoredObject> = ["b", "a"]
        .map(|name| encode_object(&key(name), &object(Value::object([("s", sensitive(name))])), &vault).unwrap())
        .into();
    let output = OutputValue { value: sensitive("EXAMPLE"), sensitive: true };
    let outputs = vec![encode_output("token", &output, &vault).unwrap()];
    assert!(!outputs[0].body.contains("EXAMPLE"));
    let keys = vault.keys_to_commit();
    let stored = StoredSnapshot { serial: 9, objects, outputs, keys, ..StoredSnapshot::default() };
    let read = snapshot(&stored, &vault).unwrap();
    assert_eq!(read.serial, 9);
    assert_eq!(read.objects.keys().cloned().collect::<Vec<_>>(), [key("a"), key("b")]);
    assert!(read.outputs["token"].sensitive && identical(&read.outputs["token"].value, &output.value));

    let without_keys = StoredSnapshot { keys: Vec::new(), ..stored.clone() };
    assert_eq!(snapshot(&without_keys, &vault).unwrap_err(), RowError::NoKeys);
    let mut damaged = stored;
    damaged.objects[1].body.truncate(20);
    assert!(snapshot(&damaged, &vault).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_value_survives_its_row(value in value()) {
        let vault = vault(1, "prod");
        let output = OutputValue { value, sensitive: false };
        let row = encode_output("v", &output, &vault).unwrap();
        let (_, read) = decode_output(&row, &vault).unwrap();
        prop_assert!(identical(&read.value, &output.value), "{:?} became {:?}", output.value, read.value);
    }

    #[test]
    fn no_damage_to_a_row_panics(value in value(), at in any::<prop::sample::Index>(), byte in 0x20u8..0x7f) {
        let vault = vault(1, "prod");
        let mut row = encode_output("v", &OutputValue { value, sensitive: false }, &vault).unwrap();
        let mut bytes = row.body.into_bytes();
        let at = at.index(bytes.len());
        if bytes[at].is_ascii() {
            bytes[at] = byte;
        }
        row.body = String::from_utf8(bytes).unwrap();
        let _ = decode_output(&row, &vault);
    }
}

/// As in Terraform, `terraform_data.output` does not inherit the mark of `input`; in the row it is sealed like it.
#[test]
fn what_repeats_a_sensitive_part_is_sealed_and_not_marked() {
    let vault = vault(1, "main");
    let before = object(Value::object([
        ("id", Value::string("plain")),
        ("input", sensitive("CANARY-7f3a")),
        ("output", Value::string("CANARY-7f3a")),
    ]));
    let row = encode_object(&key("a"), &before, &vault).unwrap();
    assert!(!row.body.contains("CANARY") && row.body.contains("plain"), "{}", row.body);
    let (_, after) = decode_object(&row, &vault).unwrap();
    let output = after.attributes.get("output").unwrap();
    assert_eq!(output.as_str(), Some("CANARY-7f3a"));
    assert!(output.marks().is_empty() && after.attributes.get("input").unwrap().marks().sensitive());
}
