//! Identity Toolkit v1: <https://cloud.google.com/identity-platform/docs/reference/rest/v1/projects.accounts>.
use ampere_core::identity::Marker;
use ampere_core::inventory::ListProblem;
use ampere_core::provider::ProviderError;
use serde_json::{Map, Value as Json, json};

use super::pace::Pace;
use super::{Profile, Refusal, User, Users, refusal};
use crate::http::{Answer, Call, Endpoint, Pages, segment};

/// The most users a page may hold.
const PAGE: u32 = 1000;
/// What our uids begin with.
pub(crate) const UID_PREFIX: &str = "ampere";

/// How many users may be deleted in a second: <https://firebase.google.com/docs/auth/limits>. (`batchDelete` is allowed
/// once a second, and deletes many at the word of one call: not what a plan says step by step.)
const DELETIONS: u32 = 10;

/// Identity Toolkit, for one project.
pub(crate) struct Identity {
    endpoint: Endpoint,
    accounts: String,
    deletions: Pace,
}

impl Identity {
    /// The client of a project.
    pub fn new(endpoint: Endpoint, project: &str) -> Identity {
        let accounts = format!("/v1/projects/{}/accounts", segment(project));
        Identity { endpoint, accounts, deletions: Pace::per_second(DELETIONS) }
    }

    /// Makes a user with a uid of our choice.
    pub async fn create(&self, uid: &str, profile: &Profile<'_>) -> Result<(), Refusal> {
        self.accepted(self.create_call(uid, profile)).await
    }

    fn create_call(&self, uid: &str, profile: &Profile<'_>) -> Call {
        let mut body = json!({"localId": uid, "email": profile.email});
        if let Some(name) = profile.name {
            body["displayName"] = name.into();
        }
        if let Some(disabled) = profile.disabled {
            body["disabled"] = disabled.into();
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

    /// Sets what differs from what is there: profile, and the marker among the other claims.
    pub async fn update(&self, user: &User, wanted: &Profile<'_>, marker: &Marker) -> Result<(), Refusal> {
        match user.difference(wanted, marker) {
            None => Ok(()),
            Some(body) => self.accepted(Call::post(format!("{}:update", self.accounts)).json(body)).await,
        }
    }

    /// Deletes a user; one that is gone already is a success.
    pub async fn delete(&self, uid: &str) -> Result<(), ProviderError> {
        if !self.endpoint.is_loopback() {
            self.deletions.turn().await;
        }
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
    pub async fn list(&self) -> Result<Users, ProviderError> {
        let mut list = Users::default();
        let mut token: Option<String> = None;
        let mut turned = Pages::new(self.endpoint.cloud(), "accounts:batchGet");
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
                    Ok(user) => list.users.push(user),
                    Err(what) => list.problems.push(ListProblem {
                        place: format!("{}, {}", answer.cloud, answer.place),
                        message: what.to_owned(),
                    }),
                }
            }
            // The emulator repeats an empty token at the end; an empty page ends the list as well.
            let next = body["nextPageToken"].as_str().filter(|next| !next.is_empty()).map(str::to_owned);
            match &next {
                Some(next) if body["users"].as_array().is_some_and(|users| !users.is_empty()) => turned.turn(next)?,
                _ => return Ok(list),
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
