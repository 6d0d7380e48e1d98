//! The table of the `provider "ampere"` block.
use std::sync::Arc;

use ampere_lang::value::{ObjectType, Type};

/// One argument of the `provider "ampere"` block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The argument.
    pub name: &'static str,
    /// The environment variable that stands in for it.
    pub environment: &'static str,
    /// What holds without either.
    pub default: Option<&'static str>,
    /// Whether it is a credential.
    pub sensitive: bool,
    /// One sentence.
    pub description: &'static str,
}

/// All of them. Every one is optional: with none given, the sandbox is used.
pub const SETTINGS: &[Setting] = &[
    Setting {
        name: "hcloud_token",
        environment: "HCLOUD_TOKEN",
        default: None,
        sensitive: true,
        description: "API token of the Hetzner Cloud project, with read and write permission.",
    },
    Setting {
        name: "hcloud_endpoint",
        environment: "HCLOUD_ENDPOINT",
        default: Some("https://api.hetzner.cloud/v1"),
        sensitive: false,
        description: "Base URL of the Hetzner Cloud API.",
    },
    Setting {
        name: "stripe_api_key",
        environment: "STRIPE_API_KEY",
        default: None,
        sensitive: true,
        description: "Secret or restricted key of the Stripe account.",
    },
    Setting {
        name: "stripe_api_base",
        environment: "STRIPE_API_BASE",
        default: Some("https://api.stripe.com"),
        sensitive: false,
        description: "Base URL of the Stripe API.",
    },
    Setting {
        name: "google_project",
        environment: "GOOGLE_CLOUD_PROJECT",
        default: None,
        sensitive: false,
        description: "The Google Cloud project with Firebase Authentication and Firestore.",
    },
    Setting {
        name: "google_credentials",
        environment: "GOOGLE_APPLICATION_CREDENTIALS",
        default: None,
        sensitive: true,
        description: "The credentials file for Google, or its text: of a service account, of a workload identity \
                      (`external_account`), of an impersonated service account, or of a person's sign-in.",
    },
    Setting {
        name: "google_access_token",
        environment: "GOOGLE_OAUTH_ACCESS_TOKEN",
        default: None,
        sensitive: true,
        description: "An access token for Google; without one, Google's application default credentials are used (for an \
                      emulator on this machine: `owner`).",
    },
    Setting {
        name: "google_quota_project",
        environment: "GOOGLE_CLOUD_QUOTA_PROJECT",
        default: None,
        sensitive: false,
        description: "The project whose quota the calls to Google use. With a person's sign-in it is google_project, if \
                      nothing else is said.",
    },
    Setting {
        name: "identity_toolkit_endpoint",
        environment: "AMPERE_IDENTITY_TOOLKIT_ENDPOINT",
        default: Some("https://identitytoolkit.googleapis.com"),
        sensitive: false,
        description: "Base URL of the Identity Toolkit API.",
    },
    Setting {
        name: "firestore_endpoint",
        environment: "AMPERE_FIRESTORE_ENDPOINT",
        default: Some("https://firestore.googleapis.com"),
        sensitive: false,
        description: "Base URL of the Firestore API.",
    },
    Setting {
        name: "secure_token_endpoint",
        environment: "AMPERE_SECURE_TOKEN_ENDPOINT",
        default: Some("https://securetoken.googleapis.com"),
        sensitive: false,
        description: "Base URL of Firebase's token service, where instances renew their sign-in.",
    },
    Setting {
        name: "mailbox_endpoint",
        environment: "AMPERE_MAILBOX_ENDPOINT",
        default: None,
        sensitive: false,
        description: "Where instances reach emulators of Google's services that run on this machine, as http://HOST:PORT.",
    },
    Setting {
        name: "firebase_api_key",
        environment: "AMPERE_FIREBASE_API_KEY",
        default: None,
        sensitive: false,
        description: "The web API key of the Firebase project, by which instances name the project when they sign in. (It is \
                      no secret.)",
    },
    Setting {
        name: "agent_manifest",
        environment: "AMPERE_AGENT_MANIFEST",
        default: None,
        sensitive: false,
        description: "The manifest of the agent's release that instances install, as a file or its text: where its files are, \
                      and their SHA-256.",
    },
    Setting {
        name: "npm_registry",
        environment: "AMPERE_NPM_REGISTRY",
        default: Some("https://registry.npmjs.org"),
        sensitive: false,
        description: "Where instances get OpenClaw from.",
    },
    Setting {
        name: "node_mirror",
        environment: "AMPERE_NODE_MIRROR",
        default: Some("https://nodejs.org/dist"),
        sensitive: false,
        description: "Where instances get Node.js from.",
    },
    Setting {
        name: "id_token_keys_url",
        environment: "AMPERE_ID_TOKEN_KEYS_URL",
        default: Some("https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com"),
        sensitive: false,
        description: "Where a backend that embeds Ampere gets the public keys of id tokens. With an identity_toolkit_endpoint \
                      on this machine, that service is asked instead.",
    },
];

/// Chooses the sandbox (`true`) or forbids it (`false`); without it, the sandbox serves when nothing else is configured.
pub(super) const SANDBOX: Setting = Setting {
    name: "sandbox",
    environment: "AMPERE_SANDBOX",
    default: None,
    sensitive: false,
    description: "Whether to use the local sandbox in place of the clouds.",
};

/// The type of the `provider "ampere"` block: an object, all of whose attributes are optional.
///
/// ```
/// let ty = ampere_provider::block_type();
/// let ampere_lang::value::Type::Object(object) = ty else { unreachable!() };
/// assert!(object.optional.contains("hcloud_token"));
/// ```
pub fn block_type() -> Type {
    let mut object = ObjectType::default();
    let texts = SETTINGS.iter().map(|setting| (setting.name, Type::String));
    for (name, ty) in texts.chain([(SANDBOX.name, Type::Bool)]) {
        object.attributes.insert(name.into(), ty);
        object.optional.insert(name.into());
    }
    Type::Object(Arc::new(object))
}
