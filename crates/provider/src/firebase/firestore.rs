//! Firestore v1 over REST: <https://cloud.google.com/firestore/docs/reference/rest/v1/projects.databases.documents>.
use std::collections::BTreeMap;

use ampere_core::identity::{Marker, StackId};
use ampere_core::inventory::ListProblem;
use ampere_core::provider::ProviderError;
use serde_json::{Map, Value as Json, json};

use super::{Refusal, refusal};
use crate::http::{Call, Endpoint, segment};
use crate::marker;

/// How many documents one query may give.
const PAGE: usize = 300;
/// The field that holds the stack of our marker.
const STACK: &str = "ampereStack";
/// The field that holds the address of our marker.
const ADDRESS: &str = "ampereAddress";

/// Firestore's default database of one project.
pub(crate) struct Firestore {
    endpoint: Endpoint,
    /// `projects/P/databases/(default)/documents`
    root: String,
}

/// A field to write. What is personal in it has been sealed before (S1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    /// A string.
    Text(String),
    /// An integer.
    Integer(u64),
    /// The field is taken away.
    Absent,
}

/// A document, read leniently: texts and integers as texts, others left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Document {
    /// The last part of its name.
    pub id: String,
    /// Fields by name.
    pub fields: BTreeMap<String, String>,
}

impl Document {
    fn read(document: &Json) -> Option<Document> {
        let id = document["name"].as_str()?.rsplit('/').next().filter(|id| !id.is_empty())?.to_owned();
        let fields = document["fields"].as_object();
        let text = |value: &Json| {
            ["stringValue", "integerValue"].iter().find_map(|kind| match &value[*kind] {
                Json::String(text) => Some(text.clone()),
                Json::Number(number) => Some(number.to_string()),
                _ => None,
            })
        };
        let fields =
            fields.into_iter().flatten().filter_map(|(name, value)| Some((name.clone(), text(value)?))).collect();
        Some(Document { id, fields })
    }

    /// Our marker, if it is there.
    pub fn marker(&self) -> Option<Marker> {
        Some(marker::marker(self.fields.get(STACK)?, self.fields.get(ADDRESS)?))
    }

    /// A field's text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str)
    }
}

impl Firestore {
    /// The client of a project.
    pub fn new(endpoint: Endpoint, project: &str) -> Firestore {
        Firestore { endpoint, root: format!("projects/{project}/databases/(default)/documents") }
    }

    /// A document, if it is there.
    pub async fn get(&self, collection: &str, id: &str) -> Result<Option<Document>, ProviderError> {
        // Such an id would name a document of another collection.
        if id.is_empty() || id.contains('/') {
            return Ok(None);
        }
        let call = Call::get(format!("/v1/{}/{collection}/{}", self.path(), segment(id)));
        let answer = self.endpoint.send(&call).await?;
        match answer.status {
            404 => Ok(None),
            _ if answer.is_success() => {
                let body: Json = answer.json()?;
                Ok(Document::read(&body))
            }
            _ => Err(refusal(&answer).error),
        }
    }

    /// Writes these fields and the marker, and leaves the document's other fields alone. With `new` the document must not
    /// be there yet (`ALREADY_EXISTS` else).
    pub async fn write(
        &self,
        collection: &str,
        id: &str,
        marker: &Marker,
        fields: &[(&str, Field)],
        new: bool,
    ) -> Result<(), Refusal> {
        self.commit(write(&self.name(collection, id), marker, fields, new)).await
    }

    /// Deletes a document; one that is gone already is a success.
    pub async fn delete(&self, collection: &str, id: &str) -> Result<(), ProviderError> {
        self.commit(json!({"delete": self.name(collection, id)})).await.map_err(ProviderError::from)
    }

    async fn commit(&self, write: Json) -> Result<(), Refusal> {
        let call = Call::post(format!("/v1/{}:commit", self.path())).json(json!({"writes": [write]}));
        let answer = self.endpoint.send(&call).await?;
        if !answer.is_success() {
            return Err(refusal(&answer));
        }
        // Of the answer nothing is needed but that it is one: a proxy's page says 200 as well.
        answer.json::<Map<String, Json>>()?;
        Ok(())
    }

