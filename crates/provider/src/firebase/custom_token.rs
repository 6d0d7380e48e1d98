//! Custom tokens: what a box signs in with, once (<https://firebase.google.com/docs/auth/admin/create-custom-tokens>).
use std::sync::Arc;
use std::time::Duration;

use ampere_core::provider::ProviderError;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::json;

use crate::http::GoogleCredentials;

/// Whom a custom token is for: Google's sign-in, whatever the project.
const AUDIENCE: &str = "https://identitytoolkit.googleapis.com/google.identity.identitytoolkit.v1.IdentityToolkit";
/// How long one may be used.
pub(crate) const LIFETIME: Duration = Duration::from_secs(15 * 60);
/// In whose name unsigned ones are.
const NOBODY: &str = "emulator@example.com";
/// For messages.
const CLOUD: &str = "Firebase Auth";

/// Makes custom tokens.
pub(crate) enum Minter {
    /// Signed by a service account.
    Signing(Arc<GoogleCredentials>),
    /// Not signed, as Firebase's own admin libraries make them for an emulator. No real service takes them.
    Unsigned,
}

impl Minter {
    /// A token with which whoever holds it signs in as the user of this uid, for [`LIFETIME`] from `now`.
    ///
    /// # Errors
    ///
    /// `Unauthenticated` if the credentials cannot sign, `Unavailable` if who signs does not answer.
    pub async fn mint(&self, uid: &str, now: Timestamp) -> Result<SecretString, ProviderError> {
        let token = match self {
            Minter::Unsigned => format!("{}.", claims("none", NOBODY, uid, now)),
            Minter::Signing(credentials) => {
                let (text, signature) = credentials.sign(CLOUD, |account| claims("RS256", account, uid, now)).await?;
                format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
            }
        };
        Ok(token.into())
    }
}

/// Header and payload, to be signed.
fn claims(algorithm: &str, account: &str, uid: &str, now: Timestamp) -> String {
    let issued = now.as_second();
    let expires = issued.saturating_add_unsigned(LIFETIME.as_secs());
    let header = json!({"alg": algorithm, "typ": "JWT"});
    let payload = json!({
        "iss": account, "sub": account, "aud": AUDIENCE, "iat": issued, "exp": expires, "uid": uid,
    });
    format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(payload.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;
    use serde_json::Value as Json;

    #[tokio::test]
    async fn a_token_names_one_user_and_lasts_a_quarter_of_an_hour() {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let token = Minter::Unsigned.mint("box-aa-bb", now).await.unwrap();
        let parts: Vec<&str> = token.expose_secret().split('.').collect();
        let read = |part: &str| serde_json::from_slice::<Json>(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
        assert_eq!((parts.len(), parts[2], read(parts[0])), (3, "", json!({"alg": "none", "typ": "JWT"})));
        let payload = read(parts[1]);
        assert_eq!((&payload["uid"], &payload["aud"]), (&json!("box-aa-bb"), &json!(AUDIENCE)));
        assert_eq!(payload["exp"].as_i64().unwrap() - payload["iat"].as_i64().unwrap(), 900);
    }
}
