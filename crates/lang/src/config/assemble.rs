//! Files to one module: primary files add up, override files change what is there.
//!
//! Overriding happens on blocks before they are decoded: an argument of the override takes the place of the same argument,
//! nested blocks of a type take the place of all nested blocks of that type, and `lifecycle` is merged the same way inside.
use std::collections::HashMap;
use std::sync::Arc;

use super::constant::constant_string;
use super::schema::{Schema, expressions_of, split_blocks};
use super::{Module, decode};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::{SourceMap, Span};
use crate::syntax::ast::{Attribute, Block, Body};

const FILE: Schema = Schema {
    attributes: &[],
    blocks: &[
        ("terraform", &[]),
        ("required_providers", &[]),
        ("provider", &["name"]),
        ("variable", &["name"]),
        ("locals", &[]),
        ("output", &["name"]),
        ("module", &["name"]),
        ("resource", &["type", "name"]),
        ("data", &["type", "name"]),
        ("ephemeral", &["type", "name"]),
        ("moved", &[]),
        ("removed", &[]),
        ("import", &[]),
        ("check", &["name"]),
    ],
};

/// What makes a block the same as another: its type, its labels, and for a provider its alias.
type Key = (Arc<str>, Vec<Arc<str>>);

/// The blocks of all files, before they are decoded.
#[derive(Default)]
pub(super) struct Assembly {
    blocks: Vec<Block>,
    by_key: HashMap<Key, usize>,
    locals: Vec<Attribute>,
    local_by_name: HashMap<Arc<str>, usize>,
    pub(super) diags: Diagnostics,
}

impl Assembly {
    /// Adds a primary file.
    pub(super) fn append(&mut self, body: Body, sources: &SourceMap) {
        for block in self.file_blocks(body) {
            match &*block.block_type {
                "locals" => self.append_locals(block, sources),
                _ => self.append_block(block, sources),
            }
        }
    }

    /// Applies an override file.
    pub(super) fn merge(&mut self, body: Body) {
        for block in self.file_blocks(body) {
            match &*block.block_type {
                "locals" => self.override_locals(block),
                "terraform" => self.override_terraform(block),
                kind @ ("moved" | "removed" | "import" | "check") => {
                    let detail = format!("Override files cannot contain {kind:?} blocks. Put it into a primary file.");
                    let summary = match kind {
                        "check" => "Can't override check blocks".to_owned(),
                        _ => format!("Cannot override '{kind}' blocks"),
                    };
                    self.error(block.header, summary, detail);
                }
                _ => self.override_block(block),
            }
        }
    }

    /// Decodes everything.
    pub(super) fn decode(mut self) -> (Module, Diagnostics) {
        let mut module = Module::default();
        for block in self.blocks {
            decode::block(block, &mut module, &mut self.diags);
        }
        for entry in self.locals {
            decode::local(entry, &mut module, &mut self.diags);
        }
        (module, self.diags)
    }

    fn error(&mut self, span: Span, summary: impl Into<String>, detail: impl Into<String>) {
        self.diags.push(Diagnostic::error(summary, detail).at(span));
    }

    fn file_blocks(&mut self, body: Body) -> Vec<Block> {
        let mut blocks = FILE.content(body, &mut self.diags).blocks;
        blocks.retain(|block| {
            let stray = &*block.block_type == "required_providers";
            if stray {
                let detail = "A \"required_providers\" block must be nested inside a \"terraform\" block.";
                self.diags.push(Diagnostic::error("Invalid required_providers block", detail).at(block.type_span));
            }
            !stray
        });
        blocks
    }

    fn append_block(&mut self, block: Block, sources: &SourceMap) {
        if let Some(key) = key_of(&block) {
            if let Some(first) = self.by_key.get(&key) {
                let finding = duplicate(&block, &self.blocks[*first], &key, sources);
                self.diags.push(finding);
                return;
            }
            self.by_key.insert(key, self.blocks.len());
        }
        self.blocks.push(block);
    }

    fn append_locals(&mut self, block: Block, sources: &SourceMap) {
        for entry in self.local_entries(block) {
            match self.local_by_name.get(&entry.name) {
                Some(first) => {
                    let place = place(self.locals[*first].name_span, sources);
                    let detail = format!(
                        "A local value named {:?} was already defined at {place}. Local value names must be unique within a module.",
                        entry.name
                    );
                    self.error(entry.name_span, "Duplicate local value definition", detail);
                }
                None => {
                    self.local_by_name.insert(entry.name.clone(), self.locals.len());
                    self.locals.push(entry);
                }
            }
        }
    }

