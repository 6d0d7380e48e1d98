//! `ampere state rm`
use std::collections::BTreeMap;

use ampere_core::snapshot::ObjectKey;
use ampere_core::store::Mutation;
use clap::{ArgAction, Args};

use super::{is_meant, nothing_found, target};
use crate::args::LockArgs;
use crate::edit::{Edit, edit};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::terminal::Terminal;

/// Forget instances, and leave their objects alone
///
/// The objects still bear this stack's mark, so the next plan finds them: it takes those back that have a block, and deletes
/// those that have none. To hand objects over for good, use a `removed` block with `destroy = false`.
#[derive(Args, Debug)]
pub struct RmArgs {
    /// Resources or instances
    #[arg(value_name = "ADDRESS", required = true)]
    addresses: Vec<String>,
    /// Only say what would be forgotten
    #[arg(long, action = ArgAction::Set, value_name = "BOOL", default_value = "false")]
    dry_run: bool,
    #[command(flatten)]
    lock: LockArgs,
}

/// Runs the command.
pub async fn run(args: &RmArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    let targets = args.addresses.iter().map(|text| target(text)).collect::<Result<Vec<_>, _>>()?;
    let mut found = 0;
    edit("state rm", &args.lock, |loaded| {
        let meant = |key: &&ObjectKey| targets.iter().any(|target| is_meant(target, &key.address));
        let keys: Vec<&ObjectKey> = loaded.snapshot.objects.keys().filter(meant).collect();
        if keys.is_empty() {
            return Err(nothing_found(&args.addresses.join(", ")));
        }
        found = keys.len();
        let verb = if args.dry_run { "Would remove" } else { "Removed" };
        for key in &keys {
            terminal.line(format!("{verb} {}", key.address));
        }
        Ok(if args.dry_run { Vec::new() } else { keys.into_iter().map(forget).collect() })
    })
    .await?;
    if !args.dry_run {
        let plural = if found == 1 { "instance" } else { "instances" };
        terminal.line(format!("Successfully removed {found} resource {plural}."));
    }
    Ok(Exit::Success)
}

fn forget(key: &ObjectKey) -> Edit {
    let address = key.address.to_string();
    let deposed = key.deposed.as_deref().unwrap_or_default().to_owned();
    let mutations = vec![Mutation::DeleteObject { address: address.clone(), deposed }];
    Edit { mutations, action: "forget", address: Some(address), details: BTreeMap::new() }
}
