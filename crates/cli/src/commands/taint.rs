//! `ampere taint`, `ampere untaint`
use std::collections::BTreeMap;

use ampere_core::address::Address;
use ampere_core::snapshot::{Object, ObjectKey};
use ampere_core::store::Mutation;
use ampere_core::vault::rows;
use clap::{ArgAction, Args};

use crate::args::LockArgs;
use crate::edit::{Edit, edit, unwritable};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::operation::address;
use crate::terminal::Terminal;

/// Mark an instance, so that the next apply replaces it
///
/// `apply -replace=ADDRESS` does the same in one go and shows it in the plan.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  ampere taint ampere_instance.bot")]
pub struct TaintArgs {
    #[command(flatten)]
    common: MarkArgs,
}

/// Take the mark of taint away
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  ampere untaint ampere_instance.bot")]
pub struct UntaintArgs {
    #[command(flatten)]
    common: MarkArgs,
}

#[derive(Args, Debug)]
struct MarkArgs {
    /// The instance
    #[arg(value_name = "ADDRESS")]
    address: String,
    /// Succeed even if there is no such instance
    #[arg(long, action = ArgAction::Set, value_name = "BOOL", default_value = "false")]
    allow_missing: bool,
    #[command(flatten)]
    lock: LockArgs,
}

/// Runs `taint`.
pub async fn taint(args: &TaintArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    mark(&args.common, true, terminal).await
}

/// Runs `untaint`.
pub async fn untaint(args: &UntaintArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    mark(&args.common, false, terminal).await
}

async fn mark(args: &MarkArgs, tainted: bool, terminal: &Terminal) -> Result<Exit, Failure> {
    let target = address(&args.address)?;
    let (name, verb) = if tainted { ("taint", "marked as tainted") } else { ("untaint", "successfully untainted") };
    let done = edit(name, &args.lock, |loaded| {
        let key = ObjectKey::current(target.clone());
        let object = loaded.snapshot.objects.get(&key).ok_or_else(|| no_instance(&target))?;
        if !tainted && !object.tainted {
            let detail = format!("Resource instance {target} is not currently tainted, and so it cannot be untainted.");
            return Err(Failure::error("Resource instance is not tainted", detail));
        }
        let row = rows::encode_object(&key, &Object { tainted, ..object.clone() }, &loaded.vault);
        let mutations = vec![Mutation::PutObject(row.map_err(|error| unwritable(&error))?)];
        Ok(vec![Edit { mutations, action: name, address: Some(target.to_string()), details: BTreeMap::new() }])
    })
    .await;
    match done {
        Err(failure) if args.allow_missing && is_missing(&failure) => {
            terminal.err(&format!("Warning: there is no {target}, and that is allowed.\n").into());
        }
        Err(failure) => return Err(failure),
        Ok(()) => terminal.line(format!("Resource instance {target} has been {verb}.")),
    }
    Ok(Exit::Success)
}

const NO_INSTANCE: &str = "No such resource instance";

fn is_missing(failure: &Failure) -> bool {
    failure.findings.iter().any(|finding| finding.summary == NO_INSTANCE)
}

fn no_instance(address: &Address) -> Failure {
    let detail =
        format!("There is no resource instance in the state with the address {address}. See: ampere state list");
    Failure::error(NO_INSTANCE, detail)
}
