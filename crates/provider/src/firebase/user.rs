//! A user of Firebase Auth, as Identity Toolkit tells it.
use ampere_core::identity::Marker;
use ampere_core::inventory::ListProblem;
use serde_json::{Map, Value as Json, json};

use super::identity::UID_PREFIX;
use crate::marker;

/// The custom claim that holds our marker.
const CLAIM: &str = "ampere";

/// All users of a project.
#[derive(Default)]
pub(crate) struct Users {
    /// Those that could be read.
    pub users: Vec<User>,
    /// Those that could not.
    pub problems: Vec<ListProblem>,
}

/// What we say of a user. Everything else about it (how the person signs in, whether the address is verified) is left alone.
#[derive(Clone, Copy)]
pub(crate) struct Profile<'a> {
    /// `email`
    pub email: &'a str,
    /// `displayName`; none takes it away
    pub name: Option<&'a str>,
    /// `disabled`; none leaves it
    pub disabled: Option<bool>,
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
    /// Whether the person is kept from signing in.
    pub disabled: bool,
    /// Ids of the sign-in providers, sorted.
    pub providers: Vec<String>,
    /// When it was made.
    pub created_at: Option<jiff::Timestamp>,
    /// Sign-ins before this time count no longer (somebody revoked them).
    pub valid_since: Option<jiff::Timestamp>,
    /// The custom claims.
    claims: Map<String, Json>,
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
        // 64-bit numbers are texts in Google's JSON.
        let number = |name: &str| match &user[name] {
            Json::String(number) => number.parse().ok(),
            other => other.as_i64(),
        };
        Ok(User {
            uid: uid.to_owned(),
            email: text("email"),
            name: text("displayName"),
            disabled: user["disabled"].as_bool().unwrap_or(false),
            providers,
            created_at: number("createdAt").and_then(|millis| jiff::Timestamp::from_millisecond(millis).ok()),
            valid_since: number("validSince").and_then(|seconds| jiff::Timestamp::from_second(seconds).ok()),
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

    /// What a call must set so that the user is as wanted: nothing else is in it. None if the user is so already.
    pub fn difference(&self, wanted: &Profile<'_>, marker: &Marker) -> Option<Map<String, Json>> {
        let mut body = Map::new();
        if self.email.as_deref() != Some(wanted.email) {
            body.insert("email".into(), wanted.email.into());
        }
        match wanted.name {
            name if self.name.as_deref() == name => {}
            Some(name) => drop(body.insert("displayName".into(), name.into())),
            None => drop(body.insert("deleteAttribute".into(), json!(["DISPLAY_NAME"]))),
        }
        if let Some(disabled) = wanted.disabled.filter(|disabled| *disabled != self.disabled) {
            body.insert("disableUser".into(), disabled.into());
        }
        if !self.is_marked(marker) {
            let mut claims = self.claims.clone();
            claims.insert(CLAIM.into(), claim(marker));
            body.insert("customAttributes".into(), Json::Object(claims).to_string().into());
        }
        if body.is_empty() {
            return None;
        }
        body.insert("localId".into(), self.uid.clone().into());
        Some(body)
    }
}

fn claim(marker: &Marker) -> Json {
    json!({"stack": &*marker.stack.0, "address": &*marker.address.0})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_holds_what_differs_and_the_claims_of_others() {
        let ours = marker::marker("aa", "bb");
        let google = json!([{"providerId": "google.com", "rawId": "1"}, {"providerId": "password"}]);
        let user = json!({"localId": "u", "email": "ada@example.com", "displayName": "Ada", "providerUserInfo": google,
                          "customAttributes": "{\"plan\":\"gold\"}", "validSince": "1700000000"});
        let user = User::read(&user).unwrap();
        assert_eq!((user.providers.len(), user.disabled), (2, false));
        let wanted = Profile { email: "ada@example.com", name: None, disabled: Some(true) };
        let body = Json::Object(user.difference(&wanted, &ours).unwrap());
        assert_eq!((&body["deleteAttribute"], &body["disableUser"]), (&json!(["DISPLAY_NAME"]), &json!(true)));
        assert!(body.get("email").is_none() && body.get("providerUserInfo").is_none());
        let claims: Json = serde_json::from_str(body["customAttributes"].as_str().unwrap()).unwrap();
        assert_eq!(claims, json!({"plan": "gold", "ampere": {"stack": "aa", "address": "bb"}}));
    }
}
