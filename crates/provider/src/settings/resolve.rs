//! From the `provider` block and the environment to settings.
use std::sync::Arc;

use ampere_lang::diagnostic::{Diagnostic, Diagnostics};
use ampere_lang::value::{Path, Value};
use reqwest::Url;

use super::boxes::{BoxSettings, Release};
use super::table::{SANDBOX, SETTINGS, Setting};
use super::{Endpoints, Settings};
use crate::http::{GoogleCredentials, Source, Token, is_loopback};

/// A lookup in the environment.
type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Settings that a machine may have set for other programs: alone they do not mean that the clouds are meant.
const WEAK: &[&str] = &[
    "google_project",
    "google_credentials",
    "google_quota_project",
    "id_token_keys_url",
    "npm_registry",
    "node_mirror",
];

impl Settings {
    /// The settings of a sandbox: its endpoints, and credentials that only a sandbox takes.
    ///
    /// # Errors
    ///
    /// An endpoint is not a URL.
    pub fn sandbox(endpoints: &Endpoints) -> Result<Settings, Diagnostics> {
        let mut findings = Diagnostics::new();
        let mut url = |name: &'static str, text: &str| parse_url(name, text).map_err(|d| findings.push(d)).ok();
        let urls = (
            url("hcloud_endpoint", &endpoints.hetzner),
            url("stripe_api_base", &endpoints.stripe),
            url("identity_toolkit_endpoint", &endpoints.identity_toolkit),
            url("firestore_endpoint", &endpoints.firestore),
        );
        let secure_token = endpoints.secure_token.as_ref().map(|text| url("secure_token_endpoint", text));
        let (Some(hetzner), Some(stripe), Some(identity_toolkit), Some(firestore)) = urls else { return Err(findings) };
        let boxes = match secure_token {
            None => None,
            Some(None) => return Err(findings),
            Some(Some(secure_token)) => Some(BoxSettings {
                api_key: "sandbox".into(),
                identity_toolkit: identity_toolkit.clone(),
                secure_token,
                firestore: firestore.clone(),
                agent: Release::of_sandbox(),
                npm_registry: default_url("npm_registry")?,
                node_mirror: default_url("node_mirror")?,
            }),
        };
        Ok(Settings {
            id_token_keys: local_keys(&identity_toolkit),
            hetzner,
            hetzner_token: Token::new("sandbox"),
            stripe,
            stripe_key: Token::new("sk_test_sandbox"),
            identity_toolkit,
            firestore,
            google_project: "demo-ampere".into(),
            google_token: Some(Token::new("owner")),
            google_credentials: Arc::new(GoogleCredentials::new(Source::Default(None), "demo-ampere", None)),
            google_quota_project: None,
            boxes,
            sandbox: true,
        })
    }

    /// Whether a block and an environment ask for the sandbox: they say so, or configure no cloud at all. A caller starts
    /// the sandbox then, and hands its endpoints to [`Settings::resolve`].
    pub fn wants_sandbox(block: &Value, environment: Environment<'_>) -> bool {
        match sandbox_choice(block, environment) {
            Some(choice) => choice,
            None => !SETTINGS
                .iter()
                .filter(|setting| !WEAK.contains(&setting.name))
                .any(|setting| is_given(setting, block, environment)),
        }
    }

