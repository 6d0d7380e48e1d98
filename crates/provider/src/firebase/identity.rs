//! Identity Toolkit v1: <https://cloud.google.com/identity-platform/docs/reference/rest/v1/projects.accounts>.
use ampere_core::identity::Marker;
use ampere_core::inventory::ListProblem;
use ampere_core::provider::ProviderError;
use serde_json::{Map, Value as Json, json};

use super::{Refusal, refusal};
use crate::http::{Answer, Call, Endpoint, segment};
use crate::marker;

/// The most users a page may hold.
const PAGE: u32 = 1000;
/// The custom claim that holds our marker.
const CLAIM: &str = "ampere";
/// What our uids begin with.
pub(crate) const UID_PREFIX: &str = "ampere";

/// Identity Toolkit, for one project.
pub(crate) struct Identity {
    endpoint: Endpoint,
    accounts: String,
}

/// A user, read leniently: the uid first, everything else if it is as expected.
#[derive(Clone, PartialEq)]
pub(crate) struct User {
    /// `localId`
    pub uid: String,
    /// `email`
    pub email: Option<String>,
    /// `displayName`
    pub name: Option<String>,
    /// Ids of the sign-in providers, sorted.
    pub providers: Vec<String>,
    /// When it was made.
    pub created_at: Option<jiff::Timestamp>,
    /// The custom claims.
    pub claims: Map<String, Json>,
}

impl User {
    /// Reads one user of an answer.
    ///
    /// # Errors
    ///
    /// What is wrong with it, in words that quote nothing of it.
    pub fn read(user: &Json) -> Result<User, &'static str> {
        let uid = user["localId"].as_str().filter(|uid| !uid.is_empty()).ok_or("a user has no localId")?;
        let text = |name: &str| user[name].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        let claims = match user["customAttributes"].as_str() {
            None | Some("") => Map::new(),
            Some(claims) => serde_json::from_str(claims).map_err(|_| "a user's custom claims are not a JSON object")?,
        };
        let infos = user["providerUserInfo"].as_array();
        let mut providers: Vec<String> =
            infos.into_iter().flatten().filter_map(|info| info["providerId"].as_str().map(str::to_owned)).collect();
        providers.sort();
        providers.dedup();
        let millis = match &user["createdAt"] {
            Json::String(millis) => millis.parse().ok(),
            other => other.as_i64(),
        };
        Ok(User {
            uid: uid.to_owned(),
            email: text("email"),
            name: text("displayName"),
            providers,
            created_at: millis.and_then(|millis| jiff::Timestamp::from_millisecond(millis).ok()),
            claims,
        })
    }

    /// Our marker: the claim; or, while the call that sets the claim has not been made, what the uid was made from.
    pub fn marker(&self) -> Option<Marker> {
        let claim = &self.claims.get(CLAIM);
        match claim.map(|claim| (claim["stack"].as_str(), claim["address"].as_str())) {
            Some((Some(stack), Some(address))) => Some(marker::marker(stack, address)),
            _ => marker::of_name(UID_PREFIX, &self.uid),
        }
    }

    /// Whether the claim itself is there.
    pub fn is_marked(&self, with: &Marker) -> bool {
        self.claims.get(CLAIM) == Some(&claim(with))
    }
}

fn claim(marker: &Marker) -> Json {
    json!({"stack": &*marker.stack.0, "address": &*marker.address.0})
}

impl Identity {
    /// The client of a project.
    pub fn new(endpoint: Endpoint, project: &str) -> Identity {
        Identity { endpoint, accounts: format!("/v1/projects/{}/accounts", segment(project)) }
    }

    /// Makes a user with a uid of our choice.
    pub async fn create(&self, uid: &str, email: &str, name: Option<&str>) -> Result<(), Refusal> {
        self.accepted(self.create_call(uid, email, name)).await
    }

    fn create_call(&self, uid: &str, email: &str, name: Option<&str>) -> Call {
        let mut body = json!({"localId": uid, "email": email});
        if let Some(name) = name {
            body["displayName"] = name.into();
        }
        Call::post(&self.accounts).json(body)
    }

