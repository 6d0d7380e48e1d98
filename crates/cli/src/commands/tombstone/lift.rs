//! `ampere tombstone lift`
use std::collections::BTreeMap;

use ampere_core::retention::Owner;
use ampere_core::snapshot::RecordKind;
use ampere_core::store::Mutation;
use clap::{ArgAction, Args};

use super::list::state;
use crate::args::LockArgs;
use crate::edit::{Edit, edit};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::operation::confirm;
use crate::terminal::Terminal;
use crate::view::View;

/// Let an account be made again
///
/// Only of a departure that is confirmed: what has begun is brought to its end.
#[derive(Args, Debug)]
pub struct LiftArgs {
    /// The owner, as `ampere tombstone list` shows it
    #[arg(value_name = "OWNER")]
    owner: String,
    /// Do not ask
    #[arg(long, action = ArgAction::Set, value_name = "BOOL", default_value = "false")]
    auto_approve: bool,
    #[command(flatten)]
    lock: LockArgs,
}

/// Runs the command.
pub async fn run(args: &LiftArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    let owner = Owner(args.owner.as_str().into());
    let view = View::human(terminal);
    let mut lifted = false;
    edit("tombstone lift", &args.lock, |loaded| {
        let Some(tombstone) = loaded.snapshot.tombstones.get(&owner) else {
            let detail = format!("There is no tombstone of {owner}. See: ampere tombstone list");
            return Err(Failure::error("No such tombstone", detail));
        };
        if tombstone.confirmed_at.is_none() {
            let detail = format!(
                "This departure is {}. What has begun is brought to its end; after that the tombstone can be lifted.",
                state(tombstone)
            );
            return Err(Failure::error("The departure is not over", detail));
        }
        let explanation = "The next apply may make what the configuration says of this account, as new.";
        if !args.auto_approve && !confirm(&view, "Do you want to let this account be made again?", explanation)? {
            return Ok(Vec::new());
        }
        lifted = true;
        let gone = Mutation::DeleteRecord { kind: RecordKind::Tombstone, id: owner.to_string() };
        let details = BTreeMap::from([("owner".to_owned(), owner.to_string())]);
        Ok(vec![Edit { mutations: vec![gone], action: "tombstone.lift", address: None, details }])
    })
    .await?;
    terminal.line(if lifted { "The tombstone is lifted." } else { "\nLift cancelled." });
    Ok(if lifted { Exit::Success } else { Exit::Failure })
}
