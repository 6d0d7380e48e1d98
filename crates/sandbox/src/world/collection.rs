//! Objects of one kind, in the order in which they were made, found by id and by lookup key.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use super::kind::Kind;

/// Objects of one kind.
#[derive(Debug)]
pub(crate) struct Collection {
    kind: Kind,
    entries: BTreeMap<u64, Entry>,
    by_id: BTreeMap<String, u64>,
    by_key: HashMap<String, Vec<u64>>,
    next: u64,
}

#[derive(Debug)]
struct Entry {
    id: String,
    object: Value,
}

/// What a write replaced, so that it can be taken back.
#[derive(Debug)]
pub(crate) struct Replaced {
    sequence: u64,
    before: Option<Value>,
}

impl Replaced {
    /// The object before; none when it was not there.
    pub(crate) fn before(&self) -> Option<&Value> {
        self.before.as_ref()
    }
}

impl Collection {
    pub(crate) fn new(kind: Kind) -> Collection {
        Collection { kind, entries: BTreeMap::new(), by_id: BTreeMap::new(), by_key: HashMap::new(), next: 0 }
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Value> {
        self.entries.get(self.by_id.get(id)?).map(|entry| &entry.object)
    }

    /// An object with the id it is stored under.
    pub(crate) fn entry(&self, id: &str) -> Option<(&str, &Value)> {
        let entry = self.entries.get(self.by_id.get(id)?)?;
        Some((entry.id.as_str(), &entry.object))
    }

    /// Every object, oldest first.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (&str, &Value)> {
        self.entries.values().map(|entry| (entry.id.as_str(), &entry.object))
    }

    /// Objects made before the one with this id, newest first; `None` when there is no such id.
    pub(crate) fn older_than(&self, id: &str) -> Option<impl Iterator<Item = (&str, &Value)>> {
        let sequence = *self.by_id.get(id)?;
        Some(self.entries.range(..sequence).rev().map(|(_, entry)| (entry.id.as_str(), &entry.object)))
    }

    /// Objects whose id starts with `prefix`, in the order of their ids, beginning after `after`.
    pub(crate) fn with_prefix<'a>(
        &'a self,
        prefix: &'a str,
        after: Option<&str>,
    ) -> impl Iterator<Item = (&'a str, &'a Value)> {
        use std::ops::Bound;
        let start = match after {
            Some(after) => Bound::Excluded(after.to_owned()),
            None => Bound::Included(prefix.to_owned()),
        };
        self.by_id
            .range::<String, _>((start, Bound::Unbounded))
            .take_while(move |(id, _)| id.starts_with(prefix))
            .filter_map(|(id, sequence)| Some((id.as_str(), &self.entries.get(sequence)?.object)))
    }

    /// Objects with this lookup key, oldest first.
    pub(crate) fn with_key(&self, key: &str) -> impl Iterator<Item = (&str, &Value)> {
        self.by_key
            .get(key)
            .into_iter()
            .flatten()
            .filter_map(|sequence| self.entries.get(sequence))
            .map(|entry| (entry.id.as_str(), &entry.object))
    }

    /// Writes an object; one that replaces another keeps its place in the order.
    pub(crate) fn put(&mut self, id: &str, object: Value) -> Replaced {
        let sequence = self.by_id.get(id).copied().unwrap_or_else(|| {
            self.next += 1;
            self.next
        });
        Replaced { sequence, before: self.set(sequence, id, Some(object)) }
    }

    /// Removes an object; `None` when it was not there.
    pub(crate) fn remove(&mut self, id: &str) -> Option<Replaced> {
        let sequence = *self.by_id.get(id)?;
        Some(Replaced { sequence, before: self.set(sequence, id, None) })
    }

    /// Takes a write back.
    pub(crate) fn restore(&mut self, id: &str, replaced: Replaced) {
        self.set(replaced.sequence, id, replaced.before);
    }

    fn set(&mut self, sequence: u64, id: &str, object: Option<Value>) -> Option<Value> {
        let before = self.entries.remove(&sequence).map(|entry| entry.object);
        if let Some(key) = before.as_ref().and_then(|object| self.kind.lookup_key(object))
            && let Some(sequences) = self.by_key.get_mut(key)
        {
            sequences.retain(|other| *other != sequence);
            if sequences.is_empty() {
                self.by_key.remove(key);
            }
        }
        let Some(object) = object else {
            self.by_id.remove(id);
            return before;
        };
        if let Some(key) = self.kind.lookup_key(&object) {
            let sequences = self.by_key.entry(key.to_owned()).or_default();
            sequences.push(sequence);
            sequences.sort_unstable();
        }
        self.by_id.insert(id.to_owned(), sequence);
        let id = id.to_owned();
        self.entries.insert(sequence, Entry { id, object });
        before
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_write_taken_back_leaves_order_and_lookup_as_they_were() {
        let mut servers = Collection::new(Kind::Servers);
        servers.put("1", json!({"name": "a"}));
        servers.put("2", json!({"name": "b"}));
        let renamed = servers.put("1", json!({"name": "c"}));
        assert_eq!(servers.with_key("c").count(), 1);
        assert_eq!(servers.with_key("a").count(), 0);
        servers.restore("1", renamed);
        let removed = servers.remove("1").expect("it is there");
        assert_eq!(servers.with_key("a").count(), 0);
        servers.restore("1", removed);
        let ids: Vec<_> = servers.iter().map(|(id, _)| id).collect();
        assert_eq!(ids, ["1", "2"]);
        assert_eq!(servers.with_key("a").count(), 1);
    }

    #[test]
    fn older_objects_come_newest_first_and_prefixes_in_order() {
        let mut documents = Collection::new(Kind::Documents);
        for id in ["p/b", "p/a", "q/a", "p/c"] {
            documents.put(id, json!({}));
        }
        let older: Vec<_> = documents.older_than("p/c").expect("known").map(|(id, _)| id).collect();
        assert_eq!(older, ["q/a", "p/a", "p/b"]);
        let after: Vec<_> = documents.with_prefix("p/", Some("p/a")).map(|(id, _)| id).collect();
        assert_eq!(after, ["p/b", "p/c"]);
        assert!(documents.older_than("p/z").is_none());
    }
}
