//! Firestore v1 over REST: <https://cloud.google.com/firestore/docs/reference/rest/v1/projects.databases.documents>.
use ampere_core::identity::StackId;
use ampere_core::inventory::{Depth, ListProblem};
use ampere_core::provider::{ProviderError, ProviderErrorKind};
use serde_json::{Map, Value as Json, json};

use super::document::{ADDRESS, COLLECTION, Document, KIND, Precondition, STACK, Writing, deletion};
use super::{Refusal, refusal};
use crate::http::{Call, Endpoint, Pages, segment};

/// How many documents one query may give. Firestore streams the answer and knows no most; what bounds it is our own limit of
/// 32 MiB for a body: a document's listed fields are about 1 KiB, with the sealed address of an account about 3 KiB.
const PAGE: usize = 2000;

/// The fields that every listing asks for: label and facts. What is sealed is long and not needed.
const FACTS: &[&str] = &[
    KIND,
    STACK,
    ADDRESS,
    // of secrets
    "account",
    "kind",
    "name",
    "valueVersion",
    "version",
    "fingerprint",
    // of mailboxes: what we wrote, for a box could write much
    "enrolUntil",
    "boxKey",
    "confirmed",
    "refusal",
    "sealedAt",
];

/// What a thorough listing asks for as well: whether the sealed address is still there.
const SEALED: &[&str] = &["sealedEmail"];

/// Firestore's default database of one project.
pub(crate) struct Firestore {
    endpoint: Endpoint,
    /// `projects/P/databases/(default)/documents`
    root: String,
}

/// All documents of a stack.
#[derive(Debug, Default)]
pub(crate) struct Documents {
    /// Those that could be read.
    pub documents: Vec<Document>,
    /// Those that could not.
    pub problems: Vec<ListProblem>,
}

impl Firestore {
    /// The client of a project.
    pub fn new(endpoint: Endpoint, project: &str) -> Firestore {
        Firestore { endpoint, root: format!("projects/{project}/databases/(default)/documents") }
    }

    /// A document of our collection, if it is there.
    pub async fn get(&self, id: &str) -> Result<Option<Document>, ProviderError> {
        // Such an id would name a document of another collection.
        if id.is_empty() || id.contains('/') {
            return Ok(None);
        }
        let call = Call::get(format!("/v1/{}/{COLLECTION}/{}", self.root, segment(id)));
        let answer = self.endpoint.send(&call).await?;
        match answer.status {
            404 => Ok(None),
            _ if answer.is_success() => Document::read(&answer.json()?).map(Some).ok_or_else(|| {
                let message = format!("the answer to {} is no document", answer.place);
                ProviderError::new(answer.cloud, ProviderErrorKind::Malformed, message)
            }),
            _ => Err(refusal(&answer).error),
        }
    }

    /// Writes a document, if the precondition holds.
    ///
    /// # Errors
    ///
    /// `ALREADY_EXISTS` for one that was to be absent; `Unavailable` for one that was changed since it was read: the step can
    /// be made again and will read it anew.
    pub async fn write(&self, writing: &Writing<'_>, when: &Precondition) -> Result<(), Refusal> {
        self.commit(writing.json(&self.root, when)).await
    }

    /// Deletes a document that was read before, as it was read.
    ///
    /// # Errors
    ///
    /// `Unavailable` if somebody has changed it since.
    pub async fn delete(&self, document: &Document) -> Result<(), ProviderError> {
        match self.commit(deletion(&self.root, document)).await {
            Err(refused) if refused.code == "NOT_FOUND" => Ok(()),
            other => other.map_err(ProviderError::from),
        }
    }

    async fn commit(&self, write: Json) -> Result<(), Refusal> {
        let call = Call::post(format!("/v1/{}:commit", self.root)).json(json!({"writes": [write]}));
        let answer = self.endpoint.send(&call).await?;
        if !answer.is_success() {
            let mut refused = refusal(&answer);
            // Each write has one precondition, and this is what Firestore says when it does not hold.
            if matches!(refused.code.as_str(), "FAILED_PRECONDITION" | "ABORTED") {
                let message = format!("{}: somebody else wrote the document at the same time", answer.place);
                refused.error = ProviderError::new(answer.cloud, ProviderErrorKind::Unavailable, message)
                    .with_hint("Run the plan again.");
            }
            return Err(refused);
        }
        // Of the answer nothing is needed but that it is one: a proxy's page says 200 as well.
        answer.json::<Map<String, Json>>()?;
        Ok(())
    }

    /// All documents that bear the stack's marker, of whatever kind.
    ///
    /// # Errors
    ///
    /// A page that could not be had.
    pub async fn list(&self, stack: &StackId, depth: Depth) -> Result<Documents, ProviderError> {
        let mut list = Documents::default();
        let mut last: Option<String> = None;
        let mut turned = Pages::new(self.endpoint.cloud(), "documents:runQuery");
        loop {
            let query = query(stack, depth, last.as_deref());
            let call = Call::post(format!("/v1/{}:runQuery", self.root)).json(query).read_only();
            let answer = self.endpoint.send(&call).await?;
            if !answer.is_success() {
                return Err(refusal(&answer).error);
            }
            let rows: Vec<Json> = answer.json()?;
            let found: Vec<&Json> = rows.iter().map(|row| &row["document"]).filter(|d| !d.is_null()).collect();
            for document in &found {
                match Document::read(document) {
                    Some(document) if document.kind().is_none() => {
                        let message = format!("it bears our marker, and {KIND} says nothing that is known");
                        list.problems.push(problem(answer.cloud, &document.id, message));
                        // Kept: whoever knows its id (an account, by its user) repairs it.
                        list.documents.push(document);
                    }
                    Some(document) if document.marker().is_none() => {
                        let message = format!("it bears our marker in part: {ADDRESS} is no text");
                        list.problems.push(problem(answer.cloud, &document.id, message));
                    }
                    Some(document) => list.documents.push(document),
                    None => list.problems.push(problem(answer.cloud, "?", "it has no name or no time".into())),
                }
            }
            let next = found.last().and_then(|document| document["name"].as_str()).map(str::to_owned);
            match &next {
                Some(next) if found.len() >= PAGE => turned.turn(next)?,
                _ => return Ok(list),
            }
            last = next;
        }
    }
}

fn problem(cloud: &str, id: &str, message: String) -> ListProblem {
    ListProblem { place: format!("{cloud}, document {COLLECTION}/{id}"), message }
}

/// A query by stack, in the order of names, after the last one of the page before. It needs no index but the one that
/// Firestore keeps of every field by itself.
fn query(stack: &StackId, depth: Depth, after: Option<&str>) -> Json {
    let sealed = if depth == Depth::Parts { SEALED } else { &[] };
    let select: Vec<Json> = FACTS.iter().chain(sealed).map(|name| json!({"fieldPath": name})).collect();
    let mut query = json!({
        "from": [{"collectionId": COLLECTION}],
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
    fn a_query_goes_on_after_the_last_name_and_asks_for_no_sealed_value() {
        let stack = StackId("aa".into());
        let first = query(&stack, Depth::Objects, None);
        assert!(first["structuredQuery"].get("startAt").is_none());
        assert!(!SEALED.iter().any(|name| first.to_string().contains(name)), "{first}");
        let next = query(&stack, Depth::Parts, Some("projects/p/d/x"));
        assert_eq!(next["structuredQuery"]["startAt"]["before"], json!(false));
        assert_eq!(next["structuredQuery"]["startAt"]["values"][0]["referenceValue"], json!("projects/p/d/x"));
    }
}
