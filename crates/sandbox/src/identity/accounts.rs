//! Creating, finding, changing and deleting one account.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::error::Refusal;
use super::{fields, key};
use crate::server::Clouds;
use crate::world::{Change, Kind};

type Answer = Result<Json<Value>, Refusal>;

/// The longest id an account can be given.
const LONGEST_ID: usize = 128;

pub(crate) async fn create(State(clouds): State<Clouds>, Path(project): Path<String>, body: Bytes) -> Answer {
    let body = fields::read(&body)?;
    clouds.change(|change| {
        let local_id = match fields::text(&body, "localId") {
            Some(id) if id.is_empty() || id.len() > LONGEST_ID => {
                return Err(Refusal::bad("INVALID_LOCAL_ID"));
            }
            Some(id) => id,
            None => new_local_id(),
        };
        let key = key(&project, &local_id);
        if change.get(Kind::Accounts, &key).is_some() {
            return Err(Refusal::bad("DUPLICATE_LOCAL_ID"));
        }
        let now = change.now();
        let mut account = json!({
            "localId": local_id,
            "createdAt": now.as_millisecond().to_string(),
            "validSince": now.as_second().to_string(),
            "emailVerified": false,
            "disabled": false,
        });
        if let Some(email) = fields::email(&body)? {
            check_email(change, &project, &email, &key)?;
            account["email"] = json!(email);
        }
        fields::write(&mut account, &body, now.as_millisecond())?;
        let answer = json!({
            "kind": "identitytoolkit#SignupNewUserResponse",
            "localId": local_id,
            "email": account["email"].as_str().unwrap_or(""),
        });
        change.put(Kind::Accounts, &key, account);
        Ok(Json(answer))
    })
}

/// Finds accounts by id or email; nobody found is an answer without `users`.
pub(crate) async fn lookup(State(clouds): State<Clouds>, Path(project): Path<String>, body: Bytes) -> Answer {
    let body = fields::read(&body)?;
    clouds.change(|change| {
        let mut found: Vec<(&str, &Value)> = Vec::new();
        for local_id in texts(&body, "localId") {
            found.extend(change.all(Kind::Accounts).entry(&key(&project, local_id)));
        }
        for email in texts(&body, "email") {
            let email = email.to_lowercase();
            let prefix = key(&project, "");
            let named = change.all(Kind::Accounts).with_key(&email);
            found.extend(named.filter(|(stored, _)| stored.starts_with(&prefix)));
        }
        let mut answer = json!({"kind": "identitytoolkit#GetAccountInfoResponse"});
        if !found.is_empty() {
            found.sort_by_key(|(stored, _)| *stored);
            found.dedup_by_key(|(stored, _)| *stored);
            answer["users"] = found.into_iter().map(|(_, account)| account.clone()).collect();
        }
        Ok(Json(answer))
    })
}

pub(crate) async fn update(State(clouds): State<Clouds>, Path(project): Path<String>, body: Bytes) -> Answer {
    let body = fields::read(&body)?;
    let local_id = required_id(&body)?;
    clouds.change(|change| {
        let key = key(&project, &local_id);
        let Some(mut account) = change.get(Kind::Accounts, &key).cloned() else {
            return Err(Refusal::bad("USER_NOT_FOUND"));
        };
        if let Some(email) = fields::email(&body)? {
            check_email(change, &project, &email, &key)?;
            if account["email"] != json!(email) {
                account["emailVerified"] = json!(false);
            }
            account["email"] = json!(email);
        }
        fields::write(&mut account, &body, change.now().as_millisecond())?;
        let mut answer = json!({
            "kind": "identitytoolkit#SetAccountInfoResponse",
            "localId": local_id,
        });
        for field in ["email", "displayName", "photoUrl", "providerUserInfo", "emailVerified"] {
            if !account[field].is_null() {
                answer[field] = account[field].clone();
            }
        }
        change.put(Kind::Accounts, &key, account);
        Ok(Json(answer))
    })
}

pub(crate) async fn delete(State(clouds): State<Clouds>, Path(project): Path<String>, body: Bytes) -> Answer {
    let body = fields::read(&body)?;
    let local_id = required_id(&body)?;
    clouds.change(|change| {
        if change.remove(Kind::Accounts, &key(&project, &local_id)) {
            Ok(Json(json!({"kind": "identitytoolkit#DeleteAccountResponse"})))
        } else {
            Err(Refusal::bad("USER_NOT_FOUND"))
        }
    })
}

/// An id like those Firebase makes: 28 letters and digits.
pub(crate) fn new_local_id() -> String {
    let mut random = Vec::with_capacity(32);
    random.extend(uuid::Uuid::new_v4().into_bytes());
    random.extend(uuid::Uuid::new_v4().into_bytes());
    let text: String = STANDARD.encode(random).chars().filter(char::is_ascii_alphanumeric).take(28).collect();
    format!("{text:A<28}")
}

fn texts<'b>(body: &'b Map<String, Value>, field: &str) -> impl Iterator<Item = &'b str> {
    body.get(field).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

fn required_id(body: &Map<String, Value>) -> Result<String, Refusal> {
    fields::text(body, "localId").filter(|id| !id.is_empty()).ok_or_else(|| Refusal::bad("MISSING_LOCAL_ID"))
}

fn check_email(change: &Change<'_>, project: &str, email: &str, own_key: &str) -> Result<(), Refusal> {
    let prefix = key(project, "");
    let taken =
        change.all(Kind::Accounts).with_key(email).any(|(stored, _)| stored.starts_with(&prefix) && stored != own_key);
    if taken { Err(Refusal::bad("EMAIL_EXISTS")) } else { Ok(()) }
}
