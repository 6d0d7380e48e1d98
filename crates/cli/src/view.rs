//! What a command shows while it works, for people or for programs.
use ampere_core::lang::diagnostic::{Diagnostic, Diagnostics, Severity};
use ampere_core::lang::source::SourceMap;
use ampere_core::render::Text;
use ampere_core::render::diagnostic;
use ampere_core::render::json::ui;
use jiff::Timestamp;

use crate::args::ViewArgs;
use crate::commands::version::TERRAFORM_VERSION;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::terminal::Terminal;

/// How a command speaks.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// Where it speaks.
    pub terminal: &'a Terminal,
    /// One JSON object a line instead of text.
    pub json: bool,
    /// Warnings by their summaries only.
    pub compact_warnings: bool,
}

impl<'a> View<'a> {
    /// A view as the command line asks for; a JSON stream begins with the version.
    pub fn new(terminal: &'a Terminal, args: &ViewArgs) -> View<'a> {
        let view = View { terminal, json: args.json, compact_warnings: args.compact_warnings };
        if view.json {
            view.message(&ui::version(Timestamp::now(), env!("CARGO_PKG_VERSION"), TERRAFORM_VERSION));
        }
        view
    }

    /// A view for people.
    pub fn human(terminal: &'a Terminal) -> View<'a> {
        View { terminal, json: false, compact_warnings: false }
    }

    /// Writes a message of the stream.
    pub fn message(&self, message: &serde_json::Value) {
        self.terminal.line(message.to_string());
    }

    /// Writes text for people; a stream gets nothing.
    pub fn text(&self, text: &Text) {
        if !self.json {
            self.terminal.out(text);
        }
    }

    /// Writes a line of news: for people to standard output, in a stream as a log message.
    pub fn news(&self, line: &str) {
        if self.json {
            self.message(&ui::log(Timestamp::now(), line));
        } else {
            self.terminal.line(line);
        }
    }

    /// Writes a remark that is no result: for people to standard error, in a stream as a log message.
    pub fn aside(&self, line: &str) {
        if self.json {
            self.message(&ui::log(Timestamp::now(), line));
        } else {
            self.terminal.err(&format!("{line}\n").into());
        }
    }

    /// Writes findings: for people warnings to standard output and errors to standard error.
    pub fn findings(&self, findings: &Diagnostics, sources: &SourceMap) {
        if self.json {
            for finding in findings.iter() {
                self.message(&ui::finding(Timestamp::now(), finding, sources));
            }
            return;
        }
        let (warnings, errors): (Vec<&Diagnostic>, Vec<&Diagnostic>) =
            findings.iter().partition(|d| d.severity == Severity::Warning);
        if self.compact_warnings && errors.is_empty() {
            self.terminal.out(&diagnostic::compact_warnings(warnings, sources));
        } else {
            for warning in warnings {
                self.terminal.out(&diagnostic::to_text(warning, sources, self.terminal.layout()));
            }
        }
        for error in errors {
            self.terminal.err(&diagnostic::to_text(error, sources, self.terminal.layout()));
        }
    }

    /// Writes what ended a command.
    pub fn failure(&self, failure: &Failure) -> Exit {
        self.findings(&failure.findings, &failure.sources);
        failure.exit
    }
}