    /// The user of a uid, if there is one.
    pub async fn lookup(&self, uid: &str) -> Result<Option<User>, ProviderError> {
        let call = Call::post(format!("{}:lookup", self.accounts)).json(json!({"localId": [uid]})).read_only();
        let answer = self.endpoint.send(&call).await?;
        if !answer.is_success() {
            let refused = refusal(&answer);
            return if refused.code == "USER_NOT_FOUND" { Ok(None) } else { Err(refused.error) };
        }
        let body: Json = answer.json()?;
        let Some(user) = body["users"].as_array().and_then(|users| users.first()) else { return Ok(None) };
        User::read(user).map(Some).map_err(|what| malformed(&answer, what))
    }

    /// Sets what differs from what is there: email, name (none removes it), the marker among the other claims.
    pub async fn update(&self, user: &User, email: &str, name: Option<&str>, marker: &Marker) -> Result<(), Refusal> {
        match self.update_call(user, email, name, marker) {
            None => Ok(()),
            Some(call) => self.accepted(call).await,
        }
    }

    fn update_call(&self, user: &User, email: &str, name: Option<&str>, marker: &Marker) -> Option<Call> {
        let mut body = Map::new();
        if user.email.as_deref() != Some(email) {
            body.insert("email".into(), email.into());
        }
        match name {
            _ if user.name.as_deref() == name => {}
            Some(name) => drop(body.insert("displayName".into(), name.into())),
            None => drop(body.insert("deleteAttribute".into(), json!(["DISPLAY_NAME"]))),
        }
        if !user.is_marked(marker) {
            let mut claims = user.claims.clone();
            claims.insert(CLAIM.into(), claim(marker));
            body.insert("customAttributes".into(), Json::Object(claims).to_string().into());
        }
        if body.is_empty() {
            return None;
        }
        body.insert("localId".into(), user.uid.clone().into());
        Some(Call::post(format!("{}:update", self.accounts)).json(body))
    }

    /// Deletes a user; one that is gone already is a success.
    pub async fn delete(&self, uid: &str) -> Result<(), ProviderError> {
        let call = Call::post(format!("{}:delete", self.accounts)).json(json!({"localId": uid}));
        match self.accepted(call).await {
            Err(refused) if refused.code == "USER_NOT_FOUND" => Ok(()),
            other => other.map_err(ProviderError::from),
        }
    }

    /// All users of the project, page by page. (There is no filter on the server's side.)
    ///
    /// # Errors
    ///
    /// A page that could not be had: the users before it are lost with it, since the list cannot be complete.
    pub async fn list(&self) -> Result<(Vec<User>, Vec<ListProblem>), ProviderError> {
        let (mut users, mut problems) = (Vec::new(), Vec::new());
        let mut token: Option<String> = None;
        loop {
            let mut call = Call::get(format!("{}:batchGet", self.accounts)).query("maxResults", PAGE);
            if let Some(token) = &token {
                call = call.query("nextPageToken", token);
            }
            let answer = self.endpoint.send(&call).await?;
            if !answer.is_success() {
                return Err(refusal(&answer).error);
            }
            let body: Json = answer.json()?;
            if body["kind"].is_null() && body["users"].is_null() {
                return Err(malformed(&answer, "it is no page of users"));
            }
            for user in body["users"].as_array().into_iter().flatten() {
                match User::read(user) {
                    Ok(user) => users.push(user),
                    Err(what) => problems.push(ListProblem {
                        place: format!("{}, {}", answer.cloud, answer.place),
                        message: what.to_owned(),
                    }),
                }
            }
            // The emulator repeats an empty token at the end; an empty page ends the list as well.
            let next = body["nextPageToken"].as_str().filter(|next| !next.is_empty()).map(str::to_owned);
            if next.is_none() || next == token || body["users"].as_array().is_none_or(Vec::is_empty) {
                return Ok((users, problems));
            }
            token = next;
        }
    }

    async fn accepted(&self, call: Call) -> Result<(), Refusal> {
        let answer = self.endpoint.send(&call).await?;
        if !answer.is_success() {
            return Err(refusal(&answer));
        }
        // Of the answer nothing is needed but that it is one: a proxy's page says 200 as well.
        answer.json::<Map<String, Json>>()?;
        Ok(())
    }
}

fn malformed(answer: &Answer, what: &str) -> ProviderError {
    let kind = ampere_core::provider::ProviderErrorKind::Malformed;
    ProviderError::new(answer.cloud, kind, format!("the answer to {}: {what}", answer.place))
}
