//! Numbers, conversion, unification, sets and JSON: the rules of Terraform's value system.
use ampere_lang::value::{Number, Type, Value, convert::convert, json, unify::unify};

fn n(text: &str) -> Number {
    Number::parse(text).unwrap_or_else(|| panic!("{text} is no number"))
}

#[test]
fn numbers_print_the_fewest_digits_that_read_back() {
    for text in ["0", "1", "-1", "0.1", "0.0000001", "123456789012345678901234567890", "1.5", "100", "-0"] {
        assert_eq!(n(text).to_string(), text);
    }
    assert_eq!(n("1e100").to_string(), format!("1{}", "0".repeat(100)));
    // Wider than a format string can say.
    assert_eq!(n("1e70000").to_string().len(), 70_001);
    assert_eq!(n("1e-70000").to_string().len(), 70_002);
    assert_eq!(n("1p3").to_string(), "8");
    assert_eq!(n(".5").to_string(), "0.5");
    let third = n("1").div(&n("3")).unwrap();
    assert_eq!(third.to_string(), format!("0.{}5", "3".repeat(154)));
    assert_eq!(third.mul(&n("3")).unwrap(), n("1"));
    assert_eq!(Number::from(1).div(&Number::from(3)).unwrap().to_string(), "0.33333333333333333334");
    let root = Number::from_f64(2f64.powf(0.5)).unwrap();
    assert_eq!(root.to_string(), "1.4142135623730951");
    assert_eq!(root, n("1.4142135623730951"));
    assert!(root.compare(&n("1.4142135623730951")).is_gt());
    assert_eq!(root.mul(&n("1")).unwrap().to_string(), "1.4142135623730951454746218587388284504413604736328125");
    assert_eq!(n("0.1").add(&n("0.2")).unwrap(), n("0.3"));
}

#[test]
fn remainders_and_infinities_follow_terraform() {
    assert_eq!(n("-7").rem(&n("3")).unwrap(), n("-1"));
    assert_eq!(n("7.5").rem(&n("2")).unwrap(), n("1.5"));
    assert_eq!(n("5.5").rem(&n("0.1")).unwrap(), n("0"));
    assert_eq!(n("1").rem(&n("0.3")).unwrap().to_string(), format!("0.0{}55", "9".repeat(153)));
    assert_eq!(n("1").rem(&n("0")).unwrap(), n("1"));
    assert!(n("1").rem(&Number::infinity(false)).is_none());
    assert!(n("0").div(&n("0")).is_none());
    assert_eq!(n("1").div(&n("0")).unwrap(), Number::infinity(false));
    assert_eq!(n("1e999999999"), Number::infinity(false));
    assert_eq!(n("1e-9999999999"), n("0"));
    assert_eq!(n("0").mul(&n("-1")).unwrap().to_string(), "-0");
}

#[test]
fn range_steps_accumulate_as_in_terraform() {
    let mut x = Number::from(0);
    let mut seen = Vec::new();
    for _ in 0..10 {
        seen.push(x.to_string());
        x = x.add(&n("0.1")).unwrap();
    }
    assert_eq!(seen[6], "0.6");
    assert_eq!(seen[7], format!("0.7{}6", "0".repeat(153)));
}

#[test]
fn sets_are_sorted_and_without_repeats() {
    let set = Value::set(Type::String, ["b", "a", "b"].map(Value::string));
    let texts: Vec<_> = set.elements().unwrap().iter().map(|v| v.as_str().unwrap()).collect();
    assert_eq!(texts, ["a", "b"]);
}

#[test]
fn a_string_beats_a_number() {
    assert_eq!(unify(&[Type::Number, Type::String]), Some(Type::String));
    let tuples = [Type::tuple([Type::Number]), Type::tuple([Type::String, Type::Bool])];
    assert_eq!(unify(&tuples), Some(Type::list(Type::String)));
}

#[test]
fn conversion_errors_name_the_place_and_not_the_value() {
    let v = Value::object([("ports", Value::tuple([Value::number(1), Value::string("hunter2")]))]);
    let ty = Type::object([("ports", Type::list(Type::Number))]);
    assert_eq!(convert(&v, &ty).unwrap_err().to_string(), "ports[1]: a number is required");
}

#[test]
fn json_round_trips_exactly() {
    let text = r#"{"a":[1,2.50,"\u003cb\u003e",null,true],"b":{}}"#;
    assert_eq!(json::encode(&json::decode(text).unwrap()).unwrap(), text.replace("2.50", "2.5"));
    assert!(json::decode("{\"a\": hunter2}").unwrap_err().to_string().contains("line 1, column"));
}
