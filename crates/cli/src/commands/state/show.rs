//! `ampere state show`
use std::path::Path;

use ampere_core::render::state::object_to_text;
use ampere_core::snapshot::ObjectKey;
use clap::Args;

use super::nothing_found;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::kinds;
use crate::operation::address;
use crate::project::Configuration;
use crate::stack;
use crate::terminal::Terminal;

/// Show one instance as the state remembers it
#[derive(Args, Debug)]
pub struct ShowArgs {
    /// The instance
    #[arg(value_name = "ADDRESS")]
    address: String,
}

/// Runs the command.
pub async fn run(args: &ShowArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    let key = ObjectKey::current(address(&args.address)?);
    let module = Configuration::read(Path::new("."))?.module;
    let snapshot = stack::remembered(&module).await?;
    let object = snapshot.objects.get(&key).ok_or_else(|| nothing_found(&args.address))?;
    terminal.out(&object_to_text(&key, object, &kinds::all()));
    Ok(Exit::Success)
}
