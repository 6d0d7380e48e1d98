//! A signup backend that embeds Ampere: typed structs in, a plan and events out, no `.tf` file.
//!
//! ```console
//! $ cargo run -p ampere-embed-example              # serves on a loopback port
//! $ curl -N http://127.0.0.1:PORT/customers -H 'content-type: application/json' \
//!     -d '{"name":"ada","email":"ada@example.com","model":"anthropic/claude-sonnet-4-6","model_key":"sk-ant-EXAMPLE"}'
//! $ curl http://127.0.0.1:PORT/plan                # what would change
//! $ curl -N -X DELETE http://127.0.0.1:PORT/customers/ada
//! ```
//!
//! With `--once` it signs somebody up and deletes them again through its own HTTP interface, prints what it saw, and ends.
//!
//! [`backend`] is all there is to embedding; [`api`] is HTTP, [`system`] gives core the clock and the chance it never takes.
mod api;
mod backend;
mod demo;
mod system;

use std::error::Error;
use std::sync::Arc;

use ampere_provider::{AmpereProvider, Endpoints, Settings};
use ampere_sandbox::{Config, Sandbox};

use backend::Backend;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let once = std::env::args().any(|argument| argument == "--once");
    // A real backend leaves the sandbox out and resolves its settings from the environment.
    let sandbox = Sandbox::start(Config::default()).await?;
    let at = sandbox.endpoints();
    let settings = Settings::sandbox(&Endpoints {
        hetzner: at.hetzner.clone(),
        stripe: at.stripe.clone(),
        identity_toolkit: at.identity_toolkit.clone(),
        firestore: at.firestore.clone(),
    });
    let settings = settings.map_err(|findings| format!("{} settings are wrong", findings.len()))?;
    let backend = Arc::new(Backend::open(AmpereProvider::new(&settings)?).await?);

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    let server = axum::serve(listener, api::router(backend));
    if once {
        tokio::select! {
            ended = server => ended?,
            shown = demo::run(&url) => shown?,
        }
    } else {
        demo::say(&format!("Serving signups on {url} (Ctrl-C ends it)."));
        server.with_graceful_shutdown(async { drop(tokio::signal::ctrl_c().await) }).await?;
    }
    sandbox.stop().await?;
    Ok(())
}
