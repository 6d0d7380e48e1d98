//! `ampere console`
use std::io::{BufRead, IsTerminal};
use std::path::Path;

use ampere_core::evaluate::World;
use ampere_core::lang::diagnostic::Diagnostics;
use ampere_core::lang::eval;
use ampere_core::lang::source::SourceMap;
use ampere_core::lang::syntax;
use clap::{ArgAction, Args};
use jiff::Timestamp;

use crate::args::VariableArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::kinds;
use crate::project::{Configuration, Missing, variable_values};
use crate::stack;
use crate::terminal::Terminal;
use crate::view::View;
use crate::world::{DirectoryHost, Phase};

/// Try expressions: a line in, its value out
///
/// Everything of the configuration may be referred to; resources are as the state remembers them. When the input is not a
/// terminal, the last value is printed, and the first error ends it.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  ampere console
  echo 'cidrsubnet(\"10.0.0.0/8\", 8, 2)' | ampere console
  echo 'ampere_instance.bot.status' | ampere console")]
pub struct ConsoleArgs {
    #[command(flatten)]
    variables: VariableArgs,
    /// Ask for variables that have no value, if a person is there to answer
    #[arg(long, action = ArgAction::Set, value_name = "BOOL", default_value = "true")]
    input: bool,
}

/// Runs the command.
pub async fn run(args: &ConsoleArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    let (mut module, _) = Configuration::read(Path::new("."))?.sound_or_empty()?;
    let missing = if args.input && terminal.can_ask() { Missing::Ask(terminal) } else { Missing::Leave };
    let (values, _) = variable_values(Path::new("."), &mut module, &args.variables, missing)?;
    let kinds = kinds::all();
    let host = DirectoryHost::new(".", Phase::Apply(Timestamp::now()));
    let world = World::new(&module, &values, &kinds, &host);
    for (key, object) in stack::remembered(&module).await?.objects {
        if key.deposed.is_none() {
            // The expansion must be known before an instance is looked at; a finding of it comes up with its use.
            let _ = world.expand(&key.address.resource);
            world.set(&key.address, object.attributes);
        }
    }
    let console = Console { world: &world, host: &host, terminal };
    if std::io::stdin().is_terminal() { console.converse() } else { console.read_all() }
}

struct Console<'a> {
    world: &'a World<'a>,
    host: &'a DirectoryHost,
    terminal: &'a Terminal,
}

impl Console<'_> {
    /// Line after line; only the last value is printed.
    fn read_all(&self) -> Result<Exit, Failure> {
        let mut last = None;
        for line in std::io::stdin().lock().lines() {
            let line = line.map_err(unreadable)?;
            match line.trim() {
                "" => {}
                "exit" => break,
                text => match self.evaluate(text) {
                    Ok(value) => last = Some(value),
                    Err((findings, sources)) => {
                        View::human(self.terminal).findings(&findings, &sources);
                        return Ok(Exit::Failure);
                    }
                },
            }
        }
        if let Some(value) = last {
            self.terminal.line(value);
        }
        Ok(Exit::Success)
    }

    /// A conversation; an expression with an open bracket goes on in the next line.
    fn converse(&self) -> Result<Exit, Failure> {
        let mut pending = String::new();
        let mut lines = std::io::stdin().lock().lines();
        loop {
            self.terminal.out(&if pending.is_empty() { "> " } else { ": " }.into());
            let Some(line) = lines.next().transpose().map_err(unreadable)? else { break };
            if pending.is_empty() && line.trim() == "exit" {
                break;
            }
            pending.push_str(&line);
            pending.push('\n');
            if is_open(&pending) {
                continue;
            }
            let text = std::mem::take(&mut pending);
            if text.trim().is_empty() {
                continue;
            }
            match self.evaluate(text.trim()) {
                Ok(value) => self.terminal.line(value),
                Err((findings, sources)) => View::human(self.terminal).findings(&findings, &sources),
            }
        }
        Ok(Exit::Success)
    }

    fn evaluate(&self, text: &str) -> Result<String, (Diagnostics, SourceMap)> {
        let mut sources = (*self.world.module().sources).clone();
        let file = sources.add("<console-input>", text);
        let (expression, mut findings) = syntax::parse_expression(file, text);
        if !findings.has_errors() {
            let (value, found) = eval::console(&expression, self.world, self.host);
            findings.extend(found);
            if let Some(value) = value.filter(|_| !findings.has_errors()) {
                return Ok(value);
            }
        }
        Err((findings, sources))
    }
}

fn unreadable(error: std::io::Error) -> Failure {
    Failure::error("Failed to read input", format!("{error}."))
}

/// Whether more brackets are opened than closed, strings left aside.
fn is_open(text: &str) -> bool {
    let (mut depth, mut quoted, mut escaped) = (0i32, false, false);
    for c in text.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '(' | '[' | '{' if !quoted => depth += 1,
            ')' | ']' | '}' if !quoted => depth -= 1,
            _ => {}
        }
    }
    depth > 0
}

#[cfg(test)]
mod tests {
    use super::is_open;

    #[test]
    fn an_open_bracket_asks_for_another_line() {
        assert!(is_open("[for x in y :\n"));
        assert!(!is_open("[1]\n"));
        assert!(!is_open("\"[\"\n"));
        assert!(!is_open("]\n"));
    }
}
