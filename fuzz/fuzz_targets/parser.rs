//! Text to trees: native syntax, JSON, expressions, templates, whole modules.
#![no_main]
use ampere_lang::config;
use ampere_lang::eval::references_in_body;
use ampere_lang::source::FileId;
use ampere_lang::syntax::{json_templates, parse_expression, parse_json, parse_native, parse_template};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let (body, _) = parse_native(FileId(0), text);
    let _ = references_in_body(&body);
    let _ = parse_expression(FileId(0), text);
    let _ = parse_template(FileId(0), text);
    let (body, _) = parse_json(FileId(0), text);
    for attribute in body.attributes {
        let _ = json_templates(attribute.value);
    }
    let _ = config::load(vec![("main.tf".into(), text.into())]);
    let _ = config::load(vec![("main.tf.json".into(), text.into())]);
});
