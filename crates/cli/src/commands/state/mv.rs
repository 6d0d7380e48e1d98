//! `ampere state mv`
use std::collections::BTreeMap;

use ampere_core::address::Address;
use ampere_core::snapshot::ObjectKey;
use ampere_core::store::Mutation;
use ampere_core::vault::rows;
use clap::{ArgAction, Args};

use super::nothing_found;
use crate::args::LockArgs;
use crate::edit::{Edit, edit, unwritable};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::operation::address;
use crate::stack::Loaded;
use crate::terminal::Terminal;

/// Rename an instance, or a resource with all its instances
///
/// A `moved` block in the configuration does the same, is reviewed like any change, and works for everybody.
#[derive(Args, Debug)]
pub struct MvArgs {
    /// The address now
    #[arg(value_name = "SOURCE")]
    source: String,
    /// The address from now on
    #[arg(value_name = "DESTINATION")]
    destination: String,
    /// Only say what would be moved
    #[arg(long, action = ArgAction::Set, value_name = "BOOL", default_value = "false")]
    dry_run: bool,
    #[command(flatten)]
    lock: LockArgs,
}

/// Runs the command.
pub async fn run(args: &MvArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    let (from, to) = (address(&args.source)?, address(&args.destination)?);
    if from.kind() != to.kind() {
        let detail = format!("A {} cannot become a {}.", from.kind(), to.kind());
        return Err(Failure::error("Invalid state move request", detail));
    }
    let mut moved = 0;
    edit("state mv", &args.lock, |loaded| {
        let pairs = pairs(loaded, &from, &to);
        if pairs.is_empty() {
            return Err(nothing_found(&args.source));
        }
        moved = pairs.len();
        let mut edits = Vec::new();
        for (old, new) in pairs {
            if loaded.snapshot.objects.contains_key(&new) {
                let detail = format!("There is already an object at {}.", new.address);
                return Err(Failure::error("Invalid state move request", detail));
            }
            terminal.line(format!(
                "{} {} to {}",
                if args.dry_run { "Would move" } else { "Move" },
                old.address,
                new.address
            ));
            if !args.dry_run {
                edits.push(rename(loaded, old, &new)?);
            }
        }
        Ok(edits)
    })
    .await?;
    if !args.dry_run {
        terminal.line(format!("Successfully moved {moved} object(s)."));
    }
    Ok(Exit::Success)
}

/// The objects meant, each with its new key. Without an instance key a whole resource is meant.
fn pairs<'s>(loaded: &'s Loaded, from: &Address, to: &Address) -> Vec<(&'s ObjectKey, ObjectKey)> {
    let whole = from.key.is_none() && to.key.is_none();
    let objects = loaded.snapshot.objects.keys();
    objects
        .filter(|key| if whole { key.address.resource == from.resource } else { key.address == *from })
        .map(|key| {
            let address = if whole {
                Address { resource: to.resource.clone(), key: key.address.key.clone() }
            } else {
                to.clone()
            };
            (key, ObjectKey { address, deposed: key.deposed.clone() })
        })
        .collect()
}

fn rename(loaded: &Loaded, old: &ObjectKey, new: &ObjectKey) -> Result<Edit, Failure> {
    let object = &loaded.snapshot.objects[old];
    let row = rows::encode_object(new, object, &loaded.vault).map_err(|error| unwritable(&error))?;
    let deposed = old.deposed.as_deref().unwrap_or_default().to_owned();
    let gone = Mutation::DeleteObject { address: old.address.to_string(), deposed };
    Ok(Edit {
        mutations: vec![gone, Mutation::PutObject(row)],
        action: "move",
        address: Some(new.address.to_string()),
        details: BTreeMap::from([("from".to_owned(), old.address.to_string())]),
    })
}
