//! The calls of `ampere_instance`.
use std::collections::BTreeMap;

use ampere_core::identity::{ExternalId, StackId};
use ampere_core::inventory::{Depth, ListProblem, Listing, Observed};
use ampere_core::provider::{
    Applied, ForeignAction, ForeignActions, Inquiry, ProviderError, ProviderErrorKind, Request, Status,
};
use ampere_core::schema::Schema;
use ampere_lang::value::Value;
use async_trait::async_trait;
use futures::future::try_join5;

use super::birth::Birth;
use super::create::{self, Made};
use super::mailbox::{Errand, Mail, Postmaster};
use super::model::{self, Group, Thing};
use super::{parts, remove, request, resize, schema};
use crate::attributes::{applied, text};
use crate::firebase::Lists;
use crate::hetzner::{CLOUD, Hetzner, of_stack};
use crate::service::{Service, not_ours, wanted};
use crate::settings::BoxSettings;

/// `ampere_instance` at Hetzner Cloud.
pub(crate) struct InstanceClient {
    cloud: Hetzner,
    crew: Option<Crew>,
    schema: Schema,
}

/// Who sees to the boxes inside the servers.
pub(crate) struct Crew {
    /// Their mailboxes.
    pub postmaster: Postmaster,
    /// What they are given.
    pub settings: BoxSettings,
    /// The Firebase project.
    pub project: String,
}

/// What precedes a server.
pub(super) enum Prepared {
    /// Its mailbox is open, and this is what it is told at its first boot.
    UserData(String),
    /// It is there already, from an attempt whose answer was lost.
    There(u64),
}

impl Crew {
    /// Opens the mailbox of a server that is to be made. One that an earlier attempt opened is opened anew, unless its server
    /// has come into being.
    pub(super) async fn prepare(
        &self,
        cloud: &Hetzner,
        server: &str,
        request: &Request<'_>,
        object: &Value,
    ) -> Result<Prepared, ProviderError> {
        if self.postmaster.is_open(server).await? {
            let found = parts::by_name(cloud, "servers", server).await?;
            if let Some(found) = found.filter(|found| found.marker.as_ref() == Some(request.marker)) {
                return Ok(Prepared::There(found.id));
            }
        }
        let token = self.postmaster.open(server, request.marker, cloud.now()).await?;
        let birth = Birth { server, project: &self.project, settings: &self.settings, token };
        Ok(Prepared::UserData(birth.user_data(request, object)?))
    }
}

impl InstanceClient {
    /// The client over Hetzner Cloud. Without a crew nobody is inside its servers.
    pub fn new(cloud: Hetzner, crew: Option<Crew>) -> InstanceClient {
        InstanceClient { cloud, crew, schema: schema::schema() }
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
        self.bring(&parts::existing(&self.cloud, id).await?, request, object).await
    }

    /// Brings the box in a server to what is wanted, if there is one.
    async fn bring(&self, server: &Thing, request: &Request<'_>, object: &Value) -> Result<Applied, ProviderError> {
        let mut found = model::attributes(server);
        if let Some(crew) = &self.crew {
            let errand = Errand { cloud: &self.cloud, server, request, object };
            found.extend(crew.postmaster.bring(&errand).await?);
        }
        let attributes = applied(&self.schema, object, &found);
        Ok(Applied { id: ExternalId(server.id.to_string().into()), attributes, sealed: None })
    }

    /// What the mailboxes say, if they can be had: a server is there and can be deleted also while Firestore is not.
    async fn mail(&self, inquiry: &Inquiry<'_>, lists: &Lists) -> Option<Mail> {
        let crew = self.crew.as_ref()?;
        let documents = crew.postmaster.list(inquiry, lists).await.ok()?;
        Some(Mail::of(&documents, inquiry.stack, self.cloud.now()))
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
    async fn objects(&self, stack: &StackId, mail: Option<&Mail>) -> Result<Listing, ProviderError> {
        let (servers, problems) = self.things("servers", stack).await?;
        let ours = servers.iter().filter(|server| server.marker.is_some());
        let observed = ours.map(|server| {
            let mut observed = model::observed_alone(server);
            observed.attributes.extend(mail.map(|mail| mail.of_server(&server.name)).unwrap_or_default());
            observed
        });
        Ok(Listing { objects: observed.collect(), problems })
    }

    /// Servers and all that belongs to them, or was left behind.
    async fn parts(&self, stack: &StackId, mail: Option<&Mail>) -> Result<Listing, ProviderError> {
        let (servers, firewalls, keys, addresses, volumes) = try_join5(
            self.things("servers", stack),
            self.things("firewalls", stack),
            self.things("ssh_keys", stack),
            self.things("primary_ips", stack),
            self.things("volumes", stack),
        )
        .await?;
        let problems = [servers.1, firewalls.1, keys.1, addresses.1, volumes.1].concat();
        let lists = model::Lists {
            servers: servers.0,
            firewalls: firewalls.0,
            keys: keys.0,
            addresses: addresses.0,
            volumes: volumes.0,
        };
        let groups = model::groups(lists);
        let mut objects: Vec<Observed> = groups.iter().map(Group::observed).collect();
        if let Some(mail) = mail {
            mail.add_to(&groups, &mut objects);
        }
        Ok(Listing { objects, problems })
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
    async fn list(&self, inquiry: &Inquiry<'_>, lists: &Lists) -> Result<Listing, ProviderError> {
        let mail = self.mail(inquiry, lists).await;
        match inquiry.depth {
            Depth::Objects => self.objects(inquiry.stack, mail.as_ref()).await,
            Depth::Parts => self.parts(inquiry.stack, mail.as_ref()).await,
        }
    }

    async fn read(&self, id: &ExternalId) -> Result<Option<Observed>, ProviderError> {
        let Ok(number) = id.0.parse() else { return Ok(None) };
        let Some(server) = self.server(number).await? else { return Ok(None) };
        let firewall = parts::by_name(&self.cloud, "firewalls", &server.name).await?;
        // Objects of others may have the name of a server that is being imported.
        let ours = |part: &Thing| server.marker.as_ref().is_some_and(|marker| parts::is_ours(part, marker));
        let firewall = firewall.filter(ours);
        let name = server.name.clone();
        let mut observed = Group { server: Some(server), firewall, ..Group::default() }.observed();
        if let Some(crew) = &self.crew {
            observed.attributes.extend(crew.postmaster.look(&name, self.cloud.now()).await?);
        }
        Ok(Some(observed))
    }

    async fn create(&self, request: Request<'_>) -> Result<Applied, ProviderError> {
        let object = wanted(CLOUD, &request)?;
        let made = create::create(&self.cloud, self.crew.as_ref(), &request, object).await;
        let made = made.map_err(|(id, error)| match id {
            Some(id) => error.after_making(ExternalId(id.to_string().into())),
            None => error,
        })?;
        match made {
            Made::Fresh(server) => {
                let brought = self.bring(&server, &request, object).await;
                brought.map_err(|error| error.after_making(ExternalId(server.id.to_string().into())))
            }
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
        let names = remove::remove(&self.cloud, id, &request).await?;
        if let Some(crew) = &self.crew {
            for name in names {
                crew.postmaster.close(&name, request.marker).await?;
            }
        }
        Ok(())
    }

    async fn status(&self, id: &ExternalId) -> Result<Option<Status>, ProviderError> {
        let (Some(crew), Ok(number)) = (&self.crew, id.0.parse()) else { return Ok(None) };
        let Some(server) = self.server(number).await? else { return Ok(None) };
        crew.postmaster.status(&server.name, self.cloud.now()).await.map(Some)
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
