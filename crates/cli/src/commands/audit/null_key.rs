//! `ampere audit null-key`
use std::path::{Path, PathBuf};

use ampere_core::render::{Style, Text};
use ampere_provider::null_key_of;
use clap::Args;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::project::bounded;
use crate::terminal::Terminal;

/// Recompute the SSH key of a server, which nobody holds (S5)
///
/// A server is made with a public key that is hashed from the server's name (RFC 9380): there is no private half. Whoever
/// doubts it computes the key here, or with any other implementation, and compares it with the one at Hetzner Cloud.
#[derive(Args, Debug)]
pub struct NullKeyArgs {
    /// The server's name at Hetzner Cloud
    #[arg(value_name = "NAME")]
    name: String,
    /// Compare with the key in this file (- is standard input); exit code 5 if it is another one
    #[arg(long, value_name = "FILE")]
    check: Option<PathBuf>,
}

/// Runs the command.
pub fn run(args: &NullKeyArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    let expected = null_key_of(&args.name);
    let Some(file) = &args.check else {
        terminal.line(expected);
        return Ok(Exit::Success);
    };
    let found = read(file).map_err(|error| {
        Failure::error("Failed to read the key", format!("{} could not be read: {error}.", file.display()))
    })?;
    // The comment behind the key says nothing.
    let key = |line: &str| line.split_whitespace().take(2).map(str::to_owned).collect::<Vec<_>>();
    if key(&found) != key(&expected) {
        let detail =
            format!("The key is not the one that is hashed from the name {}: somebody may hold it.", args.name);
        return Err(Failure::new(Exit::Unverified, "Not the null key", detail));
    }
    let mut text = Text::new();
    text.push(Style::Success, "This is the null key.").plain(" Nobody holds its private half.").newline();
    terminal.out(&text);
    Ok(Exit::Success)
}

/// The longest file of keys that is read.
const LONGEST: usize = 1 << 20;

fn read(file: &Path) -> std::io::Result<String> {
    if file.as_os_str() != "-" {
        return bounded::read_to_string(file, LONGEST);
    }
    let bytes = bounded::read_from(std::io::stdin(), LONGEST)?;
    String::from_utf8(bytes).map_err(|_| std::io::Error::new(std::io::ErrorKind::InvalidData, "it is not UTF-8"))
}