    /// All documents of a collection that bear the stack's marker; of their fields only the marker and those named.
    pub async fn list(
        &self,
        collection: &str,
        stack: &StackId,
        fields: &[&str],
    ) -> Result<(Vec<Document>, Vec<ListProblem>), ProviderError> {
        let (mut documents, mut problems) = (Vec::new(), Vec::new());
        let mut last: Option<String> = None;
        loop {
            let query = query(collection, stack, fields, last.as_deref());
            let call = Call::post(format!("/v1/{}:runQuery", self.path())).json(query).read_only();
            let answer = self.endpoint.send(&call).await?;
            if !answer.is_success() {
                return Err(refusal(&answer).error);
            }
            let rows: Vec<Json> = answer.json()?;
            let found: Vec<&Json> = rows.iter().map(|row| &row["document"]).filter(|d| !d.is_null()).collect();
            for document in &found {
                match Document::read(document) {
                    Some(document) => documents.push(document),
                    None => problems.push(ListProblem {
                        place: format!("{}, {collection}", answer.cloud),
                        message: "a document has no name".into(),
                    }),
                }
            }
            let next = found.last().and_then(|document| document["name"].as_str()).map(str::to_owned);
            if found.len() < PAGE || next.is_none() || next == last {
                return Ok((documents, problems));
            }
            last = next;
        }
    }

    fn name(&self, collection: &str, id: &str) -> String {
        format!("{}/{collection}/{id}", self.root)
    }

    /// The root as part of a URL.
    fn path(&self) -> &str {
        &self.root
    }
}

/// A write of `documents:commit`.
fn write(name: &str, marker: &Marker, fields: &[(&str, Field)], new: bool) -> Json {
    let mark = [(STACK, Field::Text(marker.stack.to_string())), (ADDRESS, Field::Text(marker.address.to_string()))];
    let mut values = Map::new();
    let mut mask = Vec::new();
    for (name, field) in fields.iter().chain(&mark) {
        mask.push(*name);
        match field {
            Field::Text(text) => drop(values.insert((*name).into(), json!({"stringValue": text}))),
            Field::Integer(number) => drop(values.insert((*name).into(), json!({"integerValue": number.to_string()}))),
            Field::Absent => {}
        }
    }
    let mut write = json!({"update": {"name": name, "fields": values}, "updateMask": {"fieldPaths": mask}});
    if new {
        write["currentDocument"] = json!({"exists": false});
    }
    write
}

/// A query by stack, in the order of names, after the last one of the page before.
fn query(collection: &str, stack: &StackId, fields: &[&str], after: Option<&str>) -> Json {
    let select: Vec<Json> = fields.iter().chain(&[STACK, ADDRESS]).map(|name| json!({"fieldPath": name})).collect();
    let mut query = json!({
        "from": [{"collectionId": collection}],
        "select": {"fields": select},
        "where": {"fieldFilter": {"field": {"fieldPath": STACK}, "op": "EQUAL", "value": {"stringValue": &*stack.0}}},
        "orderBy": [{"field": {"fieldPath": "__name__"}, "direction": "ASCENDING"}],
        "limit": PAGE,
    });
    if let Some(after) = after {
        query["startAt"] = json!({"values": [{"referenceValue": after}], "before": false});
    }
    json!({"structuredQuery": query})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_masks_what_it_sets_and_what_it_takes_away() {
        let ours = marker::marker("aa", "bb");
        let fields = [("email", Field::Text("amp1.x".into())), ("name", Field::Absent), ("version", Field::Integer(2))];
        let write = write("projects/p/d", &ours, &fields, true);
        assert_eq!(write["updateMask"]["fieldPaths"], json!(["email", "name", "version", STACK, ADDRESS]));
        assert_eq!(write["update"]["fields"]["version"], json!({"integerValue": "2"}));
        assert!(write["update"]["fields"].get("name").is_none());
        assert_eq!(write["currentDocument"], json!({"exists": false}));
    }

    #[test]
    fn a_query_goes_on_after_the_last_name() {
        let stack = StackId("aa".into());
        assert!(query("accounts", &stack, &[], None)["structuredQuery"].get("startAt").is_none());
        let next = query("accounts", &stack, &["kind"], Some("projects/p/d/x"));
        assert_eq!(next["structuredQuery"]["startAt"]["before"], json!(false));
        assert_eq!(next["structuredQuery"]["startAt"]["values"][0]["referenceValue"], json!("projects/p/d/x"));
    }

    #[test]
    fn fields_of_other_types_are_left_out() {
        let document = json!({"name": "projects/p/documents/accounts/u", "fields": {
            "email": {"stringValue": "amp1.x"}, "version": {"integerValue": "3"}, "seen": {"booleanValue": true}}});
        let read = Document::read(&document).unwrap();
        assert_eq!((read.id.as_str(), read.text("version"), read.text("seen")), ("u", Some("3"), None));
    }
}
