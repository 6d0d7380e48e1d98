//! Signing in with a custom token: what a machine does that is no person.
//!
//! <https://cloud.google.com/identity-platform/docs/reference/rest/v1/accounts/signInWithCustomToken>; the token's form is that
//! of <https://firebase.google.com/docs/auth/admin/create-custom-tokens>. As Firebase's emulator, and unlike the real service, this one
//! takes tokens that nobody signed, and does not ask who signed one. Unlike the emulator it holds them to their times.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, Query, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::error::Refusal;
use super::tokens::{HOUR, Login};
use super::{DEFAULT_PROJECT, fields, key, signing};
use crate::connection::Switch;
use crate::server::Clouds;
use crate::world::{Change, Kind};

/// The audience of every custom token.
const AUDIENCE: &str = "https://identitytoolkit.googleapis.com/google.identity.identitytoolkit.v1.IdentityToolkit";

/// The longest life of a custom token, in seconds.
const LONGEST_LIFE: i64 = HOUR;

/// How far the clock of who made a token may be ahead, in seconds.
const AHEAD: i64 = 300;

/// The longest id of a user.
const LONGEST_UID: usize = 128;

/// Who a custom token is for.
#[derive(Debug)]
struct Custom {
    uid: String,
    claims: Map<String, Value>,
    /// The project of the service account that made it.
    project: Option<String>,
}

/// Finds or makes the user that the token names, and answers an id token and a refresh token.
pub(crate) async fn sign_in(
    State(clouds): State<Clouds>,
    ConnectInfo(switch): ConnectInfo<Switch>,
    Query(pairs): Query<Vec<(String, String)>>,
    body: Bytes,
) -> Result<Json<Value>, Refusal> {
    let body = fields::read(&body)?;
    let token = fields::text(&body, "token").filter(|token| !token.is_empty());
    let token = token.ok_or_else(|| Refusal::bad("MISSING_CUSTOM_TOKEN"))?;
    let lasting = body.get("returnSecureToken") == Some(&json!(true));
    let api_key = pairs.iter().find(|(name, _)| name == "key").map(|(_, key)| key.as_str());
    let custom = Custom::read(&token, clouds.now())?;
    if clouds.is_cut_off(&custom.uid, &switch) {
        return Err(Refusal::failure(StatusCode::SERVICE_UNAVAILABLE));
    }
    let (claims, refresh_token, is_new) = clouds.change(|change| {
        let target = fields::text(&body, "targetProjectId");
        let project = project_of(change, target, &custom, api_key)?;
        let (account, is_new) = account_of(change, &project, &custom.uid)?;
        change.put(Kind::Accounts, &key(&project, &custom.uid), account.clone());
        let (provider, identities) = ("custom", json!({}));
        let login = Login { project: &project, provider, identities, claims: custom.claims };
        let refresh_token = lasting.then(|| login.refresh_token(change, &account));
        let now = change.now();
        Ok::<_, Refusal>((login.id_claims(&account, now, now), refresh_token, is_new))
    })?;
    let id_token = clouds.signer.sign(&claims).ok_or_else(|| Refusal::failure(StatusCode::INTERNAL_SERVER_ERROR))?;
    let mut answer = json!({
        "kind": "identitytoolkit#VerifyCustomTokenResponse",
        "idToken": id_token,
        "expiresIn": HOUR.to_string(),
        "isNewUser": is_new,
    });
    if let Some(refresh_token) = refresh_token {
        answer["refreshToken"] = json!(refresh_token);
    }
    Ok(Json(answer))
}

impl Custom {
    fn read(token: &str, now: Timestamp) -> Result<Custom, Refusal> {
        let wrong = |why: &str| Refusal::bad(format!("INVALID_CUSTOM_TOKEN : {why}"));
        let claims = if token.starts_with('{') {
            serde_json::from_str(token).map_err(|_| wrong("Invalid assertion format"))?
        } else {
            let (header, claims) = signing::decoded(token).ok_or_else(|| wrong("Invalid assertion format"))?;
            let signed = !token.ends_with('.');
            if signed == (header["alg"] == "none") {
                return Err(wrong("The algorithm and the signature do not fit"));
            }
            check_times(&claims, now).map_err(wrong)?;
            if claims["aud"] != AUDIENCE {
                return Err(wrong("Invalid audience"));
            }
            claims
        };
        let uid = [&claims["uid"], &claims["user_id"]].into_iter().find_map(Value::as_str).unwrap_or_default();
        if uid.is_empty() {
            return Err(Refusal::bad("MISSING_IDENTIFIER"));
        }
        if uid.len() > LONGEST_UID || uid.contains('/') {
            return Err(wrong("Invalid uid"));
        }
        let extra = match &claims["claims"] {
            Value::Null => Map::new(),
            Value::Object(extra) => fields::check_reserved(extra).map(|()| extra.clone())?,
            _ => return Err(Refusal::bad("INVALID_CLAIMS")),
        };
        Ok(Custom { uid: uid.to_owned(), claims: extra, project: claims["iss"].as_str().and_then(project_of_account) })
    }
}

