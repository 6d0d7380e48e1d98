//! The functions of the language: all of Terraform 1.11's, except those that need the evaluator itself (`can`, `try`,
//! `templatefile`, `templatestring`, `type`; they are special forms of [`crate::eval`]).
//!
//! Every function says what it takes and gives in a table ([`Function`]); [`call`] does for all of them what the table
//! says: the number of arguments, their conversion, null, unknown and marked arguments.
mod call;
mod charset;
mod cidr;
mod collection;
mod conversion;
mod csv;
mod date;
mod encoding;
mod file;
mod float;
mod format;
mod gather;
mod glob;
mod grapheme;
mod hash;
mod identifier;
mod mapping;
mod numeric;
mod pattern;
mod re2;
mod rsa;
mod sensitive;
mod set;
mod signature;
mod string;
mod timestamp;
mod verb;
mod yaml;
mod yaml_decode;
mod yaml_encode;

use std::collections::BTreeMap;
use std::sync::LazyLock;

pub use call::{Arguments, call};
pub use signature::{Function, FunctionError, Parameter};

static BY_NAME: LazyLock<BTreeMap<&'static str, &'static Function>> = LazyLock::new(|| {
    let tables = [
        cidr::FUNCTIONS,
        collection::FUNCTIONS,
        conversion::FUNCTIONS,
        csv::FUNCTIONS,
        date::FUNCTIONS,
        encoding::FUNCTIONS,
        file::FUNCTIONS,
        format::FUNCTIONS,
        gather::FUNCTIONS,
        hash::FUNCTIONS,
        identifier::FUNCTIONS,
        mapping::FUNCTIONS,
        numeric::FUNCTIONS,
        pattern::FUNCTIONS,
        rsa::FUNCTIONS,
        sensitive::FUNCTIONS,
        set::FUNCTIONS,
        string::FUNCTIONS,
        yaml::FUNCTIONS,
    ];
    tables.into_iter().flatten().map(|f| (f.name, f)).collect()
});

/// The function of that name, with or without the prefix `core::`.
pub fn lookup(name: &str) -> Option<&'static Function> {
    BY_NAME.get(name.strip_prefix("core::").unwrap_or(name)).copied()
}

/// The names of all functions, sorted.
pub fn names() -> impl Iterator<Item = &'static str> {
    BY_NAME.keys().copied()
}
