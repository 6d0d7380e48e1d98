//! `ampere state migrate`
mod copy;
mod terraform;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ampere_core::secret::Secret;
use clap::Args;

use crate::args::LockArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::place::Place;
use crate::project::{Configuration, DataDirectory, Settings};
use crate::stack::Stack;
use crate::terminal::Terminal;

/// Take a state to another place, with its log
///
/// A place is a file of SQLite (sqlite:PATH), a database (postgres://…) or, to come from, a terraform.tfstate. The target must
/// be empty. The source stays as it is. Keys are not moved: both places are read with the stack's root key.
///
/// A state of Terraform's is taken over as far as it needs no cloud (terraform_data, outputs). Objects at clouds bear no mark
/// of this stack; take them over with import blocks, of which this command prints those that are needed.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  ampere state migrate -from=sqlite:.ampere/state.db -to=postgres://db.example.com/ampere
  ampere state migrate -from=postgres://db.example.com/ampere -to=sqlite:.ampere/state.db
  ampere state migrate -from=terraform.tfstate        into the place that the configuration names

A password belongs into PGPASSWORD or the password file, not on the command line.")]
pub struct MigrateArgs {
    /// Where the state is
    #[arg(long, value_name = "PLACE")]
    from: Text,
    /// Where it shall be; if left out, where the configuration says
    #[arg(long, value_name = "PLACE")]
    to: Option<Text>,
    /// The schema to come from, if that is a database
    #[arg(long, value_name = "NAME")]
    from_schema: Option<String>,
    /// The schema to go to, if that is a database
    #[arg(long, value_name = "NAME")]
    to_schema: Option<String>,
    #[command(flatten)]
    lock: LockArgs,
}

/// A place as it was given: it may hold a password.
#[derive(Clone)]
struct Text(String);

impl std::fmt::Debug for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Text(…)")
    }
}

impl From<String> for Text {
    fn from(text: String) -> Text {
        Text(text)
    }
}

/// Where a state comes from.
enum Source {
    Place(Place),
    Terraform(PathBuf),
}

/// Runs the command.
pub async fn run(args: &MigrateArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    let data = DataDirectory::of_environment();
    let settings = Settings::read(Path::new("."))?;
    let target = match &args.to {
        Some(url) => place(url, args.to_schema.as_deref(), "-to")?,
        None => Place::of(&Configuration::read(Path::new("."))?.module, &data)?,
    };
    let wait = args.lock.lock_timeout;
    let moved = match source(args)? {
        Source::Terraform(path) => {
            let state = terraform::read(&path)?;
            let target = copy::Target::open(&target, settings, data, wait).await?;
            let filled = target.write(&state).await;
            target.close(filled).await?
        }
        Source::Place(place) => {
            let store = place.existing().await?;
            let store = store.ok_or_else(|| Failure::error("No state found", "There is no state at -from."))?;
            let source = Stack::of(store, settings.clone(), data.clone())?;
            let lease = source.lock("state migrate", wait).await?;
            let moved = copy::copy(&source, &target, settings, data, wait).await;
            let unlocked = source.unlock(lease).await;
            moved.and_then(|moved| unlocked.map(|()| moved))?
        }
    };
    terminal.line(format!(
        "Moved {} objects, {} outputs and {} entries of the log to {}.",
        moved.objects,
        moved.outputs,
        moved.entries,
        target.describe()
    ));
    terminal.line(
        "The source is as it was. Let the configuration name the new place and run \"ampere init\", then \"ampere plan\": there \
         must be nothing to do. Then put the source away, so that nobody goes on with it.",
    );
    Ok(Exit::Success)
}

fn place(text: &Text, schema: Option<&str>, name: &str) -> Result<Place, Failure> {
    Place::parse(&Secret::new(text.0.clone()), name)?.with_schema(schema)
}

/// A URL, or a file: Terraform's state is JSON, ours is not.
fn source(args: &MigrateArgs) -> Result<Source, Failure> {
    let text = &args.from.0;
    if text.contains("://") || text.starts_with("sqlite:") {
        return place(&args.from, args.from_schema.as_deref(), "-from").map(Source::Place);
    }
    let path = PathBuf::from(text);
    let mut beginning = [0; 16];
    let read = std::fs::File::open(&path).and_then(|mut file| std::io::Read::read(&mut file, &mut beginning));
    match read {
        Ok(n) if beginning[..n].starts_with(b"SQLite format 3") => Ok(Source::Place(Place::File(path))),
        Ok(_) => Ok(Source::Terraform(path)),
        Err(error) => Err(Failure::error("No state found", format!("{} cannot be read: {error}.", path.display()))),
    }
}

/// How much was moved.
struct Moved {
    objects: usize,
    outputs: usize,
    entries: usize,
}

type Store = Arc<dyn ampere_core::store::Adopt>;
