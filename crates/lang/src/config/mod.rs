//! A configuration directory, decoded: what each block says, before anything is evaluated.
mod assemble;
mod constant;
mod decode;
mod module;
mod schema;
mod suggest;
mod traversal;
mod type_constraint;
pub mod variables;
mod version;

use std::sync::Arc;

pub use module::*;
pub use schema::{Content, Schema, split_blocks};
pub use traversal::parse_resource_address;
pub use version::LANGUAGE_VERSION;

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::limits::{MAX_CONFIGURATION_BYTES, MAX_FILE_BYTES};
use crate::source::SourceMap;
use crate::syntax;
use assemble::Assembly;

/// Reads the files of a configuration directory: names relative to it, and texts.
///
/// Files that are no configuration by their names are left aside. Primary files come first, in the order of their names,
/// then override files (`override.tf`, `*_override.tf` and their JSON forms) in that order. All findings are reported at
/// once: a file with a syntax error still contributes the rest of its blocks.
///
/// ```
/// use ampere_lang::config::load;
/// let main = "resource \"terraform_data\" \"a\" {\n  input = 1\n}\n";
/// let (module, findings) = load(vec![("main.tf".into(), main.into())]);
/// assert!(findings.is_empty());
/// assert_eq!(module.resources.len(), 1);
/// ```
pub fn load(mut sources: Vec<(String, String)>) -> (Module, Diagnostics) {
    sources.retain(|(name, _)| FileKind::of(name).is_some());
    sources.sort_by(|(a, _), (b, _)| a.cmp(b));
    let mut map = SourceMap::default();
    let mut assembly = Assembly::default();
    let mut overrides = Vec::new();
    let mut length = 0usize;
    for (name, text) in sources {
        let Some(kind) = FileKind::of(&name) else { continue };
        length = length.saturating_add(text.len());
        if let Some(finding) = too_long(&name, text.len(), length) {
            assembly.diags.push(finding);
            continue;
        }
        let text: Arc<str> = text.into();
        let file = map.add(name, text.clone());
        let (body, problems) = match kind.json {
            true => syntax::parse_json(file, &text),
            false => syntax::parse_native(file, &text),
        };
        assembly.diags.extend(problems);
        match kind.overrides {
            true => overrides.push(body),
            false => assembly.append(body, &map),
        }
    }
    for body in overrides {
        assembly.merge(body);
    }
    let (mut module, diags) = assembly.decode();
    module.sources = Arc::new(map);
    (module, diags)
}

/// The finding about a file that is longer than one may be, or with which the configuration becomes so.
pub(crate) fn too_long(name: &str, file: usize, configuration: usize) -> Option<Diagnostic> {
    let (what, most) = match file > MAX_FILE_BYTES {
        true => (format!("The file {name} is"), MAX_FILE_BYTES),
        false if configuration > MAX_CONFIGURATION_BYTES => {
            (format!("With {name} the files of the configuration are"), MAX_CONFIGURATION_BYTES)
        }
        false => return None,
    };
    let detail = format!(
        "{what} longer than {} MiB. Keep data in files that are read by jsondecode(file(…)) or csvdecode(file(…)), or split the \
         stack.",
        most >> 20
    );
    Some(Diagnostic::error("Configuration too large", detail))
}

/// What kind of configuration file a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct FileKind {
    json: bool,
    overrides: bool,
}

impl FileKind {
    fn of(name: &str) -> Option<FileKind> {
        let (stem, json) = match name.strip_suffix(".tf.json") {
            Some(stem) => (stem, true),
            None => (name.strip_suffix(".tf")?, false),
        };
        // Hidden files and what editors leave behind.
        if name.contains('/') || name.starts_with(['.', '#']) || name.ends_with('~') {
            return None;
        }
        Some(FileKind { json, overrides: stem == "override" || stem.ends_with("_override") })
    }
}