    fn local_entries(&mut self, mut block: Block) -> Vec<Attribute> {
        split_blocks(&mut block.body, &[], &mut self.diags);
        expressions_of(&mut block.body, &mut self.diags);
        for inner in &block.body.blocks {
            let detail = format!(
                "Blocks of type {:?} are not expected here: a locals block holds arguments only.",
                inner.block_type
            );
            let summary = format!("Unexpected {:?} block", inner.block_type);
            self.diags.push(Diagnostic::error(summary, detail).at(inner.type_span));
        }
        block.body.attributes
    }

    fn override_locals(&mut self, block: Block) {
        for entry in self.local_entries(block) {
            match self.local_by_name.get(&entry.name) {
                Some(base) => self.locals[*base] = entry,
                None => {
                    let detail = format!(
                        "There is no local value named {:?}. An override file can only override a local value that was already defined in a primary configuration file.",
                        entry.name
                    );
                    self.error(entry.name_span, "Missing base local value definition to override", detail);
                }
            }
        }
    }

    /// Versions and the backend of an override replace those of all primary files, required providers one by one.
    fn override_terraform(&mut self, mut block: Block) {
        split_blocks(&mut block.body, TERRAFORM_BLOCKS, &mut self.diags);
        let versions = block.body.attributes.iter().any(|a| &*a.name == "required_version");
        let backend = block.body.blocks.iter().any(|b| matches!(&*b.block_type, "backend" | "cloud"));
        let providers = block.body.blocks.iter().filter(|b| &*b.block_type == "required_providers");
        let providers: Vec<_> = providers.flat_map(|b| &b.body.attributes).map(|a| a.name.clone()).collect();
        for base in self.blocks.iter_mut().filter(|b| &*b.block_type == "terraform") {
            split_blocks(&mut base.body, TERRAFORM_BLOCKS, &mut self.diags);
            base.body.attributes.retain(|a| !(versions && &*a.name == "required_version"));
            base.body.blocks.retain(|b| !(backend && matches!(&*b.block_type, "backend" | "cloud")));
            for inner in base.body.blocks.iter_mut().filter(|b| &*b.block_type == "required_providers") {
                inner.body.attributes.retain(|a| !providers.contains(&a.name));
            }
        }
        self.blocks.push(block);
    }

    fn override_block(&mut self, mut block: Block) {
        let Some(key) = key_of(&block) else { return };
        let known = if matches!(&*block.block_type, "resource" | "data" | "ephemeral") {
            decode::RESOURCE.blocks
        } else {
            VARIABLE_BLOCKS
        };
        split_blocks(&mut block.body, known, &mut self.diags);
        self.forbid_unsupported(&block);
        let Some(base) = self.by_key.get(&key) else {
            // A default provider configuration exists even where none is written.
            if &*block.block_type == "provider" && key.1.len() == 1 {
                self.by_key.insert(key, self.blocks.len());
                self.blocks.push(block);
            } else {
                self.diags.push(missing_base(&block));
            }
            return;
        };
        let base = &mut self.blocks[*base];
        split_blocks(&mut base.body, known, &mut self.diags);
        point_at_override(base, &block);
        merge_bodies(&mut base.body, block.body, &mut self.diags);
    }

    /// What Terraform does not let an override change.
    fn forbid_unsupported(&mut self, block: &Block) {
        for attribute in block.body.attributes.iter().filter(|a| &*a.name == "depends_on") {
            self.error(attribute.value.span, "Unsupported override", "The depends_on argument may not be overridden.");
        }
        let lifecycles =
            block.body.blocks.iter().filter(|b| &*b.block_type == "lifecycle").flat_map(|b| &b.body.blocks);
        for inner in block.body.blocks.iter().chain(lifecycles) {
            if let kind @ ("validation" | "precondition" | "postcondition") = &*inner.block_type {
                let detail = format!("Override files cannot override {kind:?} blocks.");
                self.error(inner.header, format!("Can't override {kind} blocks"), detail);
            }
        }
    }
}

const TERRAFORM_BLOCKS: &[(&str, &[&str])] =
    &[("backend", &["type"]), ("cloud", &[]), ("required_providers", &[]), ("provider_meta", &["provider"])];

const VARIABLE_BLOCKS: &[(&str, &[&str])] = &[("validation", &[]), ("precondition", &[])];

/// When an override changes only the type of a variable, a default that no longer fits is a fault of the override.
fn point_at_override(base: &mut Block, over: &Block) {
    let sets = |name: &str| over.body.attributes.iter().any(|a| &*a.name == name);
    if &*over.block_type == "variable" && sets("type") && !sets("default") {
        let default = base.body.attributes.iter_mut().find(|a| &*a.name == "default");
        default.into_iter().for_each(|a| a.value.span = over.header);
    }
}

