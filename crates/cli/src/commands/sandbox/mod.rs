//! `ampere sandbox`
mod inhabitant;
mod processes;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use ampere_sandbox::{Boxes, Config, Sandbox};
use clap::{ArgAction, Args, Subcommand};
use serde_json::json;

use crate::clouds::sandbox_failure;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::project::DataDirectory;
use crate::signals::Interrupts;
use crate::terminal::Terminal;

use processes::Processes;

/// Run the local clouds alone
///
/// Hetzner Cloud, Stripe, Identity Toolkit, Google's token service and Firestore, as far as Ampere uses them, over real HTTP on a loopback address.
/// `plan` and `apply` start it by themselves when no endpoints and tokens are given; while this command runs, they use it.
/// It runs until Ctrl-C.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
#[command(after_help = "\
Examples:
  ampere sandbox                              the clouds of this stack, on a free port
  ampere sandbox -listen=127.0.0.1:4000       on this one
  ampere sandbox -in-memory                   gone with the process
  ampere sandbox -metadata=ampere-1@169.254.169.254:80
                                              Hetzner's metadata service for one server

Behind Ampere's back, with any HTTP client, below the control address that it prints (http://127.0.0.1:PORT/_sandbox):
  GET    /objects                             what there is, by cloud and kind
  GET    /objects/hetzner/servers             the raw objects of a kind
  PATCH  /objects/hetzner/servers/ID          change one: {\"labels\": {}}
  DELETE /objects/hetzner/servers/ID          delete one
  POST   /stripe/subscriptions/ID/pay         pay the open invoice; /end and /fail_payment likewise
  POST   /clock                               {\"advance_seconds\": 86400}
  GET    /boxes                               what is inside servers, and where its files lie
  POST   /boxes/faults                        {\"server\": \"NAME\", \"inspection\": {\"sshd\": [\"/usr/sbin/sshd\"]}}
  POST   /faults                              {\"cloud\": \"hetzner\", \"path\": \"/servers\", \"effect\": \"lose_response\"}
The documentation of the crate ampere-sandbox has all faults and all calls.")]
pub struct SandboxArgs {
    #[command(subcommand)]
    inside: Option<Inside>,
    /// Address to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Where the clouds are kept [default: the sandbox of this stack]
    #[arg(long, value_name = "DIR")]
    directory: Option<PathBuf>,
    /// Keep nothing: the clouds are gone with the process
    #[arg(long, action = ArgAction::Set, value_name = "BOOL", default_value = "false", conflicts_with = "directory")]
    in_memory: bool,
    /// Serve the metadata of a server, found by its name, at an address of its own; may be given several times
    #[arg(long, value_name = "SERVER@ADDRESS", value_parser = metadata)]
    metadata: Vec<(String, SocketAddr)>,
    /// Write the endpoints as JSON
    #[arg(long, action = ArgAction::Set, value_name = "BOOL", default_value = "false")]
    json: bool,
}

/// Who lives in the servers of a sandbox: the real agent, a process in each.
///
/// # Errors
/// When the system does not say where this program is.
pub fn boxes() -> Result<Arc<dyn Boxes>, Failure> {
    let processes = Processes::new();
    let processes =
        processes.map_err(|error| Failure::error("The boxes of the sandbox cannot be run", format!("{error}.")))?;
    Ok(Arc::new(processes))
}

/// What is inside the sandbox.
#[derive(Subcommand, Debug)]
enum Inside {
    #[command(name = "box", hide = true)]
    Box(inhabitant::BoxArgs),
}

/// `SERVER@ADDRESS:PORT`.
fn metadata(text: &str) -> Result<(String, SocketAddr), &'static str> {
    let parts = text.split_once('@').filter(|(server, _)| !server.is_empty());
    let parsed = parts.and_then(|(server, address)| Some((server.to_owned(), address.parse().ok()?)));
    parsed.ok_or("write it as SERVER-NAME@ADDRESS:PORT")
}

/// Runs the command.
pub async fn run(args: SandboxArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    if let Some(Inside::Box(args)) = &args.inside {
        return Ok(inhabitant::run(args, terminal));
    }
    let directory = args.directory.unwrap_or_else(|| DataDirectory::of_environment().sandbox_path());
    let directory = (!args.in_memory).then_some(directory);
    let config =
        Config { directory: directory.clone(), listen: args.listen, boxes: Some(boxes()?), ..Config::default() };
    let mut interrupts = Interrupts::listen()?;
    let sandbox = Sandbox::start(config).await.map_err(|error| sandbox_failure(&error))?;
    for (server, address) in &args.metadata {
        if let Err(error) = sandbox.serve_metadata(server, *address).await {
            let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
            return Err(Failure::error("The metadata of a server cannot be served", format!("{error}{cause}.")));
        }
    }
    let endpoints = sandbox.endpoints();
    let environment = [
        ("HCLOUD_ENDPOINT", &endpoints.hetzner),
        ("STRIPE_API_BASE", &endpoints.stripe),
        ("AMPERE_IDENTITY_TOOLKIT_ENDPOINT", &endpoints.identity_toolkit),
        ("AMPERE_SECURE_TOKEN_ENDPOINT", &endpoints.secure_token),
        ("AMPERE_FIRESTORE_ENDPOINT", &endpoints.firestore),
    ];
    if args.json {
        let mut document: serde_json::Map<String, serde_json::Value> =
            environment.iter().map(|(name, url)| ((*name).to_owned(), json!(url))).collect();
        document.insert("control".to_owned(), json!(endpoints.control));
        terminal.line(serde_json::Value::Object(document).to_string());
    } else {
        terminal.line(format!("The sandbox listens on http://{}", sandbox.address()));
        if let Some(directory) = directory {
            terminal.line(format!("and keeps its clouds in {}", directory.display()));
        }
        terminal.line("");
        for (name, url) in environment {
            terminal.line(format!("  {name}={url}"));
        }
        terminal.line(format!("\nFaults, clock and objects: {}", endpoints.control));
        terminal.line("Ctrl-C stops it.");
    }
    interrupts.next().await;
    sandbox
        .stop()
        .await
        .map_err(|error| Failure::error("The sandbox did not stop in good order", format!("{error}.")))?;
    Ok(Exit::Success)
}
