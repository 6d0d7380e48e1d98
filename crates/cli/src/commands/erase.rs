//! `ampere erase`
use std::collections::BTreeMap;

use ampere_core::address::Address;
use ampere_core::identity::AddressHash;
use ampere_core::plan;
use ampere_core::render::{Style, Text};
use ampere_core::retention::{Cause, Departure, Owner, Tombstone};
use ampere_core::snapshot::ObjectKey;
use ampere_core::store::Mutation;
use ampere_core::vault::rows;
use clap::{ArgAction, Args};
use jiff::Timestamp;

use super::reconcile;
use crate::args::{LockArgs, VariableArgs};
use crate::edit::{Edit, edit};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::kinds;
use crate::operation::{address, confirm};
use crate::stack::Loaded;
use crate::terminal::Terminal;
use crate::view::View;

/// Delete an account and everything with it, because its owner asks
///
/// The wish is written down, and the 24 hours begin. What belongs to the account goes with the next apply or reconcile, whatever
/// the configuration says, and is not made again; with -now it goes at once. A second listing by another reader confirms that
/// nothing is left (see `ampere tombstone list`).
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  ampere erase ampere_account.ada
  ampere erase 'ampere_account.all[\"ada\"]' -auto-approve -now

What stays elsewhere: Stripe keeps invoices for as long as tax law demands.")]
pub struct EraseArgs {
    /// The account, or anything that belongs to it
    #[arg(value_name = "ADDRESS")]
    address: String,
    /// Delete at once, and look whether all is gone
    #[arg(long, action = ArgAction::Set, value_name = "BOOL", default_value = "false")]
    now: bool,
    /// Do not ask
    #[arg(long, action = ArgAction::Set, value_name = "BOOL", default_value = "false")]
    auto_approve: bool,
    #[command(flatten)]
    variables: VariableArgs,
    #[command(flatten)]
    lock: LockArgs,
}

/// Runs the command.
pub async fn run(args: EraseArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    let target = address(&args.address)?;
    let view = View::human(terminal);
    let mut wanted = Wanted::Refused;
    edit("erase", &args.lock, |loaded| {
        let household = Household::of(&target, loaded)?;
        if let Some(tombstone) = loaded.snapshot.tombstones.get(&household.owner).filter(|t| t.is_begun()) {
            terminal.line(format!("This account is on its way out already: gone by {}.", tombstone.deadline()));
            wanted = Wanted::Known;
            return Ok(Vec::new());
        }
        terminal.out(&household.shown());
        let explanation =
            "What is shown above is deleted within 24 hours, whatever the configuration says.\n  There is no undo.";
        if !args.auto_approve && !confirm(&view, "Do you really want to erase this account?", explanation)? {
            return Ok(Vec::new());
        }
        wanted = Wanted::Written;
        Ok(vec![household.departure(loaded)])
    })
    .await?;
    match wanted {
        Wanted::Refused => {
            terminal.line("\nErase cancelled.");
            Ok(Exit::Failure)
        }
        Wanted::Known | Wanted::Written if args.now => {
            reconcile::retention_pass(&view, args.variables, args.lock).await
        }
        Wanted::Known => Ok(Exit::Success),
        Wanted::Written => {
            terminal.line("The wish is written down. The next apply or reconcile deletes it.");
            Ok(Exit::Success)
        }
    }
}

/// What became of the wish.
enum Wanted {
    /// A person said no.
    Refused,
    /// The departure has begun before.
    Known,
    /// It is in the state.
    Written,
}

/// An account and everything that belongs to it.
struct Household {
    owner: Owner,
    members: Vec<Address>,
}

impl Household {
    fn of(target: &Address, loaded: &Loaded) -> Result<Household, Failure> {
        let known = kinds::all();
        let uid_of = |key: &ObjectKey| {
            let object = loaded.snapshot.objects.get(key)?;
            known.get(key.address.kind())?.owner(&object.attributes)
        };
        if !loaded.snapshot.objects.contains_key(&ObjectKey::current(target.clone())) {
            let detail = format!("Nothing in the state is called {target}. See: ampere state list");
            return Err(Failure::error("No such object", detail));
        }
        let Some(uid) = uid_of(&ObjectKey::current(target.clone())) else {
            let detail = format!("{target} belongs to no account, so there is nobody whose data could be erased.");
            return Err(Failure::error("Not part of an account", detail));
        };
        let owner = plan::owner(&*loaded.vault, uid);
        let members = loaded.snapshot.objects.keys().filter(|key| uid_of(key) == Some(uid));
        Ok(Household { owner, members: members.map(|key| key.address.clone()).collect() })
    }

    fn shown(&self) -> Text {
        let mut text = Text::from("Ampere will delete, and not make again:\n\n");
        for address in &self.members {
            text.plain("  ").push(Style::Delete, "-").plain(format!(" {address}\n"));
        }
        text
    }

    fn departure(&self, loaded: &Loaded) -> Edit {
        let now = Timestamp::now();
        let mut members: Vec<AddressHash> =
            self.members.iter().map(|address| loaded.vault.address_hash(address)).collect();
        members.sort();
        members.dedup();
        // A departure that is only held back began to count earlier.
        let held = loaded.snapshot.tombstones.get(&self.owner);
        let since = held.map_or(now, |held| held.since.min(now));
        let departure = Departure { owner: self.owner.clone(), members, cause: Cause::ErasureRequested, since };
        let tombstone = Tombstone { alarm: held.and_then(|held| held.alarm), ..Tombstone::new(&departure, Some(now)) };
        let details = BTreeMap::from([
            ("owner".to_owned(), self.owner.to_string()),
            ("since".to_owned(), since.to_string()),
            ("deadline".to_owned(), tombstone.deadline().to_string()),
            ("promise".to_owned(), "R3".to_owned()),
        ]);
        Edit {
            mutations: vec![Mutation::PutRecord(rows::tombstone_row(&tombstone))],
            action: "erasure.request",
            address: None,
            details,
        }
    }
}