fn key_of(block: &Block) -> Option<Key> {
    let mut labels: Vec<Arc<str>> = block.labels.iter().map(|label| label.text.clone()).collect();
    match &*block.block_type {
        "provider" => {
            let alias = block.body.attributes.iter().find(|a| &*a.name == "alias");
            // A bad alias is reported where the block is decoded.
            labels.extend(alias.and_then(|a| constant_string(&a.value, &mut Diagnostics::new())));
        }
        "terraform" | "moved" | "removed" | "import" => return None,
        _ => {}
    }
    Some((block.block_type.clone(), labels))
}

/// `main.tf:3,1-20`, as Terraform writes places.
pub(super) fn place(span: Span, sources: &SourceMap) -> String {
    let name = sources.get(span.file).map_or("(configuration)", |file| file.name.as_str());
    match span.start.line == span.end.line {
        true => format!("{name}:{},{}-{}", span.start.line, span.start.column, span.end.column),
        false => format!("{name}:{},{}", span.start.line, span.start.column),
    }
}

fn duplicate(block: &Block, first: &Block, key: &Key, sources: &SourceMap) -> Diagnostic {
    let place = place(first.header, sources);
    let name = block.labels.last().map_or("", |label| &label.text);
    let (summary, detail) = match &*block.block_type {
        "variable" => (
            "Duplicate variable declaration".to_owned(),
            format!(
                "A variable named {name:?} was already declared at {place}. Variable names must be unique within a module."
            ),
        ),
        "output" => (
            "Duplicate output definition".to_owned(),
            format!(
                "An output named {name:?} was already defined at {place}. Output names must be unique within a module."
            ),
        ),
        "module" => (
            "Duplicate module call".to_owned(),
            format!(
                "A module call named {name:?} was already defined at {place}. Module calls must have unique names within a module."
            ),
        ),
        "provider" => (
            "Duplicate provider configuration".to_owned(),
            match key.1.get(1) {
                Some(alias) => format!(
                    "A provider configuration for {name:?} with alias {alias:?} was already given at {place}. Each configuration for the same provider must have a distinct alias."
                ),
                None => format!(
                    "A default (non-aliased) provider configuration for {name:?} was already given at {place}. If several are required, set the \"alias\" argument for the others."
                ),
            },
        ),
        "check" => (
            format!("Duplicate check {name:?} configuration"),
            format!(
                "A check block named {name:?} was already declared at {place}. Check blocks must be unique within each module."
            ),
        ),
        kind => {
            let resource_type = &block.labels[0].text;
            let what = match kind {
                "resource" => String::new(),
                _ => format!("{kind} "),
            };
            (
                format!(
                    "Duplicate {}{resource_type:?} configuration",
                    if kind == "resource" { "resource " } else { &what }
                ),
                format!(
                    "A {resource_type} {what}resource named {name:?} was already declared at {place}. Resource names must be unique per type in each module."
                ),
            )
        }
    };
    Diagnostic::error(summary, detail).at(block.header)
}

fn missing_base(block: &Block) -> Diagnostic {
    let what = match &*block.block_type {
        "variable" => "variable declaration",
        "output" => "output definition",
        "module" => "module call",
        "provider" => "provider configuration",
        _ => "resource",
    };
    let labels: Vec<&str> = block.labels.iter().map(|label| &*label.text).collect();
    let detail = format!(
        "There is no {} {}. An override file can only override what was already defined in a primary configuration file.",
        block.block_type,
        labels.join(".")
    );
    let summary = match &*block.block_type {
        "provider" => "Missing base provider configuration for override".to_owned(),
        "resource" | "data" | "ephemeral" | "module" => format!("Missing {what} to override"),
        _ => format!("Missing base {what} to override"),
    };
    Diagnostic::error(summary, detail).at(block.header)
}

/// Puts the items of an override over those of a base.
fn merge_bodies(base: &mut Body, over: Body, diags: &mut Diagnostics) {
    for attribute in over.attributes {
        match base.attributes.iter_mut().find(|a| a.name == attribute.name) {
            Some(old) => *old = attribute,
            None => base.attributes.push(attribute),
        }
    }
    let kind_of = |block: &Block| match (&*block.block_type, block.labels.first()) {
        ("dynamic", Some(label)) => label.text.clone(),
        _ => block.block_type.clone(),
    };
    let replaced: Vec<_> = over.blocks.iter().map(kind_of).filter(|kind| &**kind != "lifecycle").collect();
    base.blocks.retain(|block| !replaced.contains(&kind_of(block)));
    for mut block in over.blocks {
        let old = base.blocks.iter_mut().find(|b| &*b.block_type == "lifecycle");
        match old {
            Some(old) if &*block.block_type == "lifecycle" => {
                split_blocks(&mut old.body, decode::LIFECYCLE.blocks, diags);
                split_blocks(&mut block.body, decode::LIFECYCLE.blocks, diags);
                merge_bodies(&mut old.body, block.body, diags);
            }
            _ => base.blocks.push(block),
        }
    }
}
