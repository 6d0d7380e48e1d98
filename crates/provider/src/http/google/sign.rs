//! Signatures in the name of a service account, as Firebase's custom tokens need them:
//! <https://firebase.google.com/docs/auth/admin/create-custom-tokens>.
use ampere_core::provider::{ProviderError, ProviderErrorKind as Kind};
use google_cloud_auth::credentials::{impersonated, mds, service_account};
use google_cloud_auth::signer::{Signer, SigningError};

use super::{Fault, FileKind, GoogleCredentials, SCOPES, TIMEOUT, malformed, no_answer, unusable};

const WHO_SIGNS: &str = "Use the file of a service account, or impersonate one \
                         (https://firebase.google.com/docs/auth/admin/create-custom-tokens).";

impl GoogleCredentials {
    /// Signs (RS256) what `text` makes for the service account's email address: with its own key, or by the IAM API where the
    /// credentials hold no key. Gives the text and its signature.
    ///
    /// # Errors
    ///
    /// `Unauthenticated` for credentials that cannot sign (a person's sign-in), `Unavailable` if the IAM API does not answer.
    pub async fn sign(
        &self,
        cloud: &'static str,
        text: impl FnOnce(&str) -> String + Send,
    ) -> Result<(String, Vec<u8>), ProviderError> {
        let signing = async {
            let signer = self.signer()?;
            let account = signer.client_email().await.map_err(|error| refused(&error))?;
            let text = text(&account);
            let bytes = signer.sign(text.as_bytes()).await.map_err(|error| refused(&error))?;
            Ok((text, bytes.to_vec()))
        };
        let signed = tokio::time::timeout(TIMEOUT, signing).await.unwrap_or_else(|_| Err(no_answer()));
        signed.map_err(|fault: Fault| ProviderError::new(cloud, fault.kind, fault.message).with_hint(fault.hint))
    }

    fn signer(&self) -> Result<Signer, Fault> {
        let built = match self.file()? {
            None => mds::Builder::default().with_scopes(SCOPES).build_signer(),
            Some((FileKind::ServiceAccount, file)) => service_account::Builder::new(file).build_signer(),
            Some((FileKind::Impersonated, file)) => impersonated::Builder::new(file).with_scopes(SCOPES).build_signer(),
            Some(_) => return Err(unusable("these Google credentials cannot sign a token for an instance", WHO_SIGNS)),
        };
        built.map_err(|error| malformed(&error))
    }
}

/// What it means that nothing was signed. (The library's own texts may quote the file or the answer.)
fn refused(error: &SigningError) -> Fault {
    match error.is_transport() {
        true => Fault { kind: Kind::Unavailable, ..no_answer() },
        false => unusable("these Google credentials cannot sign a token for an instance", WHO_SIGNS),
    }
}
