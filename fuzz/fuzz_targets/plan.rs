//! A configuration, validated against all kinds.
#![no_main]
use std::sync::{Arc, LazyLock};

use ampere_core::builtin::TerraformData;
use ampere_core::kind::{Kind, Kinds};
use ampere_core::plan::validate;
use ampere_lang::config::load;
use ampere_lang::eval::Nowhere;
use libfuzzer_sys::fuzz_target;

static KINDS: LazyLock<Kinds> = LazyLock::new(|| {
    let mut kinds = ampere_provider::kinds();
    kinds.insert(TerraformData::NAME, Arc::<TerraformData>::default() as Arc<dyn Kind>);
    kinds
});

fuzz_target!(|text: &str| {
    let (module, findings) = load(vec![("main.tf".into(), text.into())]);
    let more = validate(&module, &KINDS, &Nowhere);
    let _ = (findings, more).0.len();
});
