//! The calls of `ampere_instance`.
use std::collections::BTreeMap;

use ampere_core::identity::{ExternalId, StackId};
use ampere_core::inventory::{Depth, ListProblem, Listing, Observed};
use ampere_core::provider::{
    Applied, ForeignAction, ForeignActions, Inquiry, ProviderError, ProviderErrorKind, Request,
};
use ampere_core::schema::Schema;
use ampere_lang::value::Value;
use async_trait::async_trait;
use futures::future::try_join5;

use super::create::{self, Made};
use super::model::{self, Group, Lists, Thing};
use super::{parts, remove, request, resize, schema};
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

    /// Brings an existing server and its parts to what is wanted.
    async fn settle(&self, id: u64, request: &Request<'_>, object: &Value) -> Result<Applied, ProviderError> {
        let mut server = parts::existing(&self.cloud, id).await?;
        if server.marker.as_ref().is_some_and(|marker| marker.stack != request.marker.stack) {
            return Err(not_ours(CLOUD, "the server", &id.to_string()));
        }
        // The server first: its marker is the one by which the parts are found.
        let labels = request::server_labels(request.marker, object, None);
        parts::relabel(&self.cloud, "servers", &mut server, labels).await?;
        let firewall = parts::repair_firewall(&self.cloud, &server, request.marker, request.progress).await?;
        let labels = request::server_labels(request.marker, object, Some(firewall));
        parts::relabel(&self.cloud, "servers", &mut server, labels).await?;
        parts::remove_key(&self.cloud, &server.name, request.marker).await?;
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
        Ok(self.applied(&parts::existing(&self.cloud, id).await?, object))
    }

    fn applied(&self, server: &Thing, object: &Value) -> Applied {
        let attributes = applied(&self.schema, object, &model::attributes(server));
        Applied { id: ExternalId(server.id.to_string().into()), attributes, sealed: None }
    }

    async fn things(
        &self,
        what: &'static str,
        stack: &StackId,
    ) -> Result<(Vec<Thing>, Vec<ListProblem>), ProviderError> {
        // In the order of their numbers: what is made meanwhile comes at the end.
        let filter = [of_stack(stack), ("sort", "id:asc".to_owned())];
        let (found, problems) = self.cloud.list(what, &filter).await?;
        Ok((found.iter().filter_map(Thing::read).collect(), problems))
    }

    /// The servers alone.
    async fn objects(&self, stack: &StackId) -> Result<Listing, ProviderError> {
        let (servers, problems) = self.things("servers", stack).await?;
        let ours = servers.iter().filter(|server| server.marker.is_some());
        Ok(Listing { objects: ours.map(model::observed_alone).collect(), problems })
    }

    /// Servers and all that belongs to them, or was left behind.
    async fn parts(&self, stack: &StackId) -> Result<Listing, ProviderError> {
        let (servers, firewalls, keys, addresses, volumes) = try_join5(
            self.things("servers", stack),
            self.things("firewalls", stack),
            self.things("ssh_keys", stack),
            self.things("primary_ips", stack),
            self.things("volumes", stack),
        )
        .await?;
        let problems = [servers.1, firewalls.1, keys.1, addresses.1, volumes.1].concat();
        let lists = Lists {
            servers: servers.0,
            firewalls: firewalls.0,
            keys: keys.0,
            addresses: addresses.0,
            volumes: volumes.0,
        };
        Ok(Listing { objects: model::groups(lists).iter().map(Group::observed).collect(), problems })
    }

    /// Whether a server is this stack's: known to be, or by its labels. Of one that is gone nobody can tell any more.
    async fn is_ours(&self, id: u64, inquiry: &Inquiry<'_>) -> Result<bool, ProviderError> {
        let known = inquiry.known.get(schema::KIND);
        if known.is_some_and(|ids| ids.iter().any(|known| *known.0 == *id.to_string())) {
            return Ok(true);
        }
        let server = self.server(id).await?;
        Ok(server.and_then(|server| server.marker).is_some_and(|marker| marker.stack == *inquiry.stack))
    }
}

#[async_trait]
impl Service for InstanceClient {
    async fn list(&self, inquiry: &Inquiry<'_>, _: &crate::firebase::Lists) -> Result<Listing, ProviderError> {
        match inquiry.depth {
            Depth::Objects => self.objects(inquiry.stack).await,
            Depth::Parts => self.parts(inquiry.stack).await,
        }
    }

    async fn read(&self, id: &ExternalId) -> Result<Option<Observed>, ProviderError> {
        let Ok(number) = id.0.parse() else { return Ok(None) };
        let Some(server) = self.server(number).await? else { return Ok(None) };
        let firewall = parts::by_name(&self.cloud, "firewalls", &server.name).await?;
        // Objects of others may have the name of a server that is being imported.
        let ours = |part: &Thing| server.marker.as_ref().is_some_and(|marker| parts::is_ours(part, marker));
        let firewall = firewall.filter(ours);
        Ok(Some(Group { server: Some(server), firewall, ..Group::default() }.observed()))
    }

    async fn create(&self, request: Request<'_>) -> Result<Applied, ProviderError> {
        let object = wanted(CLOUD, &request)?;
        let made = create::create(&self.cloud, &request, object).await;
        let made = made.map_err(|(id, error)| match id {
            Some(id) => error.after_making(ExternalId(id.to_string().into())),
            None => error,
        })?;
        match made {
            Made::Fresh(server) => Ok(self.applied(&server, object)),
            Made::TakenOver(id) => {
                let settled = self.settle(id, &request, object).await;
                settled.map_err(|error| error.after_making(ExternalId(id.to_string().into())))
            }
        }
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

    async fn foreign_actions(
        &self,
        inquiry: &Inquiry<'_>,
        after: Option<&str>,
    ) -> Result<ForeignActions, ProviderError> {
        let after = after.and_then(|id| id.parse().ok()).unwrap_or(0);
        let log = self.cloud.log(after).await?;
        let last = log.last().map_or(after, |entry| entry.id);
        let (mut actions, mut ours) = (Vec::new(), BTreeMap::new());
        for entry in log.iter().filter(|entry| !entry.is_ours()) {
            for server in &entry.servers {
                if !ours.contains_key(server) {
                    ours.insert(*server, self.is_ours(*server, inquiry).await?);
                }
                if ours[server] {
                    actions.push(ForeignAction {
                        id: entry.id.to_string().into(),
                        kind: schema::KIND,
                        object: ExternalId(server.to_string().into()),
                        command: entry.command.clone(),
                        at: entry.at,
                    });
                }
            }
        }
        Ok(ForeignActions { actions, last: (last > 0).then(|| last.to_string().into()) })
    }
}
