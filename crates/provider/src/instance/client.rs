//! The calls of `ampere_instance`.
use ampere_core::identity::ExternalId;
use ampere_core::inventory::{Listing, Observed};
use ampere_core::provider::{Applied, Inquiry, ProviderError, ProviderErrorKind, Request};
use ampere_core::schema::Schema;
use ampere_lang::value::Value;
use async_trait::async_trait;
use futures::future::try_join3;

use super::model::{self, Group, Thing};
use super::{create, parts, remove, request, resize, schema};
use crate::attributes::{applied, text};
use crate::hetzner::{CLOUD, Hetzner, of_stack};
use crate::service::{Service, not_ours, wanted};

/// `ampere_instance` at Hetzner Cloud.
pub(crate) struct InstanceClient {
    cloud: Hetzner,
    schema: Schema,
}

impl InstanceClient {
    /// The client over Hetzner Cloud.
    pub fn new(cloud: Hetzner) -> InstanceClient {
        InstanceClient { cloud, schema: schema::schema() }
    }

    async fn server(&self, id: u64) -> Result<Option<Thing>, ProviderError> {
        let found = self.cloud.find(&request::get("servers", id)).await?;
        Ok(found.as_ref().and_then(|body| Thing::read(&body["server"])))
    }

    async fn existing(&self, id: u64) -> Result<Thing, ProviderError> {
        self.server(id).await?.ok_or_else(|| {
            let message = format!("the server {id} is gone");
            ProviderError::new(CLOUD, ProviderErrorKind::NotFound, message).with_hint("Run the plan again.")
        })
    }

    /// Brings an existing server and its parts to what is wanted.
    async fn settle(&self, id: u64, request: &Request<'_>, object: &Value) -> Result<Applied, ProviderError> {
        let server = self.existing(id).await?;
        if server.marker.as_ref().is_some_and(|marker| marker.stack != request.marker.stack) {
            return Err(not_ours(CLOUD, "the server", &id.to_string()));
        }
        // The server first: its marker is the one by which the parts are found.
        let labels = request::server_labels(request.marker, object);
        parts::relabel(&self.cloud, "servers", &server, labels).await?;
        parts::repair_firewall(&self.cloud, &server, request.marker, request.progress).await?;
        parts::repair_key(&self.cloud, &server, request.marker).await?;
        match text(object, "server_type") {
            Some(wanted) if server.server_type().is_some_and(|found| found != wanted) => {
                resize::resize(&self.cloud, &server, wanted, request.progress).await?;
            }
            _ if server.status() == "off" => {
                (request.progress)("switching the server on");
                resize::run(&self.cloud, request::power(id, "poweron"), request.progress).await?;
            }
            _ => {}
        }
        self.applied(id, object).await
    }

    async fn applied(&self, id: u64, object: &Value) -> Result<Applied, ProviderError> {
        let server = self.existing(id).await?;
        let attributes = applied(&self.schema, object, &model::attributes(&server));
        Ok(Applied { id: ExternalId(id.to_string().into()), attributes, sealed: None })
    }

    async fn things(
        &self,
        what: &'static str,
        filter: (&'static str, String),
    ) -> Result<(Vec<Thing>, Vec<ampere_core::inventory::ListProblem>), ProviderError> {
        let (found, problems) = self.cloud.list(what, &[filter]).await?;
        Ok((found.iter().filter_map(Thing::read).collect(), problems))
    }
}

#[async_trait]
impl Service for InstanceClient {
    async fn list(&self, inquiry: &Inquiry<'_>, _: &crate::firebase::Lists) -> Result<Listing, ProviderError> {
        let stack = inquiry.stack;
        let (servers, firewalls, keys) = try_join3(
            self.things("servers", of_stack(stack)),
            self.things("firewalls", of_stack(stack)),
            self.things("ssh_keys", of_stack(stack)),
        )
        .await?;
        let problems = [servers.1, firewalls.1, keys.1].concat();
        let groups = model::groups(servers.0, firewalls.0, keys.0);
        Ok(Listing { objects: groups.values().map(Group::observed).collect(), problems })
    }

    async fn read(&self, id: &ExternalId) -> Result<Option<Observed>, ProviderError> {
        let Ok(number) = id.0.parse() else { return Ok(None) };
        let Some(server) = self.server(number).await? else { return Ok(None) };
        let (firewall, key) = futures::future::try_join(
            parts::by_name(&self.cloud, "firewalls", &server.name),
            parts::by_name(&self.cloud, "ssh_keys", &server.name),
        )
        .await?;
        // Objects of others may have the name of a server that is being imported.
        let ours = |part: &Thing| server.marker.as_ref().is_some_and(|marker| parts::is_ours(part, marker));
        let (firewall, key) = (firewall.filter(ours), key.filter(ours));
        Ok(Some(Group { server: Some(server), firewall, key }.observed()))
    }

    async fn create(&self, request: Request<'_>) -> Result<Applied, ProviderError> {
        let object = wanted(CLOUD, &request)?;
        let made = create::create(&self.cloud, &request, object).await;
        let id = made.map_err(|(id, error)| match id {
            Some(id) => error.after_making(ExternalId(id.to_string().into())),
            None => error,
        })?;
        // A server that an earlier attempt made may differ from what is wanted by now.
        let settled = self.settle(id, &request, object).await;
        settled.map_err(|error| error.after_making(ExternalId(id.to_string().into())))
    }

    async fn update(&self, id: &ExternalId, request: Request<'_>) -> Result<Applied, ProviderError> {
        let number = id.0.parse().map_err(|_| {
            ProviderError::new(CLOUD, ProviderErrorKind::Invalid, format!("{id} is not the number of a server"))
        })?;
        self.settle(number, &request, wanted(CLOUD, &request)?).await
    }

    async fn delete(&self, id: &ExternalId, request: Request<'_>) -> Result<(), ProviderError> {
        remove::remove(&self.cloud, id, &request).await
    }
}
