//! Many customers out of one: what the engine has made for the first is written again for others, at the clouds and in the
//! state, with names, numbers and markers of their own. So ten thousand stand there in seconds.
use std::collections::BTreeMap;
use std::sync::Arc;

use ampere_core::address::Address;
use ampere_core::lang::eval::InstanceKey;
use ampere_core::snapshot::{Object, ObjectKey};
use ampere_core::store::{Mutation, StoreChange};
use ampere_core::vault::rows;
use ampere_lang::value::{Data, Value};
use serde_json::Value as Json;

use crate::clouds::Clouds;
use crate::fleet::{Fleet, email, key};

/// Where a customer's objects are.
const PLACES: [&str; 9] = [
    "hetzner/servers",
    "hetzner/firewalls",
    "hetzner/ssh_keys",
    "hetzner/primary_ips",
    "stripe/customers",
    "stripe/subscriptions",
    "stripe/invoices",
    "identity_toolkit/accounts",
    "firestore/documents",
];

/// Rows in one transaction.
const AT_ONCE: usize = 2000;

/// The first customer, as a pattern for others.
pub struct Pattern {
    objects: Vec<(&'static str, Vec<String>)>,
    rows: BTreeMap<ObjectKey, Object>,
    /// What differs from customer to customer.
    texts: Vec<String>,
    numbers: Vec<u64>,
}

impl Pattern {
    pub async fn of(clouds: &Clouds, fleet: &Fleet) -> Pattern {
        let mut pattern =
            Pattern { objects: Vec::new(), rows: BTreeMap::new(), texts: Vec::new(), numbers: Vec::new() };
        for place in PLACES {
            let mut objects = clouds.objects(place).await;
            for object in &mut objects {
                pattern.learn(object);
                // The sandbox keeps it beside what it shows. It is long, and in no list.
                for part in object.as_object_mut().unwrap().values_mut().filter_map(Json::as_object_mut) {
                    part.remove("user_data");
                }
            }
            pattern.objects.push((place, objects.iter().map(Json::to_string).collect()));
        }
        pattern.rows = fleet.engine.snapshot().await.unwrap().objects;
        // The longest first: one may begin as another.
        pattern.texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
        pattern.texts.dedup();
        pattern
    }

    /// Ids of Stripe and numbers of Hetzner.
    fn learn(&mut self, object: &Json) {
        match &object["id"] {
            // A mailbox is named after its server, whose name has the marker.
            Json::String(id) if id.contains("/box-") => {}
            Json::String(id) => self.texts.push(id.clone()),
            Json::Number(id) => self.numbers.extend(id.as_u64()),
            _ => {}
        }
        for item in object["items"]["data"].as_array().into_iter().flatten() {
            self.learn(item);
        }
    }

    /// Writes customers beside the first.
    pub async fn repeat(&self, clouds: &Clouds, fleet: &Fleet, customers: std::ops::Range<usize>) {
        let changes: Vec<Change<'_>> = customers.map(|n| Change::new(self, fleet, n)).collect();
        for (place, objects) in &self.objects {
            let copies = changes.iter().flat_map(|change| objects.iter().map(|text| change.json(text)));
            clouds.insert(place, &copies.collect::<Vec<_>>()).await;
        }
        let lease = fleet.engine.lock("seed", std::time::Duration::ZERO).await.unwrap();
        let mut all = changes.iter().flat_map(|change| self.rows.iter().map(|(key, object)| change.row(key, object)));
        loop {
            let mut mutations = Vec::new();
            for (key, object) in all.by_ref().take(AT_ONCE) {
                mutations.push(Mutation::PutObject(rows::encode_object(&key, &object, &fleet.engine.vault).unwrap()));
            }
            if mutations.is_empty() {
                break;
            }
            let keys = fleet.engine.vault.keys_to_commit();
            mutations.extend(keys.iter().cloned().map(Mutation::PutKey));
            let change = StoreChange { base: None, mutations, event: None };
            fleet.engine.store.commit(&lease, change).await.unwrap();
            fleet.engine.vault.keys_committed(&keys);
        }
        fleet.engine.store.unlock(lease).await.unwrap();
    }
}

/// From the first customer to another.
struct Change<'p> {
    pattern: &'p Pattern,
    n: usize,
    texts: Vec<(&'p str, String)>,
    markers: Vec<(Arc<str>, Arc<str>)>,
}

impl<'p> Change<'p> {
    fn new(pattern: &'p Pattern, fleet: &Fleet, n: usize) -> Change<'p> {
        let marker = |address: &Address| fleet.engine.vault.marker(address).address.0;
        let markers = pattern.rows.keys().map(|row| (marker(&row.address), marker(&with_key(&row.address, n))));
        let texts = pattern.texts.iter().map(|text| (text.as_str(), format!("{text}N{n}"))).collect();
        Change { pattern, n, texts, markers: markers.collect() }
    }

    fn text(&self, text: &str) -> String {
        let mut changed = text.replace(&email(0), &email(self.n));
        for (from, to) in &self.texts {
            changed = changed.replace(from, to);
        }
        for (from, to) in &self.markers {
            changed = changed.replace(&**from, to);
        }
        for number in &self.pattern.numbers {
            changed = changed.replace(&number.to_string(), &(number + 100 * self.n as u64).to_string());
        }
        changed
    }

    fn json(&self, text: &str) -> Json {
        serde_json::from_str(&self.text(text)).unwrap()
    }

    fn value(&self, value: &Value) -> Value {
        match value.data() {
            Data::String(text) => Value::string(self.text(text)).with_marks(value.marks()),
            Data::Mapping(entries) => {
                let entries = entries.iter().map(|(name, value)| (self.text(name).into(), self.value(value)));
                value.clone().with_entries(entries.collect())
            }
            Data::Sequence(items) => value.clone().with_elements(items.iter().map(|item| self.value(item)).collect()),
            _ => value.clone(),
        }
    }

    fn row(&self, key: &ObjectKey, object: &Object) -> (ObjectKey, Object) {
        let dependencies = object.dependencies.iter().map(|d| d.replace(&self::key(0), &self::key(self.n)).into());
        let object = Object {
            id: self.text(&object.id.0).as_str().into(),
            attributes: self.value(&object.attributes),
            dependencies: dependencies.collect(),
            ..object.clone()
        };
        (ObjectKey::current(with_key(&key.address, self.n)), object)
    }
}

fn with_key(address: &Address, n: usize) -> Address {
    address.clone().with_key(Some(InstanceKey::Key(key(n).into())))
}
