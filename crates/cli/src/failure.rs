//! Why a command ended early.
use std::sync::Arc;

use ampere_core::lang::diagnostic::{Diagnostic, Diagnostics};
use ampere_core::lang::source::SourceMap;

use crate::exit::Exit;

/// Findings that end a command, and the exit code they mean.
#[derive(Debug)]
pub struct Failure {
    /// What was found; at least one error.
    pub findings: Diagnostics,
    /// The files the findings point into.
    pub sources: Arc<SourceMap>,
    /// How the process ends.
    pub exit: Exit,
}

impl Failure {
    /// One error that is about no file.
    pub fn new(exit: Exit, summary: impl Into<String>, detail: impl Into<String>) -> Failure {
        Failure { findings: Diagnostic::error(summary, detail).into(), sources: Arc::default(), exit }
    }

    /// One error that is about no file, with exit code 1.
    pub fn error(summary: impl Into<String>, detail: impl Into<String>) -> Failure {
        Failure::new(Exit::Failure, summary, detail)
    }

    /// Findings about a configuration, with exit code 1.
    pub fn findings(findings: Diagnostics, sources: Arc<SourceMap>) -> Failure {
        Failure { findings, sources, exit: Exit::Failure }
    }
}
