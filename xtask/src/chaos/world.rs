//! What is at the clouds, without what differs from one good outcome to the next.
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Value, json};

use super::rig::{Rig, RigError};

/// What is made, changed and deleted at the clouds.
const KINDS: [(&str, &str); 9] = [
    ("hetzner", "servers"),
    ("hetzner", "firewalls"),
    ("hetzner", "ssh_keys"),
    ("hetzner", "primary_ips"),
    ("hetzner", "volumes"),
    ("stripe", "customers"),
    ("stripe", "subscriptions"),
    ("identity_toolkit", "accounts"),
    ("firestore", "documents"),
];

/// Keyed hashes and the stack's id: they differ with the root key.
static HASH: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\b[0-9a-f]{16}([0-9a-f]{16})?\b").expect("a pattern"));
/// What counts how often something was made: the firewall of a server, the generation of a secret's document.
static GENERATION: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"("ampere-firewall":")\d+|(#-#)-\d+"#).expect("a pattern"));
/// Our mark, wherever a kind of object bears it.
static MARK: LazyLock<Regex> = LazyLock::new(|| {
    let before = r#"(?:"ampere(?:-a|_a|A)ddress":(?:\{"stringValue":)?"|\\"address\\":\\")"#;
    Regex::new(&format!("{before}([0-9a-f]{{32}})")).expect("a pattern")
});

/// The world at one moment, as far as it can be compared.
#[derive(Debug, PartialEq, Eq)]
pub struct World {
    /// One line an object, sorted.
    pub objects: Vec<String>,
    /// Kinds and marks that occur twice, and references to nothing.
    pub faults: Vec<String>,
    /// Who each object is.
    pub identities: BTreeSet<String>,
}

impl World {
    /// Looks at it, past all clients.
    ///
    /// # Errors
    /// The sandbox does not tell.
    pub fn of(rig: &Rig) -> Result<World, RigError> {
        let mut all = BTreeMap::new();
        for (cloud, kind) in KINDS {
            let answer = rig.control("GET", &format!("/objects/{cloud}/{kind}"), None)?;
            let objects = answer.as_array().cloned().unwrap_or_default();
            let there = |object: &Value| object["deleted"] != true && object["status"] != "canceled";
            all.insert(kind, objects.into_iter().filter(there).collect::<Vec<_>>());
        }
        let mut objects: Vec<String> =
            all.iter().flat_map(|(kind, list)| list.iter().map(|object| line(kind, object))).collect();
        objects.sort();
        let mut faults = duplicates(&all);
        faults.extend(dangling(&all));
        let identity = |kind: &str, object: &Value| {
            let id = ["id", "localId", "name"].iter().find_map(|name| object.get(name));
            format!("{kind} {}", id.unwrap_or(&Value::Null))
        };
        let identities = all.iter().flat_map(|(kind, list)| list.iter().map(move |object| identity(kind, object)));
        Ok(World { objects, faults, identities: identities.collect() })
    }

    /// What is in this world and not in the other, and the other way round.
    pub fn difference(&self, expected: &World) -> Vec<String> {
        let count = |world: &World| {
            let mut counts = BTreeMap::new();
            for object in &world.objects {
                *counts.entry(object.clone()).or_insert(0_i32) += 1;
            }
            counts
        };
        let (here, there) = (count(self), count(expected));
        let lines: BTreeSet<&String> = here.keys().chain(there.keys()).collect();
        let of = |counts: &BTreeMap<String, i32>, line: &String| counts.get(line).copied().unwrap_or(0);
        let differing = lines.into_iter().filter(|line| of(&here, line) != of(&there, line));
        differing.map(|line| format!("{} instead of {} × {line}", of(&here, line), of(&there, line))).collect()
    }
}

/// What makes two objects of a kind equal.
fn line(kind: &str, object: &Value) -> String {
    let pick = |names: &[&str]| -> Value {
        names.iter().map(|name| ((*name).to_owned(), object[*name].clone())).collect::<serde_json::Map<_, _>>().into()
    };
    let essence = match kind {
        "servers" => pick(&["name", "labels", "status", "server_type", "location", "image", "protection"]),
        "firewalls" => json!([pick(&["labels", "name", "rules"]), object["applied_to"].as_array().map(Vec::len)]),
        "ssh_keys" => pick(&["labels", "name"]),
        "primary_ips" => pick(&["type", "assignee_type", "auto_delete", "labels", "location"]),
        "customers" => pick(&["email", "name", "metadata", "address"]),
        "subscriptions" => {
            let price = &object["items"]["data"][0]["price"]["id"];
            json!([pick(&["status", "metadata", "cancel_at_period_end", "collection_method"]), price])
        }
        "accounts" => pick(&["localId", "email", "displayName", "disabled", "customAttributes"]),
        "documents" => {
            let fields = object["fields"].as_object().cloned().unwrap_or_default();
            // What a box and we write into a mailbox goes on for as long as the box lives.
            let is_mailbox = fields.get("ampereKind").is_some_and(|kind| kind["stringValue"] == "mailbox");
            let names: Vec<String> = fields.keys().filter(|_| !is_mailbox).cloned().collect();
            let kept = ["ampereKind", "kind", "account", "fingerprint", "sealedVersion"];
            let kept: serde_json::Map<_, _> = fields.into_iter().filter(|(name, _)| kept.contains(&&**name)).collect();
            let place = object["name"].as_str().unwrap_or_default().rsplit('/').next().map(str::to_owned);
            json!([place, names, kept])
        }
        _ => object.clone(),
    };
    let text = essence.to_string();
    let text = HASH.replace_all(&text, "#");
    format!("{kind} {}", GENERATION.replace_all(&text, "$1$2"))
}

/// Objects of one kind that bear the same mark. Documents of one address may be several, of different sorts.
fn duplicates(all: &BTreeMap<&str, Vec<Value>>) -> Vec<String> {
    let mut seen = BTreeMap::new();
    for (kind, objects) in all {
        for object in objects {
            let sort = object["fields"]["ampereKind"]["stringValue"].as_str().unwrap_or_default().to_owned();
            let text = object.to_string();
            if let Some(mark) = MARK.captures(&text).and_then(|found| found.get(1)) {
                *seen.entry((*kind, sort, mark.as_str().to_owned())).or_insert(0) += 1;
            }
        }
    }
    let twice = seen.into_iter().filter(|(_, count)| *count > 1);
    twice.map(|((kind, sort, mark), count)| format!("{count} × {kind} {sort} of the address {mark}")).collect()
}

/// Objects that name one that is not there.
fn dangling(all: &BTreeMap<&str, Vec<Value>>) -> Vec<String> {
    let ids = |kind: &str, field: &str| -> BTreeSet<String> {
        let objects = all.get(kind).into_iter().flatten();
        objects.map(|object| object[field].as_str().map_or_else(|| object[field].to_string(), str::to_owned)).collect()
    };
    let (customers, accounts, servers) = (ids("customers", "id"), ids("accounts", "localId"), ids("servers", "id"));
    let mut faults = Vec::new();
    let mut check = |kind: &str, of: &dyn Fn(&Value) -> Vec<String>, there: &BTreeSet<String>| {
        for object in all.get(kind).into_iter().flatten() {
            for named in of(object).into_iter().filter(|id| !there.contains(id)) {
                faults.push(format!("{} of {kind} names {named}, which is not there", object["id"]));
            }
        }
    };
    let text = |value: &Value| value.as_str().map(str::to_owned);
    check("subscriptions", &|object| text(&object["customer"]).into_iter().collect(), &customers);
    check("documents", &|object| text(&object["fields"]["account"]["stringValue"]).into_iter().collect(), &accounts);
    check(
        "firewalls",
        &|object| {
            let applied = object["applied_to"].as_array().into_iter().flatten();
            applied.map(|to| to["server"]["id"].to_string()).collect()
        },
        &servers,
    );
    check(
        "primary_ips",
        &|object| object["assignee_id"].as_u64().map(|id| id.to_string()).into_iter().collect(),
        &servers,
    );
    faults
}