    /// The settings that a `provider "ampere"` block (an object of [`block_type`](super::block_type), or null) and the
    /// environment amount to; the block wins. Clouds and sandbox are never mixed: either all is the sandbox, or each cloud
    /// must have what it needs.
    ///
    /// # Errors
    ///
    /// All that is missing or malformed; credentials are never repeated.
    pub fn resolve(
        block: &Value,
        environment: Environment<'_>,
        sandbox: Option<Endpoints>,
    ) -> Result<Settings, Diagnostics> {
        if Settings::wants_sandbox(block, environment) {
            return match sandbox {
                Some(endpoints) => Settings::sandbox(&endpoints),
                None => Err(no_sandbox().into()),
            };
        }
        let mut reader = Reader { block, environment, findings: Diagnostics::new() };
        let hetzner = reader.url("hcloud_endpoint");
        let hetzner_token = reader.required("hcloud_token");
        let stripe = reader.url("stripe_api_base");
        let stripe_key = reader.required("stripe_api_key");
        let identity_toolkit = reader.url("identity_toolkit_endpoint");
        let firestore = reader.url("firestore_endpoint");
        let project = reader.required("google_project").filter(|project| reader.is_project(project));
        let token = reader.text("google_access_token");
        if reader.findings.has_errors() {
            return Err(reader.findings);
        }
        let all = (hetzner, hetzner_token, stripe, stripe_key, identity_toolkit, firestore, project);
        let (
            Some(hetzner),
            Some(hetzner_token),
            Some(stripe),
            Some(stripe_key),
            Some(identity),
            Some(firestore),
            Some(project),
        ) = all
        else {
            return Err(reader.findings);
        };
        let id_token_keys = match reader.is_given("id_token_keys_url") || !is_loopback(&identity) {
            true => reader.url("id_token_keys_url"),
            // Never Google's keys with a service that is not Google's.
            false => Some(local_keys(&identity)),
        };
        let Some(id_token_keys) = id_token_keys else { return Err(reader.findings) };
        let quota_project = reader.text("google_quota_project");
        let boxes = reader.boxes(&identity, &firestore);
        if reader.findings.has_errors() {
            return Err(reader.findings);
        }
        let credentials = GoogleCredentials::new(reader.google_source(), &project, quota_project.clone());
        // Credentials that lie about on this machine are not sent to an emulator; those that the block names are.
        let named =
            block.entries().and_then(|block| block.get("google_credentials")).is_some_and(|value| !value.is_null());
        let emulated = is_loopback(&identity) && is_loopback(&firestore) && !named;
        Ok(Settings {
            hetzner,
            hetzner_token: Token::new(hetzner_token),
            stripe,
            stripe_key: Token::new(stripe_key),
            identity_toolkit: identity,
            firestore,
            google_project: project,
            google_credentials: Arc::new(credentials),
            google_quota_project: quota_project,
            boxes,
            id_token_keys,
            google_token: token.or_else(|| emulated.then(|| "owner".to_owned())).map(Token::new),
            sandbox: false,
        })
    }
}

/// Reads settings and collects what is wrong with them.
struct Reader<'a> {
    block: &'a Value,
    environment: Environment<'a>,
    findings: Diagnostics,
}

impl Reader<'_> {
    fn setting(&self, name: &str) -> &'static Setting {
        SETTINGS.iter().find(|setting| setting.name == name).expect("only names of the table are asked for")
    }

    /// The block's value, the environment's, or the default.
    fn text(&mut self, name: &'static str) -> Option<String> {
        let setting = self.setting(name);
        let given = self.block.entries().and_then(|block| block.get(name)).filter(|value| !value.is_null());
        if let Some(value) = given {
            if !value.is_known() {
                let detail = format!("The value of {name} is known only after apply; clouds must be known before.");
                self.findings.push(error("Unknown provider setting", detail, name));
                return None;
            }
            return value.as_str().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        }
        from_environment(setting, self.environment).or_else(|| setting.default.map(str::to_owned))
    }

    fn required(&mut self, name: &'static str) -> Option<String> {
        let found = self.text(name);
        if found.is_none() {
            let setting = self.setting(name);
            let detail = format!(
                "{} Set {name} in the provider block, or the environment variable {}. To use the local sandbox instead of \
                 the clouds, set sandbox = true there, or AMPERE_SANDBOX=true.",
                setting.description, setting.environment
            );
            self.findings.push(error("Missing provider setting", detail, name));
        }
        found
    }

    /// Where Google's own tools would look for credentials:
    /// <https://cloud.google.com/docs/authentication/application-default-credentials>.
    fn google_source(&mut self) -> Source {
        if let Some(given) = self.text("google_credentials") {
            return match given.trim_start().starts_with('{') {
                true => Source::Text(given.into()),
                false => Source::File(given.into()),
            };
        }
        let directory = |variable: &str, below: &str| {
            let found = (self.environment)(variable).filter(|path| !path.is_empty())?;
            Some(std::path::Path::new(&found).join(below))
        };
        let gcloud = directory("CLOUDSDK_CONFIG", "").or_else(|| directory("HOME", ".config/gcloud"));
        Source::Default(gcloud.map(|gcloud| gcloud.join("application_default_credentials.json")))
    }

    fn is_given(&self, name: &'static str) -> bool {
        is_given(self.setting(name), self.block, self.environment)
    }

    fn url(&mut self, name: &'static str) -> Option<Url> {
        let text = self.required(name)?;
        parse_url(name, &text).map_err(|finding| self.findings.push(finding)).ok()
    }

    /// What boxes are given. One setting of it asks for all.
    fn boxes(&mut self, identity_toolkit: &Url, firestore: &Url) -> Option<BoxSettings> {
        if !self.is_given("firebase_api_key") && !self.is_given("agent_manifest") {
            return None;
        }
        let api_key = self.required("firebase_api_key");
        let manifest = self.required("agent_manifest");
        let agent = manifest.and_then(|given| self.release(&given));
        let secure_token = self.url("secure_token_endpoint")?;
        let (npm_registry, node_mirror) = (self.url("npm_registry")?, self.url("node_mirror")?);
        let near = match self.text("mailbox_endpoint") {
            None => None,
            Some(text) => Some(self.mailbox_endpoint(&text, identity_toolkit)?),
        };
        let seen = |url: &Url| match &near {
            None => url.clone(),
            Some(base) => elsewhere(url, base),
        };
        Some(BoxSettings {
            api_key: api_key?,
            identity_toolkit: seen(identity_toolkit),
            secure_token: seen(&secure_token),
            firestore: seen(firestore),
            agent: agent?,
            npm_registry,
            node_mirror,
        })
    }

    /// A manifest, or the one in the file that is named.
    fn release(&mut self, given: &str) -> Option<Release> {
        let name = "agent_manifest";
        let text = match given.trim_start().starts_with('{') {
            true => given.to_owned(),
            false => match std::fs::read_to_string(given) {
                Ok(text) => text,
                Err(error) => {
                    let detail = format!("The file {given} that {name} names cannot be read: {}.", error.kind());
                    self.findings.push(error_of(name, detail));
                    return None;
                }
            },
        };
        let read = Release::read(&text);
        read.map_err(|what| self.findings.push(error_of(name, format!("The value of {name} {what}.")))).ok()
    }

    /// Where boxes reach what runs on this machine. It may be http, since nothing but emulators is ever there.
    fn mailbox_endpoint(&mut self, text: &str, identity_toolkit: &Url) -> Option<Url> {
        let name = "mailbox_endpoint";
        let url = Url::parse(text).ok().filter(|url| url.host_str().is_some() && matches!(url.path(), "" | "/"));
        if url.is_none() || !is_loopback(identity_toolkit) {
            let detail = format!(
                "{name} is http://HOST:PORT, and serves only where identity_toolkit_endpoint and firestore_endpoint are on this \
                 machine."
            );
            self.findings.push(error_of(name, detail));
            return None;
        }
        url
    }

    /// Project ids are put into paths (<https://cloud.google.com/resource-manager/docs/creating-managing-projects>).
    fn is_project(&mut self, project: &str) -> bool {
        let fits = project.len() <= 63
            && project.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.:".contains(&b));
        if !fits {
            let detail =
                "A project id has lower-case letters, digits and hyphens. (It is not the project's display name.)";
            self.findings.push(error("Invalid Google Cloud project", detail.into(), "google_project"));
        }
        fits
    }
}

