//! What a request may say about an account, checked and written into it.

use axum::body::Bytes;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

use super::error::Refusal;

/// The most bytes of custom claims: <https://firebase.google.com/docs/auth/admin/custom-claims>.
const MOST_CLAIMS: usize = 1000;

/// Claims that belong to the token itself.
const RESERVED_CLAIMS: &[&str] = &[
    "acr",
    "amr",
    "at_hash",
    "aud",
    "auth_time",
    "azp",
    "cnf",
    "c_hash",
    "exp",
    "firebase",
    "iat",
    "iss",
    "jti",
    "nbf",
    "nonce",
    "sub",
];

/// Reads a JSON body.
///
/// # Errors
///
/// 400 when it is no JSON object; the text is not repeated.
pub(crate) fn read(body: &Bytes) -> Result<Map<String, Value>, Refusal> {
    if body.is_empty() {
        return Ok(Map::new());
    }
    serde_json::from_slice(body).map_err(|_| Refusal::bad("Invalid JSON payload received. Parsing terminated."))
}

/// A text field; numbers are taken too, as Google does for 64-bit fields.
pub(crate) fn text(body: &Map<String, Value>, field: &str) -> Option<String> {
    match body.get(field)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A field of a form.
pub(crate) fn of_form(form: &str, name: &str) -> Option<String> {
    let found = form.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))?;
    Some(percent_decode_str(&found.replace('+', " ")).decode_utf8_lossy().into_owned())
}

/// The email as it is kept (in lower case), when one is given.
///
/// # Errors
///
/// `INVALID_EMAIL`.
pub(crate) fn email(body: &Map<String, Value>) -> Result<Option<String>, Refusal> {
    let Some(email) = text(body, "email").filter(|email| !email.is_empty()) else {
        return Ok(None);
    };
    let valid = email.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty()
            && domain.contains('.')
            && !domain.starts_with('.')
            && !domain.ends_with('.')
            && !domain.contains('@')
            && email.len() <= 256
            && !email.chars().any(|character| character.is_whitespace() || character.is_control())
    });
    if valid { Ok(Some(email.to_lowercase())) } else { Err(Refusal::bad("INVALID_EMAIL")) }
}

/// Writes everything but email and id into an account.
///
/// # Errors
///
/// `WEAK_PASSWORD`, `CLAIMS_TOO_LARGE`, `INVALID_CLAIMS`, `FORBIDDEN_CLAIM`.
pub(crate) fn write(account: &mut Value, body: &Map<String, Value>, now_ms: i64) -> Result<(), Refusal> {
    for field in ["displayName", "photoUrl", "phoneNumber"] {
        if let Some(value) = text(body, field) {
            account[field] = json!(value);
        }
    }
    if let Some(verified) = body.get("emailVerified").and_then(Value::as_bool) {
        account["emailVerified"] = json!(verified);
    }
    let disabled = body.get("disableUser").or_else(|| body.get("disabled"));
    if let Some(disabled) = disabled.and_then(Value::as_bool) {
        account["disabled"] = json!(disabled);
    }
    if let Some(since) = text(body, "validSince") {
        account["validSince"] = json!(since);
    }
    if let Some(password) = body.get("password").and_then(Value::as_str) {
        if password.len() < 6 {
            let message = "WEAK_PASSWORD : Password should be at least 6 characters";
            return Err(Refusal::bad(message));
        }
        // The password itself is kept nowhere: nobody can sign in with one at the sandbox.
        account["passwordUpdatedAt"] = json!(now_ms);
    }
    if let Some(claims) = text(body, "customAttributes") {
        check_claims(&claims)?;
        account["customAttributes"] = json!(claims);
    }
    forget(account, body);
    write_providers(account);
    Ok(())
}

fn check_claims(claims: &str) -> Result<(), Refusal> {
    if claims.len() > MOST_CLAIMS {
        return Err(Refusal::bad("CLAIMS_TOO_LARGE"));
    }
    let parsed: Map<String, Value> = serde_json::from_str(claims).map_err(|_| Refusal::bad("INVALID_CLAIMS"))?;
    check_reserved(&parsed)
}

/// Checks that no claim belongs to the token itself.
///
/// # Errors
///
/// `FORBIDDEN_CLAIM`.
pub(crate) fn check_reserved(claims: &Map<String, Value>) -> Result<(), Refusal> {
    match RESERVED_CLAIMS.iter().find(|claim| claims.contains_key(**claim)) {
        Some(claim) => Err(Refusal::bad(format!("FORBIDDEN_CLAIM : {claim}"))),
        None => Ok(()),
    }
}

fn forget(account: &mut Value, body: &Map<String, Value>) {
    let Some(fields) = account.as_object_mut() else {
        return;
    };
    for attribute in body.get("deleteAttribute").and_then(Value::as_array).into_iter().flatten() {
        let field = match attribute.as_str() {
            Some("DISPLAY_NAME") => "displayName",
            Some("PHOTO_URL") => "photoUrl",
            Some("EMAIL") => "email",
            _ => continue,
        };
        fields.remove(field);
    }
}

/// An account with a password signs in by its email.
fn write_providers(account: &mut Value) {
    if account["passwordUpdatedAt"].is_null() || account["email"].is_null() {
        return;
    }
    let mut provider = json!({
        "providerId": "password",
        "federatedId": account["email"],
        "email": account["email"],
        "rawId": account["email"],
    });
    for field in ["displayName", "photoUrl"] {
        if !account[field].is_null() {
            provider[field] = account[field].clone();
        }
    }
    link(account, provider);
}

/// Puts a way to sign in beside the others that an account has.
pub(crate) fn link(account: &mut Value, provider: Value) {
    let mut providers = account["providerUserInfo"].as_array().cloned().unwrap_or_default();
    providers.retain(|other| other["providerId"] != provider["providerId"]);
    providers.push(provider);
    account["providerUserInfo"] = json!(providers);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(value: Value) -> Map<String, Value> {
        value.as_object().cloned().expect("an object")
    }

    #[test]
    fn an_email_is_checked_and_kept_in_lower_case() {
        let kept = email(&body(json!({"email": "Ada@Example.com"}))).expect("valid");
        assert_eq!(kept.as_deref(), Some("ada@example.com"));
        for bad in ["ada", "@example.com", "ada@example", "ada@.com", "a da@example.com", "a@b@c.d"] {
            assert!(email(&body(json!({"email": bad}))).is_err(), "{bad}");
        }
    }

    #[test]
    fn claims_are_a_json_object_of_at_most_a_thousand_bytes() {
        assert!(check_claims(r#"{"ampere":{"stack":"s"}}"#).is_ok());
        assert!(check_claims("[]").is_err());
        assert!(check_claims(r#"{"sub":"x"}"#).is_err());
        assert!(check_claims(&format!(r#"{{"a":"{}"}}"#, "x".repeat(1000))).is_err());
    }
}
