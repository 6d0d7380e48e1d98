//! The clouds as somebody else uses them: plain calls of their public APIs, with nothing of our provider in between.
use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value as Json, json};

/// Collections that documents of ours lie in.
const COLLECTIONS: [&str; 3] = ["ampere", "accounts", "ampereSecrets"];

/// Somebody else at the same clouds.
#[derive(Clone, Debug)]
pub struct Outside {
    urls: BTreeMap<&'static str, String>,
    project: String,
    client: reqwest::Client,
}

impl Outside {
    /// Somebody with these base URLs and this Google project.
    pub fn new(urls: BTreeMap<&'static str, String>, project: String) -> Outside {
        Outside { urls, project, client: reqwest::Client::new() }
    }

    /// The Google project.
    pub fn project(&self) -> &str {
        &self.project
    }

    /// A call with a JSON body; panics unless it succeeds.
    pub async fn call(&self, cloud: &str, method: Method, path: &str, body: Option<Json>) -> Json {
        let token = if cloud == "hetzner" { "hc-EXAMPLE" } else { "owner" };
        let mut request = self.client.request(method, format!("{}{path}", self.urls[cloud])).bearer_auth(token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        answered(path, request).await
    }

    /// A call of Stripe with a form.
    pub async fn stripe(&self, method: Method, path: &str, form: &[(&str, &str)]) -> Json {
        let mut request = self.client.request(method, format!("{}{path}", self.urls["stripe"]));
        request = request.bearer_auth("sk_test_EXAMPLE");
        if !form.is_empty() {
            let mut url = reqwest::Url::parse("http://form/").expect("a URL");
            url.query_pairs_mut().extend_pairs(form);
            request = request.header("Content-Type", "application/x-www-form-urlencoded");
            request = request.body(url.query().unwrap_or_default().to_owned());
        }
        answered(path, request).await
    }

    /// The objects of a list of Stripe's, those of one email address where it is given; first page.
    pub async fn stripe_list(&self, path: &str) -> Vec<Json> {
        array(self.stripe(Method::GET, path, &[]).await["data"].take())
    }

    fn accounts(&self, call: &str) -> String {
        format!("/v1/projects/{}/accounts{call}", self.project)
    }

    /// All users.
    pub async fn users(&self) -> Vec<Json> {
        let path = self.accounts(":batchGet?maxResults=1000");
        array(self.call("identity_toolkit", Method::GET, &path, None).await["users"].take())
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
        format!("/v1/projects/{}/databases/(default)/documents", self.project)
    }

    /// All documents of ours (the first 300 of a collection).
    pub async fn documents(&self) -> Vec<Json> {
        let mut found = Vec::new();
        for collection in COLLECTIONS {
            let path = format!("{}/{collection}?pageSize=300", self.documents_path());
            found.extend(array(self.call("firestore", Method::GET, &path, None).await["documents"].take()));
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