/// The same path at another host.
fn elsewhere(url: &Url, base: &Url) -> Url {
    let mut moved = base.clone();
    moved.set_path(url.path());
    moved
}

fn default_url(name: &'static str) -> Result<Url, Diagnostics> {
    let setting = SETTINGS.iter().find(|setting| setting.name == name);
    parse_url(name, setting.and_then(|setting| setting.default).unwrap_or_default()).map_err(Diagnostics::from)
}

fn error_of(name: &'static str, detail: String) -> Diagnostic {
    error("Invalid provider setting", detail, name)
}

/// Where a service on this machine that stands in for Identity Toolkit shows its keys: Google's path, below its own.
fn local_keys(identity_toolkit: &Url) -> Url {
    let mut url = identity_toolkit.clone();
    let base = identity_toolkit.path().trim_end_matches('/');
    url.set_path(&format!("{base}/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com"));
    url
}

/// A base URL that a token may be sent to: `https`, or this machine.
fn parse_url(name: &'static str, text: &str) -> Result<Url, Diagnostic> {
    let variable = SETTINGS.iter().find(|setting| setting.name == name).map_or("", |setting| setting.environment);
    let fault = |what: &str| error("Invalid endpoint", format!("The value of {name} (or {variable}) {what}."), name);
    let url = Url::parse(text).map_err(|_| fault("is not a URL such as https://api.example.com"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(fault("is not an http or https URL"));
    }
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
        return Err(fault("must have no user, password, query or fragment"));
    }
    if url.scheme() == "http" && !is_loopback(&url) {
        return Err(fault("is http, and credentials are sent in the clear to this machine only; use https"));
    }
    Ok(url)
}

