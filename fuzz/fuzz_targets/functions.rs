//! Each function of the language with texts and numbers of all sorts: its name, then its arguments, parted by tabs.
#![no_main]
use std::sync::LazyLock;

use ampere_lang::eval::Nowhere;
use ampere_lang::functions::{call, lookup, names};
use ampere_lang::value::{Number, Type, Value};
use libfuzzer_sys::fuzz_target;

/// Those that are slow by design are left to their own tests.
static NAMES: LazyLock<Vec<&str>> = LazyLock::new(|| names().filter(|name| *name != "bcrypt").collect());

fn argument(text: &str) -> Value {
    match text.split_at_checked(1) {
        Some(("#", number)) => Number::parse(number).map_or_else(|| Value::string(text), Value::number),
        Some(("[", list)) => Value::list(Type::String, list.split(',').map(Value::string)),
        Some(("(", list)) => Value::tuple(list.split(',').map(argument)),
        Some(("{", object)) => {
            Value::object(object.split(',').filter_map(|entry| entry.split_once('=')).map(|(k, v)| (k, argument(v))))
        }
        Some(("?", _)) => Value::unknown(Type::String),
        Some(("~", _)) => Value::null(Type::Dynamic),
        _ => Value::string(text),
    }
}

fuzz_target!(|text: &str| {
    let mut parts = text.split('\t');
    let asked = parts.next().unwrap_or_default();
    // What names none still picks one.
    let name = match NAMES.contains(&asked) {
        true => asked,
        false => NAMES[asked.bytes().map(usize::from).sum::<usize>() % NAMES.len()],
    };
    let arguments: Vec<Value> = parts.map(argument).collect();
    let function = lookup(name).expect("it is named");
    if let Ok(value) = call(function, &arguments, &Nowhere) {
        let _ = ampere_lang::value::json::to_json(&value);
    }
});
