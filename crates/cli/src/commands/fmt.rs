//! `ampere fmt`
use std::path::{Path, PathBuf};

use ampere_core::lang::diagnostic::{Diagnostic, Diagnostics};
use ampere_core::lang::limits::MAX_FILE_BYTES;
use ampere_core::lang::source::SourceMap;
use ampere_core::lang::syntax;
use clap::{ArgAction, Args};
use similar::TextDiff;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::project::{bounded, read_text};
use crate::terminal::Terminal;
use crate::view::View;

/// Rewrite configuration files in the canonical form
///
/// The same form as `terraform fmt` gives. Files are listed as they are changed.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  ampere fmt                  this directory
  ampere fmt -recursive       and those below
  ampere fmt -check -diff     change nothing, show what would change; exit code 3 if something would
  ampere fmt - < main.tf      from standard input to standard output")]
pub struct FmtArgs {
    /// Files and directories; - is standard input
    #[arg(value_name = "TARGET")]
    targets: Vec<PathBuf>,
    /// Name the files that differ
    #[arg(long, action = ArgAction::Set, value_name = "BOOL", default_value = "true")]
    list: bool,
    /// Write the files
    #[arg(long, action = ArgAction::Set, value_name = "BOOL", default_value = "true")]
    write: bool,
    /// Show the differences
    #[arg(long, action = ArgAction::Set, value_name = "BOOL", default_value = "false")]
    diff: bool,
    /// Change nothing; exit with 3 if a file is not in the canonical form
    #[arg(long, action = ArgAction::Set, value_name = "BOOL", default_value = "false")]
    check: bool,
    /// Also the directories below
    #[arg(long, action = ArgAction::Set, value_name = "BOOL", default_value = "false")]
    recursive: bool,
}

/// The exit code for files that cannot be parsed, as in Terraform.
const UNPARSABLE: Exit = Exit::Changes;

/// Runs the command.
pub fn run(args: &FmtArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    let mut run = Run { args, terminal, differs: false, findings: Diagnostics::new(), sources: SourceMap::default() };
    if args.targets.iter().any(|target| target.as_os_str() == "-") {
        run.standard_input()?;
    } else if args.targets.is_empty() {
        run.directory(Path::new("."));
    } else {
        for target in &args.targets {
            run.target(target);
        }
    }
    if !run.findings.is_empty() {
        View::human(terminal).findings(&run.findings, &run.sources);
        return Ok(UNPARSABLE);
    }
    Ok(if args.check && run.differs { Exit::Partial } else { Exit::Success })
}

struct Run<'a> {
    args: &'a FmtArgs,
    terminal: &'a Terminal,
    differs: bool,
    findings: Diagnostics,
    sources: SourceMap,
}

impl Run<'_> {
    fn standard_input(&mut self) -> Result<(), Failure> {
        let unreadable = |why: String| Failure::error("Failed to read standard input", format!("{why}."));
        let bytes = bounded::read_from(std::io::stdin(), MAX_FILE_BYTES).map_err(|e| unreadable(e.to_string()))?;
        let text = String::from_utf8(bytes).map_err(|_| unreadable("it is not UTF-8".to_owned()))?;
        if let Some(formatted) = self.format("<stdin>", &text) {
            self.differs |= formatted != text;
            if self.args.diff {
                self.show_difference("<stdin>", &text, &formatted);
            } else if !self.args.check {
                self.terminal.bytes(formatted.as_bytes());
            }
        }
        Ok(())
    }

    fn target(&mut self, target: &Path) {
        match std::fs::metadata(target) {
            Ok(found) if found.is_dir() => self.directory(target),
            Ok(_) if is_formattable(&target.to_string_lossy()) => self.file(target),
            Ok(_) => {
                let detail = "Only .tf, .tfvars and .tftest.hcl files can be processed with fmt.";
                self.findings.push(Diagnostic::error(format!("Cannot format {}", target.display()), detail));
            }
            Err(error) => {
                let detail = format!("There is no file or directory {}: {error}.", target.display());
                self.findings.push(Diagnostic::error("No such file or directory", detail));
            }
        }
    }

    fn directory(&mut self, directory: &Path) {
        let entries = std::fs::read_dir(directory).and_then(Iterator::collect::<std::io::Result<Vec<_>>>);
        let mut entries = match entries {
            Ok(entries) => entries,
            Err(error) => {
                let detail = format!("The directory {} cannot be read: {error}.", directory.display());
                self.findings.push(Diagnostic::error("Cannot read directory", detail));
                return;
            }
        };
        entries.sort_by_key(std::fs::DirEntry::file_name);
        for entry in entries {
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = if directory == Path::new(".") { PathBuf::from(&name) } else { directory.join(&name) };
            let is_directory = entry.file_type().is_ok_and(|kind| kind.is_dir());
            if name.starts_with('.') || name.ends_with('~') {
                continue;
            }
            if is_directory && self.args.recursive {
                self.directory(&path);
            } else if !is_directory && is_formattable(&name) {
                self.file(&path);
            }
        }
    }

    fn file(&mut self, path: &Path) {
        let name = path.display().to_string();
        let text = match read_text(path, &name) {
            Ok(text) => text,
            Err(finding) => return self.findings.push(finding),
        };
        let Some(formatted) = self.format(&name, &text) else { return };
        if formatted == text {
            return;
        }
        self.differs = true;
        if self.args.list {
            self.terminal.line(&name);
        }
        if self.args.write
            && !self.args.check
            && let Err(error) = std::fs::write(path, &formatted)
        {
            let detail = format!("The file {name} could not be written: {error}.");
            self.findings.push(Diagnostic::error("Failed to write file", detail));
        }
        if self.args.diff {
            self.show_difference(&name, &text, &formatted);
        }
    }

    /// The canonical form; none if the text is no configuration, which is then among the findings.
    fn format(&mut self, name: &str, text: &str) -> Option<String> {
        let file = self.sources.add(name, text);
        let (_, findings) = syntax::parse_native(file, text);
        if findings.has_errors() {
            self.findings.extend(findings);
            return None;
        }
        Some(syntax::format(text))
    }

    fn show_difference(&self, name: &str, before: &str, after: &str) {
        let difference = TextDiff::from_lines(before, after);
        let text = difference.unified_diff().header(&format!("old/{name}"), &format!("new/{name}")).to_string();
        self.terminal.bytes(text.as_bytes());
    }
}

fn is_formattable(name: &str) -> bool {
    [".tf", ".tfvars", ".tftest.hcl", ".tfmock.hcl"].iter().any(|ending| name.ends_with(ending))
}
