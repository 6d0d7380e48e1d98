//! A signup backend that embeds Ampere: typed structs in, a plan and events out, no `.tf` file.
//!
//! ```console
//! $ cargo run -p ampere-embed-example              # serves on a loopback port, and says how to sign in
//! $ curl -N http://127.0.0.1:PORT/customers -H "authorization: Bearer $ID_TOKEN" -H 'content-type: application/json' \
//!     -d '{"name":"ada","model":"anthropic/claude-sonnet-4-6","model_key":"sk-ant-EXAMPLE"}'
//! $ curl http://127.0.0.1:PORT/plan -H "authorization: Bearer $ID_TOKEN"                # what would change
//! $ curl -N -X DELETE http://127.0.0.1:PORT/customers/ada -H "authorization: Bearer $ID_TOKEN"
//! ```
//!
//! People sign in with Firebase in the browser, which sends their id token along. The backend verifies it before it makes or
//! shows anything, and takes over the user that Firebase made.
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

use ampere_provider::id_token::Verifier;
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
        secure_token: None,
    });
    let settings = settings.map_err(|findings| format!("{} settings are wrong", findings.len()))?;
    let verifier = Arc::new(Verifier::new(&settings, Arc::new(system::System))?);
    let backend = Arc::new(Backend::open(AmpereProvider::new(&settings)?).await?);

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    let server = axum::serve(listener, api::router(backend, verifier));
    if once {
        tokio::select! {
            ended = server => ended?,
            shown = demo::run(&url, &at.identity_toolkit) => shown?,
        }
    } else {
        demo::say(&format!("Serving signups on {url} (Ctrl-C ends it)."));
        demo::say(&format!("Sign in at {}/v1/accounts:signInWithIdp?key=EXAMPLE:", at.identity_toolkit));
        let google = r#"id_token={"sub":"1","email":"ada@example.com"}&providerId=google.com"#;
        demo::say(&serde_json::json!({ "postBody": google }).to_string());
        server.with_graceful_shutdown(async { drop(tokio::signal::ctrl_c().await) }).await?;
    }
    sandbox.stop().await?;
    Ok(())
}