/// Checks `iat` and `exp`.
fn check_times(claims: &Value, now: Timestamp) -> Result<(), &'static str> {
    let (Some(issued), Some(expires)) = (claims["iat"].as_i64(), claims["exp"].as_i64()) else {
        return Err("Times are missing");
    };
    let now = now.as_second();
    match () {
        () if expires <= now => Err("Token expired"),
        () if issued > now.saturating_add(AHEAD) => Err("Token used too early"),
        () if expires.saturating_sub(issued) > LONGEST_LIFE => Err("The expiry is too far in the future"),
        () => Ok(()),
    }
}

/// The project of a service account (`NAME@PROJECT.iam.gserviceaccount.com`).
fn project_of_account(email: &str) -> Option<String> {
    let (_, domain) = email.split_once('@')?;
    domain.strip_suffix(".iam.gserviceaccount.com").map(str::to_owned)
}

/// The project in which somebody signs in. The real service knows it from the API key; this one has no keys, and takes what the call
/// or the token says, then a project whose id is the key, then the only one there is.
fn project_of(
    change: &Change<'_>,
    target: Option<String>,
    custom: &Custom,
    api_key: Option<&str>,
) -> Result<String, Refusal> {
    if let (Some(target), Some(issuer)) = (&target, &custom.project)
        && target != issuer
    {
        return Err(Refusal::bad("CREDENTIAL_MISMATCH"));
    }
    if let Some(project) = target.or_else(|| custom.project.clone()) {
        return Ok(project);
    }
    let known = |project: &str| {
        let documents = format!("projects/{project}/");
        change.all(Kind::Accounts).with_prefix(&key(project, ""), None).next().is_some()
            || change.all(Kind::Documents).with_prefix(&documents, None).next().is_some()
    };
    if let Some(project) = api_key.filter(|project| known(project)) {
        return Ok(project.to_owned());
    }
    let of_accounts = change.all(Kind::Accounts).iter().filter_map(|(stored, _)| stored.split('/').next());
    let of_documents = change.all(Kind::Documents).iter().filter_map(|(name, _)| name.split('/').nth(1));
    let mut projects: Vec<&str> = of_accounts.chain(of_documents).collect();
    projects.sort_unstable();
    projects.dedup();
    match projects.as_slice() {
        [only] => Ok((*only).to_owned()),
        [] => Ok(DEFAULT_PROJECT.to_owned()),
        _ => Err(Refusal::bad("API key not valid. Please pass a valid API key.")),
    }
}

/// The user's account as it is from now on, and whether it is new.
fn account_of(change: &Change<'_>, project: &str, uid: &str) -> Result<(Value, bool), Refusal> {
    let now = change.now();
    let stored = change.get(Kind::Accounts, &key(project, uid)).cloned();
    let is_new = stored.is_none();
    let mut account = stored.unwrap_or_else(|| {
        json!({"localId": uid, "createdAt": now.as_millisecond().to_string(),
               "validSince": now.as_second().to_string(), "emailVerified": false, "disabled": false})
    });
    if account["disabled"] == json!(true) {
        return Err(Refusal::bad("USER_DISABLED"));
    }
    account["customAuth"] = json!(true);
    account["lastLoginAt"] = json!(now.as_millisecond().to_string());
    Ok((account, is_new))
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;

    fn token(algorithm: &str, claims: &Value, signature: &str) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.{signature}", part(&json!({"alg": algorithm, "typ": "JWT"})), part(claims))
    }

    #[test]
    fn a_custom_token_is_held_to_its_form_its_audience_and_its_times() {
        let now = Timestamp::from_second(1_800_000_000).expect("a time");
        let good = json!({"aud": AUDIENCE, "uid": "box", "iat": now.as_second(), "exp": now.as_second() + 900,
                          "iss": "ampere@acme-prod.iam.gserviceaccount.com"});
        let read = |token: &str| Custom::read(token, now).map(|custom| (custom.uid, custom.project));
        let expected = ("box".to_owned(), Some("acme-prod".to_owned()));
        for fine in [token("none", &good, ""), token("RS256", &good, "c2ln")] {
            assert_eq!(read(&fine).expect("it is in order"), expected);
        }
        assert!(read(r#"{"uid": "box"}"#).is_ok(), "as Firebase's emulator takes it");
        let with = |field: &str, value: Value| {
            let mut claims = good.clone();
            claims[field] = value;
            token("none", &claims, "")
        };
        for bad in [
            "one.part".to_owned(),
            token("RS256", &good, ""),
            token("none", &good, "c2ln"),
            with("aud", json!("acme-prod")),
            with("exp", json!(now.as_second())),
            with("exp", json!(now.as_second() + 3601)),
            with("exp", Value::Null),
            with("iat", json!(now.as_second() + 301)),
            with("uid", json!("")),
            with("uid", json!("a/b")),
            with("claims", json!({"sub": "x"})),
        ] {
            assert!(read(&bad).is_err(), "{bad}");
        }
    }
}
