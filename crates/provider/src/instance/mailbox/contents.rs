//! What goes into a bundle: the customer's secrets, opened for this one call, and the settings of their bot.
use std::collections::BTreeMap;

use ampere_bundle::Contents;
use ampere_bundle::openclaw::Settings;
use ampere_core::provider::{ProviderError, ProviderErrorKind, Request};
use ampere_core::vault::{SealContext, Sealed};
use ampere_lang::value::Value;
use zeroize::Zeroizing;

use crate::attributes::required;
use crate::firebase::{Document, DocumentKind, Firestore};
use crate::instance::openclaw;
use crate::secret::{SEALED, VALUE, name_on_box};

/// For messages.
const CLOUD: &str = "Firestore";
/// What the settings' fingerprint is made for.
const CONTEXT: &str = "bundle settings";

/// What is to be in a bundle, before any secret is opened.
pub(super) struct Wanted {
    /// The secrets' documents, by their ids.
    secrets: BTreeMap<String, Document>,
    settings: Settings,
    /// A keyed fingerprint of the settings.
    pub print: String,
}

impl Wanted {
    /// Reads what an instance is to be sent.
    ///
    /// # Errors
    ///
    /// `NotFound` for a secret that is not there, `Forbidden` for one of another account (S3), `Invalid` for settings that
    /// OpenClaw has no place for.
    pub async fn of(firestore: &Firestore, request: &Request<'_>, object: &Value) -> Result<Wanted, ProviderError> {
        let account = required(CLOUD, object, "account")?;
        let mut secrets = BTreeMap::new();
        for id in ids(object) {
            let document = firestore.get(&id).await?.filter(|found| found.kind() == Some(DocumentKind::Secret));
            let document = document.ok_or_else(|| absent(&id))?;
            let ours = document.marker().is_some_and(|marker| marker.stack == request.marker.stack);
            if !ours || document.text("account") != Some(&account) {
                return Err(foreign(&id));
            }
            secrets.insert(id, document);
        }
        let settings = openclaw::settings(object)?;
        let text = serde_json::to_string(&settings).map_err(|_| invalid("the settings cannot be written as JSON"))?;
        let print = request.fingerprint.fingerprint(CONTEXT, &text);
        Ok(Wanted { secrets, settings, print })
    }

    /// The versions of the secrets, by their ids.
    pub fn versions(&self) -> BTreeMap<String, u64> {
        let versions = self.secrets.iter();
        versions.map(|(id, document)| (id.clone(), version(document))).collect()
    }

    /// The version of OpenClaw.
    pub fn openclaw(&self) -> &str {
        &self.settings.openclaw.version
    }

    /// Opens the secrets.
    ///
    /// # Errors
    ///
    /// `Invalid` for a secret that does not open, or two of one name.
    pub fn open(self, request: &Request<'_>) -> Result<Contents, ProviderError> {
        let mut secrets = BTreeMap::new();
        for (id, document) in &self.secrets {
            let account = document.text("account").unwrap_or_default();
            let place = DocumentKind::Secret.place(id);
            let context = SealContext { account, address: &place, attribute: VALUE, version: version(document) };
            let sealed = Sealed(document.text(SEALED).unwrap_or_default().to_owned());
            let opened = request.sealer.open_sealed(&context, &sealed);
            let opened = opened.map_err(|error| unopened(id, &error))?;
            let name = name_on_box(document.text("kind").unwrap_or_default(), document.text("name"));
            if secrets.insert(name.clone(), Zeroizing::new(opened.expose().to_owned())).is_some() {
                let message = format!("two secrets are both {name}: an instance can use one");
                return Err(invalid(&message).about("secrets"));
            }
        }
        Ok(Contents { secrets, settings: self.settings })
    }
}

/// The ids of the secrets that an instance names.
fn ids(object: &Value) -> Vec<String> {
    let list = object.get("secrets");
    let items = list.as_ref().and_then(Value::elements).unwrap_or_default();
    items.iter().filter_map(|id| id.as_str().map(str::to_owned)).collect()
}

fn version(document: &Document) -> u64 {
    document.integer("version").and_then(|version| u64::try_from(version).ok()).unwrap_or(0)
}

fn absent(id: &str) -> ProviderError {
    let message = format!("there is no secret {id}");
    ProviderError::new(CLOUD, ProviderErrorKind::NotFound, message).about("secrets").with_hint("Run the plan again.")
}

fn foreign(id: &str) -> ProviderError {
    let message = format!("the secret {id} belongs to another account");
    ProviderError::new(CLOUD, ProviderErrorKind::Forbidden, message)
        .about("secrets")
        .with_hint("An instance is given secrets of its own account only.")
}

fn unopened(id: &str, error: &ampere_core::vault::SealError) -> ProviderError {
    invalid(&format!("the secret {id} cannot be opened: {error}"))
        .about("secrets")
        .with_hint("If someone changed its document, give the secret a new value: the plan then writes it anew.")
}

fn invalid(message: &str) -> ProviderError {
    ProviderError::new(CLOUD, ProviderErrorKind::Invalid, message)
}
