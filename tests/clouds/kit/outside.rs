//! The clouds as somebody else uses them: plain calls of their public APIs, with nothing of our provider in between.
use std::collections::BTreeMap;

use ampere_core::identity::StackId;
use reqwest::Method;
use serde_json::{Value as Json, json};

use crate::Access;

/// The collections that documents of ours lie in.
const COLLECTIONS: [&str; 1] = ["ampere"];

/// Somebody else at the same clouds.
#[derive(Clone, Debug)]
pub struct Outside {
    urls: BTreeMap<&'static str, String>,
    access: Access,
    world: String,
    stack: String,
    client: reqwest::Client,
}

impl Outside {
    /// Somebody with these base URLs, who looks at one world's objects.
    pub fn new(urls: BTreeMap<&'static str, String>, access: Access, world: &str, stack: &StackId) -> Outside {
        let client = reqwest::Client::new();
        Outside { urls, access, world: world.to_owned(), stack: stack.to_string(), client }
    }

    /// What it is let in with.
    pub fn access(&self) -> &Access {
        &self.access
    }

    /// A call with a JSON body; panics unless it succeeds.
    pub async fn call(&self, cloud: &str, method: Method, path: &str, body: Option<Json>) -> Json {
        answered(path, self.request(cloud, method, path, body)).await
    }

    fn request(&self, cloud: &str, method: Method, path: &str, body: Option<Json>) -> reqwest::RequestBuilder {
        let token = match cloud {
            "hetzner" => &self.access.hetzner,
            "stripe" => &self.access.stripe,
            _ => &self.access.google,
        };
        let request = self.client.request(method, format!("{}{path}", self.urls[cloud])).bearer_auth(token);
        match body {
            Some(body) => request.json(&body),
            None => request,
        }
    }

    /// A call as somebody who is no administrator: with a token of their own, or with none.
    pub fn as_person(
        &self,
        token: Option<&str>,
        cloud: &str,
        method: Method,
        path: &str,
        body: Option<Json>,
    ) -> reqwest::RequestBuilder {
        let mut request = self.client.request(method, format!("{}{path}", self.urls[cloud]));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        match body {
            Some(body) => request.json(&body),
            None => request,
        }
    }

    /// A call with a form, as somebody who has nothing to show but what is in it; its status and body.
    pub async fn form(&self, cloud: &str, path: &str, form: &str) -> (u16, Json) {
        let request = self.client.post(format!("{}{path}", self.urls[cloud]));
        let request = request.header("Content-Type", "application/x-www-form-urlencoded").body(form.to_owned());
        let answer = request.send().await.unwrap_or_else(|error| panic!("{path}: {error}"));
        (answer.status().as_u16(), answer.json().await.unwrap_or_default())
    }

    /// A call of Stripe with a form.
    pub async fn stripe(&self, method: Method, path: &str, form: &[(&str, &str)]) -> Json {
        let mut request = self.request("stripe", method, path, None);
        if !form.is_empty() {
            let mut url = reqwest::Url::parse("http://form/").expect("a URL");
            url.query_pairs_mut().extend_pairs(form);
            request = request.header("Content-Type", "application/x-www-form-urlencoded");
            request = request.body(url.query().unwrap_or_default().to_owned());
        }
        answered(path, request).await
    }

    /// The objects of a list of Stripe's, first page.
    pub async fn stripe_list(&self, path: &str) -> Vec<Json> {
        array(self.stripe(Method::GET, path, &[]).await["data"].take())
    }

    fn accounts(&self, call: &str) -> String {
        format!("/v1/projects/{}/accounts{call}", self.access.project)
    }

    /// All users with an email address of this world.
    pub async fn users(&self) -> Vec<Json> {
        let mut found = self.every_user().await;
        let ending = format!(".{}@example.com", self.world);
        found.retain(|user| user["email"].as_str().is_some_and(|email| email.ends_with(&ending)));
        found
    }

    /// All users of the project.
    pub async fn every_user(&self) -> Vec<Json> {
        let (mut found, mut next) = (Vec::new(), String::new());
        loop {
            let path = self.accounts(&format!(":batchGet?maxResults=1000{next}"));
            let mut page = self.call("identity_toolkit", Method::GET, &path, None).await;
            found.extend(array(page["users"].take()));
            match page["nextPageToken"].as_str() {
                Some(token) if !token.is_empty() => next = format!("&nextPageToken={token}"),
                _ => return found,
            }
        }
    }

