//! `ampere audit verify`
use ampere_core::audit::{Entry, Head, verify, verify_against};
use ampere_core::render::{Style, Text};
use clap::{ArgAction, Args};
use serde_json::json;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::terminal::Terminal;

/// Check that the log is as it was written
///
/// Entries cut off at the end leave a whole chain: note down the last entry that is printed here, and give it the next time
/// with -head.
#[derive(Args, Debug)]
pub struct VerifyArgs {
    /// An entry noted down earlier, as NUMBER:HASH; the log must still go on from it
    #[arg(long, value_name = "NUMBER:HASH", value_parser = head)]
    head: Option<Head>,
    /// Write JSON
    #[arg(long, action = ArgAction::Set, value_name = "BOOL", default_value = "false")]
    json: bool,
}

/// Runs the command.
pub fn run(args: &VerifyArgs, entries: &[Entry], terminal: &Terminal) -> Result<Exit, Failure> {
    let verified = match &args.head {
        Some(head) => verify_against(entries, head),
        None => verify(entries),
    };
    let last = entries.last().map(Entry::head).unwrap_or_default();
    match verified {
        Ok(count) => {
            if args.json {
                terminal.line(json!({ "verified": true, "entries": count, "head": last }).to_string());
            } else {
                let mut text = Text::new();
                text.push(Style::Success, "The log verifies.").plain(format!(" {count} entries"));
                text.plain(format!(", the last is {}:{}", last.sequence, last.hash)).newline();
                terminal.out(&text);
            }
            Ok(Exit::Success)
        }
        Err(broken) if args.json => {
            terminal.line(
                json!({ "verified": false, "sequence": broken.sequence, "fault": broken.fault.to_string() })
                    .to_string(),
            );
            Ok(Exit::Unverified)
        }
        Err(broken) => {
            let detail = format!("{broken}. What comes before it is as it was written.");
            Err(Failure::new(Exit::Unverified, "The audit log does not verify", detail))
        }
    }
}

fn head(text: &str) -> Result<Head, String> {
    let (sequence, hash) = text.split_once(':').ok_or("a number, a colon and a hash are needed")?;
    let sequence = sequence.parse().map_err(|_| "the number is not one".to_owned())?;
    let sound = hash.len() == 64 && hash.chars().all(|c| c.is_ascii_hexdigit());
    if sound {
        Ok(Head { sequence, hash: hash.to_ascii_lowercase() })
    } else {
        Err("the hash has 64 hex digits".to_owned())
    }
}
