//! The tokens of a signed-in user: an id token for an hour, and a refresh token for new ones.

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::world::{Change, Kind};

/// How long an id token is good for, in seconds.
pub(crate) const HOUR: i64 = 3600;

/// How somebody has signed in.
pub(crate) struct Login<'a> {
    pub(crate) project: &'a str,
    /// `google.com`, `custom`.
    pub(crate) provider: &'a str,
    /// Who they are elsewhere.
    pub(crate) identities: Value,
    /// What a custom token says about them beyond their id.
    pub(crate) claims: Map<String, Value>,
}

impl Login<'_> {
    /// What the id token says.
    pub(crate) fn id_claims(&self, account: &Value, since: Timestamp, now: Timestamp) -> Value {
        let custom = account["customAttributes"].as_str();
        let custom = custom.and_then(|text| serde_json::from_str::<Map<String, Value>>(text).ok());
        let mut claims = custom.unwrap_or_default();
        claims.extend(self.claims.clone());
        let told = json!({
            "iss": format!("https://securetoken.google.com/{}", self.project),
            "aud": self.project,
            "sub": account["localId"],
            "user_id": account["localId"],
            "auth_time": since.as_second(),
            "iat": now.as_second(),
            "exp": now.as_second() + HOUR,
            "email_verified": account["emailVerified"] == json!(true),
            "firebase": {"identities": self.identities, "sign_in_provider": self.provider},
        });
        claims.extend(told.as_object().cloned().unwrap_or_default());
        for (claim, field) in [("email", "email"), ("name", "displayName")] {
            if !account[field].is_null() {
                claims.insert(claim.to_owned(), account[field].clone());
            }
        }
        Value::Object(claims)
    }

    /// Makes a refresh token. What is kept of it is a hash, and what the next id tokens need.
    pub(crate) fn refresh_token(&self, change: &mut Change<'_>, account: &Value) -> String {
        let (first, second) = (uuid::Uuid::new_v4().simple(), uuid::Uuid::new_v4().simple());
        let token = format!("AMf-sandbox-{first}{second}");
        let since = change.now().as_millisecond();
        let kept = json!({
            "project": self.project, "localId": account["localId"], "provider": self.provider,
            "identities": self.identities, "claims": self.claims, "since_ms": since,
        });
        change.put(Kind::RefreshTokens, &hash(&token), kept);
        token
    }
}

/// What is kept of a refresh token, found by the token.
pub(crate) fn kept<'c>(change: &'c Change<'_>, token: &str) -> Option<&'c Value> {
    change.get(Kind::RefreshTokens, &hash(token))
}

fn hash(token: &str) -> String {
    Sha256::digest(token.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
