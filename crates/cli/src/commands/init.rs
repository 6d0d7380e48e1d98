//! `ampere init`
use std::path::Path;

use ampere_core::render::{Style, Text};
use clap::{ArgAction, Args};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::operation::record_initialized;
use crate::project::{Configuration, DataDirectory, Settings};
use crate::terminal::Terminal;
use crate::view::View;

/// Prepare a directory: check it, make the stack's key
///
/// May be run again at any time. Nothing is downloaded: the provider is part of this program.
#[derive(Args, Debug)]
pub struct InitArgs {
    /// Take note of the backend block
    #[arg(long, action = ArgAction::Set, value_name = "BOOL", default_value = "true")]
    backend: bool,
    /// Accepted for Terraform's sake
    #[arg(long, action = ArgAction::Set, value_name = "BOOL", default_value = "false", hide = true)]
    upgrade: bool,
    /// Accepted for Terraform's sake
    #[arg(long, action = ArgAction::Set, value_name = "BOOL", default_value = "false", hide = true)]
    reconfigure: bool,
    /// Accepted for Terraform's sake
    #[arg(long, action = ArgAction::Set, value_name = "BOOL", default_value = "true", hide = true)]
    input: bool,
    /// Accepted for Terraform's sake
    #[arg(long, action = ArgAction::Set, value_name = "BOOL", default_value = "true", hide = true)]
    get: bool,
    /// Accepted for Terraform's sake
    #[arg(long, action = ArgAction::Set, value_name = "BOOL", default_value = "false", hide = true)]
    migrate_state: bool,
    /// Accepted for Terraform's sake
    #[arg(long, action = ArgAction::Set, value_name = "BOOL", default_value = "false", hide = true)]
    force_copy: bool,
    /// Accepted for Terraform's sake
    #[arg(long, action = ArgAction::Set, value_name = "BOOL", default_value = "true", hide = true)]
    lock: bool,
}

/// Runs the command.
pub fn run(args: &InitArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    let configuration = Configuration::read(Path::new("."))?;
    let is_empty = configuration.is_empty;
    let (module, warnings) = configuration.sound_or_empty()?;
    let data = DataDirectory::of_environment();
    data.create()?;
    let (_, key_made) = data.root_key(&Settings::read(Path::new("."))?.root_key)?;
    if args.backend {
        record_initialized(&module, &data)?;
    }
    View::human(terminal).findings(&warnings, &module.sources);
    terminal.out(&report(&data, key_made, is_empty));
    Ok(Exit::Success)
}

fn report(data: &DataDirectory, key_made: bool, is_empty: bool) -> Text {
    let mut text = Text::new();
    let key = data.key_path();
    if key_made {
        text.push(Style::Strong, format!("A new root key was made: {}", key.display())).newline();
        text.plain(
            "It opens every secret of this stack, and only its owner may read it (mode 0600). Keep a copy\n\
             in a safe place, and keep it out of version control: without it the state cannot be read.\n\n",
        );
    }
    text.push(Style::Success, "Ampere has been successfully initialized!").newline();
    text.newline();
    text.plain(if is_empty {
        "The directory has no configuration yet. Write a .tf file, then run \"ampere plan\".\n"
    } else {
        "\"ampere plan\" shows what would change; \"ampere apply\" does it.\n"
    });
    text
}
