//! The token service: a refresh token for a new id token
//! (<https://cloud.google.com/identity-platform/docs/use-rest-api#section-refresh-token>).

use axum::Json;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode, header};
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::tokens::{HOUR, Login, kept};
use super::{fields, key};
use crate::connection::Switch;
use crate::firestore::Refusal;
use crate::server::Clouds;
use crate::world::{Change, Kind};

/// Answers a new id token; the refresh token stays as it is.
pub(crate) async fn token(
    State(clouds): State<Clouds>,
    ConnectInfo(switch): ConnectInfo<Switch>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, Refusal> {
    let given = Given::read(&headers, &body)?;
    match given.field("grant_type", "grantType").as_deref() {
        None | Some("") => return Err(Refusal::invalid("MISSING_GRANT_TYPE")),
        Some("refresh_token") => {}
        Some(_) => return Err(Refusal::invalid("INVALID_GRANT_TYPE")),
    }
    let refresh_token = given.field("refresh_token", "refreshToken").filter(|token| !token.is_empty());
    let refresh_token = refresh_token.ok_or_else(|| Refusal::invalid("MISSING_REFRESH_TOKEN"))?;
    let whose =
        clouds.change(|change| Ok::<_, Refusal>(kept(change, &refresh_token).map(|kept| kept["localId"].clone())))?;
    if whose.is_some_and(|whose| clouds.is_cut_off(whose.as_str().unwrap_or_default(), &switch)) {
        return Err(Refusal::failure(StatusCode::SERVICE_UNAVAILABLE));
    }
    let (claims, project) = clouds.change(|change| renewed(change, &refresh_token))?;
    let id_token = clouds.signer.sign(&claims).ok_or_else(|| Refusal::failure(StatusCode::INTERNAL_SERVER_ERROR))?;
    Ok(Json(json!({
        "access_token": id_token,
        "expires_in": HOUR.to_string(),
        "token_type": "Bearer",
        "refresh_token": refresh_token,
        "id_token": id_token,
        "user_id": claims["sub"],
        "project_id": number_of(&project),
    })))
}

/// A body in either form that the service takes.
enum Given {
    Form(String),
    Json(serde_json::Map<String, Value>),
}

impl Given {
    fn read(headers: &HeaderMap, body: &Bytes) -> Result<Given, Refusal> {
        let wrong = || Refusal::invalid("Invalid JSON payload received. Parsing terminated.");
        let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if kind.starts_with("application/x-www-form-urlencoded") {
            return std::str::from_utf8(body).map(|text| Given::Form(text.to_owned())).map_err(|_| wrong());
        }
        serde_json::from_slice(body).map(Given::Json).map_err(|_| wrong())
    }

    fn field(&self, name: &str, in_json: &str) -> Option<String> {
        match self {
            Given::Form(form) => fields::of_form(form, name),
            Given::Json(body) => fields::text(body, name).or_else(|| fields::text(body, in_json)),
        }
    }
}

/// What the new id token says, and the project.
fn renewed(change: &mut Change<'_>, token: &str) -> Result<(Value, String), Refusal> {
    let kept = kept(change, token).cloned().ok_or_else(|| Refusal::invalid("INVALID_REFRESH_TOKEN"))?;
    let text = |name: &str| kept[name].as_str().unwrap_or_default().to_owned();
    let (project, provider, stored) = (text("project"), text("provider"), key(&text("project"), &text("localId")));
    let since_ms = kept["since_ms"].as_i64().unwrap_or(0);
    let number = |value: &Value| value.as_str().and_then(|text| text.parse::<i64>().ok()).unwrap_or(0);
    let account = change.get(Kind::Accounts, &stored);
    // Another user of the same id, made later, is not who signed in.
    let account = account.filter(|account| number(&account["createdAt"]) <= since_ms);
    let mut account = account.cloned().ok_or_else(|| Refusal::invalid("USER_NOT_FOUND"))?;
    if account["disabled"] == json!(true) {
        return Err(Refusal::invalid("USER_DISABLED"));
    }
    if number(&account["validSince"]).saturating_mul(1000) > since_ms.saturating_add(999) {
        return Err(Refusal::invalid("TOKEN_EXPIRED"));
    }
    account["lastRefreshAt"] = json!(change.now().to_string());
    change.put(Kind::Accounts, &stored, account.clone());
    let login = Login {
        project: &project,
        provider: &provider,
        identities: kept["identities"].clone(),
        claims: kept["claims"].as_object().cloned().unwrap_or_default(),
    };
    let since = Timestamp::from_millisecond(since_ms).unwrap_or(change.now());
    Ok((login.id_claims(&account, since, change.now()), project))
}

/// The service tells a project by its number; here it comes from the project's id.
fn number_of(project: &str) -> String {
    let hash = Sha256::digest(project.as_bytes());
    let number = hash.iter().take(4).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    (100_000_000_000 + number).to_string()
}