fn from_environment(setting: &Setting, environment: Environment<'_>) -> Option<String> {
    environment(setting.environment).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

fn is_given(setting: &Setting, block: &Value, environment: Environment<'_>) -> bool {
    let in_block = block.entries().and_then(|block| block.get(setting.name)).is_some_and(|value| !value.is_null());
    in_block || from_environment(setting, environment).is_some()
}

fn sandbox_choice(block: &Value, environment: Environment<'_>) -> Option<bool> {
    let in_block = block.entries().and_then(|block| block.get(SANDBOX.name)).and_then(Value::as_bool);
    in_block.or_else(|| match from_environment(&SANDBOX, environment)?.as_str() {
        "1" | "true" => Some(true),
        "0" | "false" => Some(false),
        _ => None,
    })
}

fn no_sandbox() -> Diagnostic {
    let detail = "No credentials are set, and this program starts no sandbox. Set hcloud_token, stripe_api_key and \
                  google_project in the provider block or in the environment.";
    Diagnostic::error("No cloud is configured", detail)
}

fn error(summary: &str, detail: String, attribute: &'static str) -> Diagnostic {
    Diagnostic::error(summary, detail).of_attribute(Path::attribute(attribute)).concealed()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ampere_lang::value::Type;

    fn sandbox() -> Endpoints {
        let at = |path: &str| format!("http://127.0.0.1:4000{path}");
        Endpoints {
            hetzner: at("/hetzner/v1"),
            stripe: at("/stripe"),
            identity_toolkit: at("/identitytoolkit.googleapis.com"),
            firestore: at("/firestore"),
            secure_token: None,
        }
    }

    fn block(pairs: &[(&'static str, &str)]) -> Value {
        Value::object(pairs.iter().map(|(name, text)| (*name, Value::string(text))))
    }

    fn summaries(outcome: Result<Settings, Diagnostics>) -> Vec<String> {
        outcome
            .map(|_| Vec::new())
            .unwrap_or_else(|d| d.iter().map(|d| format!("{}: {}", d.summary, d.detail)).collect())
    }

    const REAL: &[(&str, &str)] =
        &[("hcloud_token", "hc-EXAMPLE"), ("stripe_api_key", "sk_live_EXAMPLE"), ("google_project", "acme-prod")];

    #[test]
    fn without_any_setting_the_sandbox_serves() {
        let none = |_: &str| None;
        let project = |name: &str| (name == "GOOGLE_CLOUD_PROJECT").then(|| "acme".to_owned());
        assert!(Settings::wants_sandbox(&Value::null(Type::Dynamic), &none));
        assert!(Settings::wants_sandbox(&block(&[]), &project));
        let settings = Settings::resolve(&block(&[]), &none, Some(sandbox())).unwrap();
        assert!(settings.is_sandbox() && !settings.needs_tls());
        assert_eq!(summaries(Settings::resolve(&block(&[]), &none, None)).len(), 1);
    }

    #[test]
    fn one_setting_asks_for_all_and_never_mixes_with_the_sandbox() {
        let token = |name: &str| (name == "HCLOUD_TOKEN").then(|| "hc-EXAMPLE".to_owned());
        let missing = summaries(Settings::resolve(&block(&[]), &token, Some(sandbox())));
        assert_eq!(missing.len(), 2, "{missing:?}");
        assert!(missing[0].contains("STRIPE_API_KEY") && missing[1].contains("GOOGLE_CLOUD_PROJECT"), "{missing:?}");
        let forced = |name: &str| match name {
            "AMPERE_SANDBOX" => Some("true".to_owned()),
            name => token(name),
        };
        assert!(Settings::resolve(&block(&[]), &forced, Some(sandbox())).unwrap().is_sandbox());
    }

    #[test]
    fn the_block_wins_over_the_environment_and_defaults_are_the_real_clouds() {
        let stage = |name: &str| (name == "HCLOUD_ENDPOINT").then(|| "https://staging.example.com/v1".to_owned());
        let settings = Settings::resolve(&block(REAL), &stage, Some(sandbox())).unwrap();
        assert!(settings.needs_tls() && !settings.is_sandbox() && settings.google_token.is_none());
        assert_eq!(settings.hetzner.as_str(), "https://staging.example.com/v1");
        assert_eq!(settings.stripe.as_str(), "https://api.stripe.com/");
    }

    #[test]
    fn tokens_go_nowhere_in_the_clear_and_are_never_shown() {
        for url in ["http://api.example.com", "ftp://x", "https://u:p@x.example", "https://x.example/?a=b", "nonsense"]
        {
            let pairs: Vec<_> = REAL.iter().copied().chain([("stripe_api_base", url)]).collect();
            let found = summaries(Settings::resolve(&block(&pairs), &|_| None, None));
            assert!(found.len() == 1 && found[0].starts_with("Invalid endpoint"), "{url}: {found:?}");
            assert!(!found[0].contains("u:p"), "{found:?}");
        }
        let settings = Settings::resolve(&block(REAL), &|_| None, None).unwrap();
        assert!(!format!("{settings:?}").contains("EXAMPLE"));
    }
}
