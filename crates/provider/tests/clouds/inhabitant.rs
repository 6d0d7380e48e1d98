//! Who lives in a server of a test: what the agent does, without the agent.
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ampere_bundle::{
    Audit, BoxKeys, Contents, Enrolment, Health, Inspection, Issuer, Outcome, Receipt, Rejected, Report, check, digest,
    mailbox,
};
use ampere_core::vault::Sealer;
use serde_json::{Value as Json, json};

use crate::kit::World;

/// A box, and what the test wants it to be.
pub struct Inhabitant {
    pub keys: BoxKeys,
    /// What it says of itself.
    pub inspection: Inspection,
    /// Which server it says it is; none: the one that it really is in.
    pub server: Option<String>,
    /// Why it takes no bundle, if it takes none.
    pub refuses: Option<Rejected>,
}

impl Inhabitant {
    pub fn new() -> Inhabitant {
        let inspection = Inspection { root_locked: true, metadata_closed: Some(true), ..Inspection::default() };
        Inhabitant { keys: BoxKeys::generate(&[9; 64]), inspection, server: None, refuses: None }
    }
}

/// What a box was sent last.
pub type Taken = Arc<Mutex<Option<Contents>>>;

/// The id of the mailbox of an instance.
pub fn id(world: &World, name: &str) -> String {
    let marker = world.marker("ampere_instance", name);
    format!("box-{}-{}", marker.stack, marker.address)
}

/// A mailbox's field as it lies there.
pub async fn field(world: &World, id: &str, name: &str) -> Option<String> {
    let found = world.document(id).await?;
    found["fields"][name]["stringValue"].as_str().map(str::to_owned)
}

/// Lives until the test is over, or the future that needs it.
pub async fn live(world: &World, name: &str, who: &Inhabitant, taken: Taken) {
    let (id, issuer) = (id(world, name), Issuer::from_seed(&world.vault.signing_seed()));
    loop {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let Some(document) = world.document(&id).await else { continue };
        let text = |name: &str| document["fields"][name]["stringValue"].as_str();
        if text(mailbox::ENROLMENT).is_none() {
            let servers = world.servers().await;
            let Some(server) = servers.iter().find(|server| id.ends_with(&server["name"].as_str().unwrap()[7..]))
            else {
                continue;
            };
            let enrolment = Enrolment {
                instance: id.clone(),
                server: who.server.clone().unwrap_or_else(|| server["id"].to_string()),
                ipv4: server["public_net"]["ipv4"]["ip"].as_str().map(str::to_owned),
                ipv6: None,
                keys: who.keys.public(),
            };
            world.write(&id, mailbox::ENROLMENT, &enrolment.sign(&who.keys)).await;
            continue;
        }
        let Some(bundle) = text(mailbox::BUNDLE) else { continue };
        let digest = digest(bundle);
        let receipt = text(mailbox::RECEIPT).and_then(|text| Receipt::open(text, &who.keys.public()).ok());
        if receipt.is_some_and(|receipt| receipt.digest == digest) {
            continue;
        }
        let checked = check(bundle, &id, &issuer.verifying_key(), 0, None).expect("a bundle that we signed");
        let sequence = checked.header().sequence;
        let outcome = match who.refuses {
            Some(why) => Outcome::Refused { why },
            None => Outcome::Applied,
        };
        let receipt = Receipt { instance: id.clone(), sequence, digest, outcome, at: 0 };
        if who.refuses.is_none() {
            *taken.lock().unwrap() = Some(checked.open(&who.keys).expect("it is sealed to this box"));
        }
        let report = Report {
            instance: id.clone(),
            at: 0,
            sequence,
            agent_version: "0.1.0".into(),
            agent_hash: "00".into(),
            openclaw_version: Some("2026.9.6".into()),
            node_version: None,
            inspection: Some(who.inspection.clone()),
            audit: Some(Audit { secrets: Some(0), ..Audit::default() }),
            health: Health { gateway: Some(true), ..Health::default() },
        };
        world.write(&id, mailbox::REPORT, &report.sign(&who.keys)).await;
        world.write(&id, mailbox::RECEIPT, &receipt.sign(&who.keys)).await;
    }
}

impl World {
    /// A document of ours as Firestore keeps it.
    pub async fn document(&self, id: &str) -> Option<Json> {
        let path = format!("projects/demo-ampere/databases/(default)/documents/ampere/{id}");
        let rows = self.firestore(":batchGet", json!({"documents": [path]})).await;
        rows.as_array().unwrap().iter().find_map(|row| row.get("found").cloned())
    }

    /// Writes a field of a document.
    pub async fn write(&self, id: &str, field: &str, text: &str) {
        let name = format!("projects/demo-ampere/databases/(default)/documents/ampere/{id}");
        let write = json!({"update": {"name": name, "fields": {field: {"stringValue": text}}},
                           "updateMask": {"fieldPaths": [field]}});
        self.firestore(":commit", json!({"writes": [write]})).await;
    }
}