    /// All customers that are not deleted.
    pub async fn every_customer(&self) -> Vec<Json> {
        let (mut found, mut after) = (Vec::new(), String::new());
        loop {
            let mut page = self.stripe(Method::GET, &format!("/v1/customers?limit=100{after}"), &[]).await;
            let more = page["has_more"] == true;
            found.extend(array(page["data"].take()));
            match found.last().and_then(|customer| customer["id"].as_str()) {
                Some(last) if more => after = format!("&starting_after={last}"),
                _ => return found,
            }
        }
    }

    /// All objects of a kind at Hetzner Cloud that bear a stack, whichever.
    pub async fn everything_of_hetzner(&self, kind: &str) -> Vec<Json> {
        let (mut found, mut page) = (Vec::new(), 1);
        loop {
            let path = format!("/{kind}?per_page=50&page={page}&label_selector=ampere-stack");
            let mut answer = self.call("hetzner", Method::GET, &path, None).await;
            found.extend(array(answer[kind].take()));
            match answer["meta"]["pagination"]["next_page"].as_u64() {
                Some(next) => page = next,
                None => return found,
            }
        }
    }

    /// Deletes something at whatever cloud it is; whether that was done. A part that is still in use, or gone, is not.
    pub async fn discard(&self, kind: &str, id: &str) -> bool {
        let (cloud, method, path, body) = match kind {
            "customers" => ("stripe", Method::DELETE, format!("/v1/customers/{id}"), None),
            "users" => ("identity_toolkit", Method::POST, self.accounts(":delete"), Some(json!({"localId": id}))),
            "documents" => ("firestore", Method::DELETE, format!("/v1/{id}"), None),
            _ => ("hetzner", Method::DELETE, format!("/{kind}/{id}"), None),
        };
        let answer = self.request(cloud, method, &path, body).send().await;
        answer.is_ok_and(|answer| answer.status().is_success())
    }

    /// Makes a user.
    pub async fn add_user(&self, user: Json) {
        self.call("identity_toolkit", Method::POST, &self.accounts(""), Some(user)).await;
    }

    /// Changes a user.
    pub async fn change_user(&self, change: Json) {
        self.call("identity_toolkit", Method::POST, &self.accounts(":update"), Some(change)).await;
    }

    /// Deletes a user.
    pub async fn remove_user(&self, uid: &str) {
        let body = json!({"localId": uid});
        self.call("identity_toolkit", Method::POST, &self.accounts(":delete"), Some(body)).await;
    }

    fn documents_path(&self) -> String {
        format!("/v1/projects/{}/databases/(default)/documents", self.access.project)
    }

    /// All documents of this world's stack.
    pub async fn documents(&self) -> Vec<Json> {
        self.documents_of(&self.stack).await
    }

    /// All documents of a stack.
    pub async fn documents_of(&self, stack: &str) -> Vec<Json> {
        let mut found = Vec::new();
        for collection in COLLECTIONS {
            let of_stack = json!({"fieldFilter": {
                "field": {"fieldPath": "ampereStack"}, "op": "EQUAL", "value": {"stringValue": stack},
            }});
            let query = json!({"structuredQuery": {"from": [{"collectionId": collection}], "where": of_stack}});
            let path = format!("{}:runQuery", self.documents_path());
            let answers = array(self.call("firestore", Method::POST, &path, Some(query)).await);
            found.extend(answers.into_iter().map(|mut a| a["document"].take()).filter(|document| !document.is_null()));
        }
        found
    }

    /// Deletes a document by its full name.
    pub async fn remove_document(&self, name: &str) {
        self.call("firestore", Method::DELETE, &format!("/v1/{name}"), None).await;
    }

    /// Writes documents, each by its full name and fields.
    pub async fn write_documents(&self, documents: &[(String, Json)]) {
        for some in documents.chunks(400) {
            let writes: Vec<_> =
                some.iter().map(|(name, fields)| json!({"update": {"name": name, "fields": fields}})).collect();
            let path = format!("{}:commit", self.documents_path());
            self.call("firestore", Method::POST, &path, Some(json!({"writes": writes}))).await;
        }
    }
}

async fn answered(path: &str, request: reqwest::RequestBuilder) -> Json {
    let answer = request.send().await.unwrap_or_else(|error| panic!("{path}: {error}"));
    let status = answer.status();
    let text = answer.text().await.expect("a body");
    assert!(status.is_success(), "{path}: {status} {text}");
    if text.is_empty() { Json::Null } else { serde_json::from_str(&text).expect("JSON") }
}

fn array(list: Json) -> Vec<Json> {
    match list {
        Json::Array(list) => list,
        _ => Vec::new(),
    }
}
