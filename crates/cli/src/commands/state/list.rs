//! `ampere state list`
use std::path::Path;

use clap::Args;

use super::{is_meant, target};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::project::Configuration;
use crate::stack;
use crate::terminal::Terminal;

/// List the instances that the state remembers
#[derive(Args, Debug)]
pub struct ListArgs {
    /// Only these resources or instances
    #[arg(value_name = "ADDRESS")]
    addresses: Vec<String>,
    /// Only the object with this id at its cloud
    #[arg(long, value_name = "ID")]
    id: Option<String>,
}

/// Runs the command.
pub async fn run(args: &ListArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    let targets = args.addresses.iter().map(|text| target(text)).collect::<Result<Vec<_>, _>>()?;
    let module = Configuration::read(Path::new("."))?.module;
    let snapshot = stack::remembered(&module).await?;
    for (key, object) in &snapshot.objects {
        let named = targets.is_empty() || targets.iter().any(|target| is_meant(target, &key.address));
        let has_id = args.id.as_ref().is_none_or(|id| *object.id.0 == **id);
        if named && has_id {
            let deposed = key.deposed.as_ref().map(|key| format!(" (deposed object {key})")).unwrap_or_default();
            terminal.line(format!("{}{deposed}", key.address));
        }
    }
    Ok(Exit::Success)
}
