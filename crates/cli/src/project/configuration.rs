//! The configuration files of the current directory.
use std::path::Path;
use std::sync::Arc;

use ampere_core::lang::config::{self, Module};
use ampere_core::lang::diagnostic::{Diagnostic, Diagnostics};
use ampere_core::lang::limits::{MAX_CONFIGURATION_BYTES, MAX_FILE_BYTES};
use ampere_core::lang::source::SourceMap;

use super::bounded;
use crate::failure::Failure;

/// A configuration that was read, and what was found in it.
pub struct Configuration {
    /// The decoded blocks.
    pub module: Module,
    /// All findings so far.
    pub findings: Diagnostics,
    /// Whether there was any file at all.
    pub is_empty: bool,
}

impl Configuration {
    /// Reads the configuration files of a directory.
    ///
    /// # Errors
    /// The directory or a file cannot be read. What is wrong inside the files is among the findings.
    pub fn read(directory: &Path) -> Result<Configuration, Failure> {
        let mut sources = Vec::new();
        let mut unreadable = Diagnostics::new();
        let mut length = 0;
        for name in file_names(directory)? {
            match read_text(&directory.join(&name), &name) {
                // What is too much in all is found by `load`; until then no more of it is read.
                Ok(_) if length > MAX_CONFIGURATION_BYTES => {}
                Ok(text) => {
                    length += text.len();
                    sources.push((name, text));
                }
                Err(finding) => unreadable.push(finding),
            }
        }
        let is_empty = sources.is_empty();
        let (module, mut findings) = config::load(sources);
        findings.extend(unreadable);
        Ok(Configuration { module, findings, is_empty })
    }

    /// The module, if nothing in it is wrong and there is something in it.
    ///
    /// # Errors
    /// What was found, or that there are no files.
    pub fn sound(self) -> Result<(Module, Diagnostics), Failure> {
        if self.is_empty && self.findings.is_empty() {
            let detail = "Plan requires configuration to be present. Planning without a configuration would mark \
                          everything for destruction, which is normally not what is desired. If you would like to destroy \
                          everything, run plan with the -destroy option. Otherwise, create a file like main.tf first.";
            return Err(Failure::error("No configuration files", detail));
        }
        self.sound_or_empty()
    }

    /// The module, if nothing in it is wrong; it may be empty.
    ///
    /// # Errors
    /// What was found.
    pub fn sound_or_empty(self) -> Result<(Module, Diagnostics), Failure> {
        if self.findings.has_errors() {
            let sources = self.sources();
            return Err(Failure::findings(self.findings, sources));
        }
        Ok((self.module, self.findings))
    }

    /// Name and text of every file.
    pub fn texts(&self) -> Vec<(String, String)> {
        self.module.sources.iter().map(|(_, file)| (file.name.clone(), file.text.to_string())).collect()
    }

    /// The files that findings point into.
    pub fn sources(&self) -> Arc<SourceMap> {
        self.module.sources.clone()
    }
}

/// Whether a file belongs to a configuration by its name.
pub fn is_configuration_file(name: &str) -> bool {
    let hidden = name.starts_with(['.', '#']) || name.ends_with('~');
    !hidden && (name.ends_with(".tf") || name.ends_with(".tf.json"))
}

fn file_names(directory: &Path) -> Result<Vec<String>, Failure> {
    let unreadable = |error: std::io::Error| {
        let detail = format!("The configuration directory {} cannot be read: {error}.", directory.display());
        Failure::error("Failed to read module directory", detail)
    };
    let mut names = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let is_directory = std::fs::metadata(entry.path()).is_ok_and(|found| found.is_dir());
        if let (false, Ok(name)) = (is_directory, entry.file_name().into_string())
            && is_configuration_file(&name)
        {
            names.push(name);
        }
    }
    names.sort_unstable();
    Ok(names)
}

/// Reads a file that must be text.
///
/// # Errors
/// It is not there, cannot be read, is longer than a file may be, or is not UTF-8.
pub fn read_text(path: &Path, name: &str) -> Result<String, Diagnostic> {
    let bytes = bounded::read(path, MAX_FILE_BYTES).map_err(|error| {
        Diagnostic::error("Failed to read file", format!("The file {name} could not be read: {error}."))
    })?;
    String::from_utf8(bytes).map_err(|error| {
        let detail =
            format!("The file {name} is not encoded in UTF-8 from byte {} on.", error.utf8_error().valid_up_to());
        Diagnostic::error("Invalid character encoding", detail)
    })
}
