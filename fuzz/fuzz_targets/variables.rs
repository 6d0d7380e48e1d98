//! Files of variables, native and JSON, environment and `-var`: for variables of all types.
#![no_main]
use std::sync::LazyLock;

use ampere_lang::config::variables::{Argument, Sources, VarFile, collect, finish};
use ampere_lang::config::{Module, load};
use libfuzzer_sys::fuzz_target;

static MODULE: LazyLock<Module> = LazyLock::new(|| {
    let text = r#"
        variable "text" { type = string }
        variable "secret" {
          type      = string
          sensitive = true
        }
        variable "customers" {
          type    = map(object({ email = string, size = optional(string, "cx23"), ports = optional(set(number), [1]) }))
          default = {}
        }
        variable "any" { default = null }
    "#;
    load(vec![("main.tf".into(), text.into())]).0
});

fuzz_target!(|text: &str| {
    for name in ["terraform.tfvars", "terraform.tfvars.json"] {
        let mut module = MODULE.clone();
        let sources = Sources {
            environment: vec![("customers".into(), text.into()), ("secret".into(), text.into())],
            files: vec![VarFile { name: name.into(), text: text.into(), automatic: true }],
            arguments: vec![Argument::Var { name: "any".into(), value: text.into() }],
        };
        let (raw, _) = collect(&mut module, &sources);
        let _ = finish(&module, &raw);
    }
});
