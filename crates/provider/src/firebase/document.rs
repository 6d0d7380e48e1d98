//! Documents of Firestore: what is written, what is read, and whose they are.
//!
//! All of ours lie in one collection, so that one query lists them; [`DocumentKind`] tells them apart.
use std::collections::BTreeMap;

use ampere_core::identity::Marker;
use jiff::Timestamp;
use serde_json::{Map, Value as Json, json};

use super::identity::UID_PREFIX;
use crate::marker;

/// The collection of all our documents.
pub(crate) const COLLECTION: &str = "ampere";
/// What the ids of secrets begin with.
pub(crate) const SECRET_PREFIX: &str = "secret";
/// What the ids of mailboxes begin with.
pub(crate) const MAILBOX_PREFIX: &str = "box";
/// The field that holds the stack of our marker.
pub(crate) const STACK: &str = "ampereStack";
/// The field that holds the address of our marker.
pub(crate) const ADDRESS: &str = "ampereAddress";
/// The field that tells what the document is.
pub(crate) const KIND: &str = "ampereKind";

/// What a document of ours is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DocumentKind {
    /// An account's; its id is the uid.
    Account,
    /// A secret's.
    Secret,
    /// A box's mailbox; its id is the uid of the box's user.
    Mailbox,
}

impl DocumentKind {
    const ALL: [DocumentKind; 3] = [DocumentKind::Account, DocumentKind::Secret, DocumentKind::Mailbox];

    /// As the field says it.
    fn name(self) -> &'static str {
        match self {
            DocumentKind::Account => "account",
            DocumentKind::Secret => "secret",
            DocumentKind::Mailbox => ampere_bundle::mailbox::KIND,
        }
    }

    /// What ids made by us begin with.
    fn prefix(self) -> &'static str {
        match self {
            DocumentKind::Account => UID_PREFIX,
            DocumentKind::Secret => SECRET_PREFIX,
            DocumentKind::Mailbox => MAILBOX_PREFIX,
        }
    }

    /// Where such a document is. Sealed values are bound to it, so that one put elsewhere does not open.
    pub fn place(self, id: &str) -> String {
        format!("{COLLECTION}/{id}")
    }
}

/// A field to write. What is personal in it has been sealed before (S1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    /// A string.
    Text(String),
    /// An integer.
    Integer(u64),
    /// A time.
    Time(Timestamp),
    /// The field is taken away.
    Absent,
}

/// A field as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stored {
    /// A string.
    Text(String),
    /// An integer.
    Integer(i64),
    /// A time.
    Time(Timestamp),
    /// Anything else: we never write such a field.
    Foreign,
}

impl Stored {
    fn read(value: &Json) -> Stored {
        let integer = match &value["integerValue"] {
            Json::String(text) => text.parse().ok(),
            other => other.as_i64(),
        };
        let time = value["timestampValue"].as_str().and_then(|time| time.parse().ok());
        match (value["stringValue"].as_str(), integer, time) {
            (Some(text), _, _) => Stored::Text(text.to_owned()),
            (None, Some(number), _) => Stored::Integer(number),
            (None, None, Some(time)) => Stored::Time(time),
            (None, None, None) => Stored::Foreign,
        }
    }
}

/// What must hold of a document when it is written or deleted, so that nobody's work is overwritten unseen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Precondition {
    /// It is not there yet.
    Absent,
    /// It is as it was when it was read.
    Unchanged(String),
}

impl Precondition {
    /// That nothing has happened to what was found.
    pub fn as_found(document: Option<&Document>) -> Precondition {
        document.map_or(Precondition::Absent, |document| Precondition::Unchanged(document.updated.clone()))
    }

    fn json(&self) -> Json {
        match self {
            Precondition::Absent => json!({"exists": false}),
            Precondition::Unchanged(time) => json!({"updateTime": time}),
        }
    }
}

/// A document, read leniently: its name first, everything else if it is as expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Document {
    /// The last part of its name.
    pub id: String,
    /// `updateTime`, as it was written.
    pub updated: String,
    fields: BTreeMap<String, Stored>,
}

impl Document {
    /// Reads one; none if it has no name or no time.
    pub fn read(document: &Json) -> Option<Document> {
        let id = document["name"].as_str()?.rsplit('/').next().filter(|id| !id.is_empty())?.to_owned();
        let updated = document["updateTime"].as_str()?.to_owned();
        let fields = document["fields"].as_object().into_iter().flatten();
        Some(Document {
            id,
            updated,
            fields: fields.map(|(name, value)| (name.clone(), Stored::read(value))).collect(),
        })
    }

    /// Our marker, if it is there. An address that was damaged is read from the id, if the id was made from the marker.
    pub fn marker(&self) -> Option<Marker> {
        let stack = self.text(STACK)?;
        match self.text(ADDRESS) {
            Some(address) => Some(marker::marker(stack, address)),
            None => self.of_id().map(|(_, marker)| marker).filter(|marker| &*marker.stack.0 == stack),
        }
    }

    /// What it is: by its field, else by its id; none if neither tells.
    pub fn kind(&self) -> Option<DocumentKind> {
        let said = self.text(KIND).and_then(|name| DocumentKind::ALL.into_iter().find(|kind| kind.name() == name));
        said.or_else(|| self.of_id().map(|(kind, _)| kind))
    }

