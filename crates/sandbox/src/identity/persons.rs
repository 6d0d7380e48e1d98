//! What a browser does: a person signs in with Google, and gets an id token.
//!
//! <https://cloud.google.com/identity-platform/docs/reference/rest/v1/accounts/signInWithIdp>. Google itself is not here: its
//! own token is taken as plain JSON, as Firebase's emulator takes it.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::accounts::new_local_id;
use super::error::Refusal;
use super::tokens::{HOUR, Login};
use super::{DEFAULT_PROJECT, fields, key};
use crate::server::Clouds;
use crate::world::{Change, Kind};

/// The only provider that is known here.
const GOOGLE: &str = "google.com";

/// Finds or makes the account of a person whom Google knows, and answers an id token.
pub(crate) async fn sign_in_with_idp(State(clouds): State<Clouds>, body: Bytes) -> Result<Json<Value>, Refusal> {
    let body = fields::read(&body)?;
    let project = fields::text(&body, "targetProjectId").unwrap_or_else(|| DEFAULT_PROJECT.to_owned());
    let google = credential(&fields::text(&body, "postBody").unwrap_or_default())?;
    let (account, claims, refresh_token, is_new) = clouds.change(|change| {
        let (stored, mut account, is_new) = account_of(change, &project, &google)?;
        if account["disabled"] == json!(true) {
            return Err(Refusal::bad("USER_DISABLED"));
        }
        let now = change.now();
        account["lastLoginAt"] = json!(now.as_millisecond().to_string());
        change.put(Kind::Accounts, &stored, account.clone());
        let identities = json!({GOOGLE: [google["sub"]]});
        let login = Login { project: &project, provider: GOOGLE, identities, claims: Map::new() };
        let claims = login.id_claims(&account, now, now);
        let refresh_token = login.refresh_token(change, &account);
        Ok((account, claims, refresh_token, is_new))
    })?;
    let token = clouds.signer.sign(&claims).ok_or_else(|| Refusal::failure(StatusCode::INTERNAL_SERVER_ERROR))?;
    Ok(Json(json!({
        "kind": "identitytoolkit#VerifyAssertionResponse",
        "providerId": GOOGLE,
        "localId": account["localId"],
        "email": account["email"],
        "emailVerified": account["emailVerified"],
        "isNewUser": is_new,
        "idToken": token,
        "refreshToken": refresh_token,
        "expiresIn": HOUR.to_string(),
    })))
}

/// The public keys of id tokens.
pub(crate) async fn keys(State(clouds): State<Clouds>) -> Result<Response, Refusal> {
    let keys = clouds.signer.public().ok_or_else(|| Refusal::failure(StatusCode::INTERNAL_SERVER_ERROR))?;
    Ok(([(header::CACHE_CONTROL, "public, max-age=21600, must-revalidate")], Json(keys)).into_response())
}

/// Google's token in a form: `id_token={"sub": …, "email": …}&providerId=google.com`.
fn credential(form: &str) -> Result<Map<String, Value>, Refusal> {
    let wrong = || Refusal::bad("INVALID_IDP_RESPONSE : The supplied auth credential is malformed.");
    let field = |name: &str| fields::of_form(form, name);
    if field("providerId").as_deref() != Some(GOOGLE) {
        return Err(Refusal::bad("OPERATION_NOT_ALLOWED : Only google.com is known here."));
    }
    let token: Map<String, Value> = serde_json::from_str(&field("id_token").ok_or_else(wrong)?).map_err(|_| wrong())?;
    match fields::text(&token, "sub").filter(|sub| !sub.is_empty()) {
        Some(_) => Ok(token),
        None => Err(wrong()),
    }
}

/// The person's account: the one linked to them, else the one with their email address (Google is trusted to know whose it is),
/// else a new one. Also its key, and whether it is new.
fn account_of(
    change: &Change<'_>,
    project: &str,
    google: &Map<String, Value>,
) -> Result<(String, Value, bool), Refusal> {
    let sub = fields::text(google, "sub").unwrap_or_default();
    let email = fields::email(google)?;
    let prefix = key(project, "");
    let is_linked = |account: &Value| {
        let providers = account["providerUserInfo"].as_array();
        providers.into_iter().flatten().any(|p| p["providerId"] == GOOGLE && p["rawId"] == sub.as_str())
    };
    let mut of_project = change.all(Kind::Accounts).with_prefix(&prefix, None);
    let linked = of_project.find(|(_, account)| is_linked(account)).map(|(stored, _)| stored.to_owned());
    let by_email = || {
        let mut named = change.all(Kind::Accounts).with_key(email.as_deref()?);
        named.find(|(stored, _)| stored.starts_with(&prefix)).map(|(stored, _)| stored.to_owned())
    };
    let found = linked.or_else(by_email);
    let now = change.now();
    let (stored, mut account) =
        match found.and_then(|stored| Some((stored.clone(), change.get(Kind::Accounts, &stored)?.clone()))) {
            Some(found) => found,
            None => {
                let local_id = new_local_id();
                let account = json!({"localId": local_id, "createdAt": now.as_millisecond().to_string(),
                                 "validSince": now.as_second().to_string(), "disabled": false});
                (key(project, &local_id), account)
            }
        };
    let is_new = change.get(Kind::Accounts, &stored).is_none();
    let name = fields::text(google, "name");
    if is_new {
        if let Some(name) = &name {
            account["displayName"] = json!(name);
        }
        if let Some(email) = &email {
            account["email"] = json!(email);
        }
    }
    if account["email"].as_str() == email.as_deref() {
        account["emailVerified"] = json!(email.is_some());
    }
    let mut provider = json!({"providerId": GOOGLE, "rawId": sub, "federatedId": sub, "email": email});
    if let Some(name) = name {
        provider["displayName"] = json!(name);
    }
    fields::link(&mut account, provider);
    Ok((stored, account, is_new))
}
