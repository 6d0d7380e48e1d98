//! Another server type in place: the disk, and with it the bot's memory, stays.
use std::time::Duration;

use ampere_core::provider::ProviderError;

use super::model::Thing;
use super::request;
use crate::hetzner::Hetzner;
use crate::http::between;

/// How long a server is given to shut down by itself before its power is cut.
const GRACE: Duration = Duration::from_secs(60);
/// How often it is asked whether it is off.
const INTERVAL: Duration = Duration::from_secs(1);

/// Changes the type: shut down, change, switch on. If the change fails, the server is switched on again.
pub(super) async fn resize(
    cloud: &Hetzner,
    server: &Thing,
    server_type: &str,
    progress: &(dyn Fn(&str) + Sync),
) -> Result<(), ProviderError> {
    switch_off(cloud, server, progress).await?;
    let changed = run(cloud, request::change_type(server.id, server_type), progress).await;
    let started = run(cloud, request::power(server.id, "poweron"), progress).await;
    changed.and(started)
}

/// Runs an action to its end.
pub(super) async fn run(
    cloud: &Hetzner,
    call: crate::http::Call,
    progress: &(dyn Fn(&str) + Sync),
) -> Result<(), ProviderError> {
    let answer = cloud.send(&call).await?;
    cloud.finish(&answer, progress).await
}

/// Asks the system to shut down, and cuts the power only if it does not.
async fn switch_off(cloud: &Hetzner, server: &Thing, progress: &(dyn Fn(&str) + Sync)) -> Result<(), ProviderError> {
    if server.status() == "off" {
        return Ok(());
    }
    progress("shutting the server down");
    run(cloud, request::power(server.id, "shutdown"), progress).await?;
    let begun = cloud.now();
    while between(begun, cloud.now()) < GRACE {
        let found = cloud.find(&request::get("servers", server.id)).await?;
        match found.as_ref().and_then(|body| Thing::read(&body["server"])) {
            Some(server) if server.status() != "off" => cloud.pause(INTERVAL).await,
            _ => return Ok(()),
        }
    }
    run(cloud, request::power(server.id, "poweroff"), progress).await
}