    fn of_id(&self) -> Option<(DocumentKind, Marker)> {
        DocumentKind::ALL.into_iter().find_map(|kind| Some((kind, marker::of_name(kind.prefix(), &self.id)?)))
    }

    /// Whether marker and kind stand in their fields.
    pub fn is_labelled(&self) -> bool {
        let kind = self.kind().map(DocumentKind::name);
        self.text(STACK).is_some() && self.text(ADDRESS).is_some() && self.text(KIND) == kind
    }

    /// A field's text.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.fields.get(name)? {
            Stored::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A field's whole number.
    pub fn integer(&self, name: &str) -> Option<i64> {
        match self.fields.get(name)? {
            Stored::Integer(number) => Some(*number),
            _ => None,
        }
    }

    /// A field's time.
    pub fn time(&self, name: &str) -> Option<Timestamp> {
        match self.fields.get(name)? {
            Stored::Time(time) => Some(*time),
            _ => None,
        }
    }

    /// Whether there is a field of this name, whatever it holds.
    pub fn has(&self, name: &str) -> bool {
        self.fields.contains_key(name)
    }
}

/// A document to write: these fields, marker and kind; its other fields are left alone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Writing<'a> {
    /// What it is.
    pub kind: DocumentKind,
    /// Its id.
    pub id: &'a str,
    /// Whose it is.
    pub marker: &'a Marker,
    /// What it says.
    pub fields: &'a [(&'a str, Field)],
}

impl Writing<'_> {
    /// As a write of `documents:commit`; `root` is the database's.
    pub fn json(&self, root: &str, when: &Precondition) -> Json {
        let label = [
            (KIND, Field::Text(self.kind.name().to_owned())),
            (STACK, Field::Text(self.marker.stack.to_string())),
            (ADDRESS, Field::Text(self.marker.address.to_string())),
        ];
        let mut values = Map::new();
        let mut mask = Vec::new();
        for (name, field) in self.fields.iter().chain(&label) {
            mask.push(*name);
            let value = match field {
                Field::Text(text) => json!({"stringValue": text}),
                Field::Integer(number) => json!({"integerValue": number.to_string()}),
                Field::Time(time) => json!({"timestampValue": time.to_string()}),
                Field::Absent => continue,
            };
            values.insert((*name).to_owned(), value);
        }
        json!({
            "update": {"name": format!("{root}/{COLLECTION}/{}", self.id), "fields": values},
            "updateMask": {"fieldPaths": mask},
            "currentDocument": when.json(),
        })
    }
}

/// A deletion, as a write of `documents:commit`.
pub(crate) fn deletion(root: &str, document: &Document) -> Json {
    let when = Precondition::Unchanged(document.updated.clone());
    json!({"delete": format!("{root}/{COLLECTION}/{}", document.id), "currentDocument": when.json()})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(id: &str, fields: Json) -> Document {
        let name = format!("projects/p/databases/(default)/documents/ampere/{id}");
        Document::read(&json!({"name": name, "updateTime": "2026-01-01T00:00:00.000001Z", "fields": fields})).unwrap()
    }

    #[test]
    fn a_write_masks_what_it_sets_and_what_it_takes_away() {
        let ours = marker::marker("aa", "bb");
        let fields =
            [("sealedEmail", Field::Text("amp1.x".into())), ("name", Field::Absent), ("version", Field::Integer(2))];
        let writing = Writing { kind: DocumentKind::Account, id: "u", marker: &ours, fields: &fields };
        let write = writing.json("projects/p/d", &Precondition::Absent);
        assert_eq!(write["update"]["name"], "projects/p/d/ampere/u");
        assert_eq!(write["updateMask"]["fieldPaths"], json!(["sealedEmail", "name", "version", KIND, STACK, ADDRESS]));
        assert_eq!(write["update"]["fields"]["version"], json!({"integerValue": "2"}));
        assert!(write["update"]["fields"].get("name").is_none());
        assert_eq!(write["currentDocument"], json!({"exists": false}));
    }

    #[test]
    fn whose_a_damaged_document_is_can_be_told_from_its_id() {
        let text = |text: &str| json!({"stringValue": text});
        let whole = document("u1", json!({KIND: text("account"), STACK: text("aa"), ADDRESS: text("bb")}));
        assert_eq!((whole.kind(), whole.is_labelled()), (Some(DocumentKind::Account), true));
        let damaged = document("secret-aa-bb", json!({STACK: text("aa"), ADDRESS: {"booleanValue": true}}));
        assert_eq!((damaged.kind(), damaged.marker()), (Some(DocumentKind::Secret), Some(marker::marker("aa", "bb"))));
        assert!(!damaged.is_labelled() && damaged.has(ADDRESS));
        // An id of another stack's making says nothing about ours, and an unknown kind is none.
        assert_eq!(document("secret-cc-bb", json!({STACK: text("aa")})).marker(), None);
        assert_eq!(document("u1", json!({KIND: text("letter"), STACK: text("aa"), ADDRESS: text("bb")})).kind(), None);
    }

    #[test]
    fn fields_of_foreign_types_are_seen_and_not_read() {
        let read = document("u", json!({"version": {"integerValue": "3"}, "seen": {"booleanValue": true}}));
        assert_eq!((read.integer("version"), read.text("version"), read.text("seen")), (Some(3), None, None));
        assert!(read.has("seen") && !read.has("unseen"));
    }
}
