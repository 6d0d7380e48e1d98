//! The rules of `ampere_instance`.
use ampere_bundle::openclaw::{DEFAULT, RELEASES, Release};
use ampere_core::kind::{Effort, Gated, Kind, PlanRequest, Planned};
use ampere_core::schema::Schema;
use ampere_lang::diagnostic::{Diagnostic, Diagnostics};
use ampere_lang::value::{Path, Value};

use super::{channels, enrol, schema, server_types};
use crate::attributes::{set, text};
use crate::secret::MODEL_PROVIDERS;
use crate::subscription::gate;

/// `ampere_instance`.
#[derive(Debug)]
pub(crate) struct InstanceKind {
    schema: Schema,
    inside: Inside,
}

/// Who is inside the servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Inside {
    /// An agent.
    Agent,
    /// Nobody: the cloud is a sandbox that starts none.
    Nobody,
    /// Nobody, since the settings name no agent: no server is made.
    Missing,
}

impl InstanceKind {
    /// The kind.
    pub fn new(inside: Inside) -> InstanceKind {
        InstanceKind { schema: schema::schema(), inside }
    }
}

impl Kind for InstanceKind {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    /// A server and its parts; pages of 50.
    fn effort(&self) -> Effort {
        Effort { read: 3 + usize::from(self.inside == Inside::Agent), page: 50 }
    }

    fn validate(&self, config: &Value) -> Diagnostics {
        let mut findings = Diagnostics::new();
        if let Some(memory) = text(config, "server_type").and_then(server_types::too_small) {
            let detail = format!(
                "This type has {memory} GiB of memory. OpenClaw needs 1.2 GB after its first turn and is killed with less \
                 room; 4 GiB are the floor here. Choose cx23 or a larger one."
            );
            findings.push(error("Server type is too small", detail, "server_type"));
        }
        for name in ["location", "server_type"] {
            if text(config, name).is_some_and(|given| !is_word(given)) {
                findings.push(error(
                    "Invalid name",
                    format!("{name} is a short name of Hetzner's, such as {}.", example(name)),
                    name,
                ));
            }
        }
        findings.extend(text(config, "openclaw_version").and_then(check_version));
        findings.extend(text(config, "model").and_then(check_model));
        if let Some(given) = config.get("channels") {
            findings.extend(channels::validate(&given));
        }
        findings
    }

    fn plan(&self, request: PlanRequest<'_>) -> Planned {
        let mut planned = Planned::new(request.proposed.clone());
        if request.config.get("openclaw_version").is_none_or(|given| given.is_null()) {
            let kept = request.prior.and_then(|prior| text(prior, "openclaw_version")).unwrap_or(DEFAULT.version);
            planned.after = set(&planned.after, "openclaw_version", Value::string(kept));
        }
        match self.inside {
            Inside::Agent => enrol::plan(&request, &mut planned),
            Inside::Missing if request.prior.is_none() => planned.diagnostics.push(no_agent()),
            Inside::Missing | Inside::Nobody => {}
        }
        let Some(prior) = request.prior else { return planned };
        // A server that was switched off is switched on again.
        if text(prior, "status") == Some("off") {
            planned.after = set(&planned.after, "status", Value::string("running"));
        }
        let types = text(prior, "server_type").zip(text(&planned.after, "server_type"));
        if types.is_some_and(|(before, after)| server_types::is_arm(before) != server_types::is_arm(after)) {
            planned.replace.push(Path::attribute("server_type"));
        }
        planned
    }

    fn gate_on(&self) -> Option<Gated> {
        Some(gate::on("subscription"))
    }

    fn loss(&self, _before: &Value) -> Option<String> {
        Some("the bot's memory on this server is lost".into())
    }
}

/// An instance without an agent could never be given a key, nor show that it is closed.
fn no_agent() -> Diagnostic {
    Diagnostic::error(
        "No agent is configured for instances",
        "An instance is served by the agent that it installs. Set firebase_api_key (AMPERE_FIREBASE_API_KEY) and agent_manifest \
         (AMPERE_AGENT_MANIFEST) in the provider block or in the environment; docs/instance.md says how both are got.",
    )
}

fn error(summary: &str, detail: impl Into<String>, attribute: &'static str) -> Diagnostic {
    Diagnostic::error(summary, detail).of_attribute(Path::attribute(attribute))
}

fn example(name: &str) -> &'static str {
    if name == "location" { "nbg1" } else { "cx23" }
}

fn is_word(text: &str) -> bool {
    (1..=32).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// One of the releases that our configuration was tried on: with another one, OpenClaw might refuse it, or read it otherwise.
fn check_version(version: &str) -> Option<Diagnostic> {
    if Release::named(version).is_some() {
        return None;
    }
    let known: Vec<&str> = RELEASES.iter().map(|release| release.version).collect();
    let detail = format!(
        "An instance runs a release of OpenClaw that its configuration was tried on. Those are: {}.",
        known.join(", ")
    );
    Some(error("Unknown OpenClaw version", detail, "openclaw_version"))
}

/// `provider/model`, and nothing that could name another server than the provider's own.
fn check_model(model: &str) -> Option<Diagnostic> {
    if model.contains("://") || model.starts_with("//") {
        let detail = "A base URL has no place in model: answers go from the provider to the instance directly, and nothing may \
                      stand between them. Name a model as provider/model.";
        return Some(error("Model may not be rerouted", detail, "model").for_promise("N2"));
    }
    let provider = model.split_once('/').filter(|(_, name)| {
        (1..=128).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._:/@".contains(&b))
    });
    match provider {
        None => {
            let detail = "model is written as provider/model, e.g. anthropic/claude-sonnet-4-6.";
            Some(error("Invalid model", detail, "model"))
        }
        Some((provider, _)) if !MODEL_PROVIDERS.contains(&provider) => {
            let detail = format!(
                "There is no such model provider. (One of your own would need a base URL, which could stand between the \
                 provider and the instance.) Providers are: {}.",
                MODEL_PROVIDERS.join(", ")
            );
            Some(error("Unknown model provider", detail, "model").for_promise("N2"))
        }
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ampere_core::address::Address;
    use ampere_core::kind::Fingerprint;
    use ampere_lang::value::Type;

    struct None_;
    impl Fingerprint for None_ {
        fn fingerprint(&self, _context: &str, _secret: &str) -> String {
            String::new()
        }
    }

    fn found(pairs: &[(&'static str, &str)]) -> Vec<String> {
        let config = Value::object(pairs.iter().map(|(name, text)| (*name, Value::string(text))));
        InstanceKind::new(Inside::Nobody).validate(&config).iter().map(|finding| finding.summary.clone()).collect()
    }

    #[test]
    fn a_type_without_enough_memory_is_refused() {
        assert_eq!(found(&[("server_type", "cpx11")]), ["Server type is too small"]);
        assert!(found(&[("server_type", "cx23"), ("location", "nbg1"), ("openclaw_version", "2026.9.5")]).is_empty());
        assert_eq!(found(&[("location", "Nürnberg")]), ["Invalid name"]);
        for version in ["latest", "2026.9.7", "2026.9.6-beta.1", "../2026.9.6", ""] {
            assert_eq!(found(&[("openclaw_version", version)]), ["Unknown OpenClaw version"], "{version}");
        }
    }

    #[test]
    fn n2_a_model_is_named_and_never_routed() {
        assert!(found(&[("model", "openrouter/anthropic/claude-sonnet-4.6")]).is_empty());
        assert_eq!(found(&[("model", "https://llm.example.com/v1")]), ["Model may not be rerouted"]);
        assert_eq!(found(&[("model", "mine/m1")]), ["Unknown model provider"]);
        assert_eq!(found(&[("model", "gpt-5")]), ["Invalid model"]);
    }

    fn planned(prior: &[(&'static str, &str)], config: &[(&'static str, &str)]) -> Planned {
        let object = |pairs: &[(&'static str, &str)]| Value::object(pairs.iter().map(|(n, t)| (*n, Value::string(t))));
        let (prior, config) = (object(prior), object(config));
        let proposed = set(&config, "status", prior.get("status").unwrap_or_else(|| Value::unknown(Type::String)));
        let address = Address::new(schema::KIND, "a");
        InstanceKind::new(Inside::Nobody).plan(PlanRequest {
            address: &address,
            prior: Some(&prior),
            config: &config,
            proposed,
            fingerprint: &None_,
            objects: &(),
            sealed: true,
        })
    }

    #[test]
    fn a_server_switched_off_is_planned_to_run_and_keeps_its_version() {
        let planned = planned(&[("status", "off"), ("openclaw_version", "2026.9.5")], &[]);
        assert_eq!(text(&planned.after, "status"), Some("running"));
        assert_eq!(text(&planned.after, "openclaw_version"), Some("2026.9.5"));
    }

    #[test]
    fn another_architecture_is_a_replacement() {
        assert!(planned(&[("server_type", "cx23")], &[("server_type", "cx33")]).replace.is_empty());
        assert_eq!(planned(&[("server_type", "cx23")], &[("server_type", "cax21")]).replace.len(), 1);
    }
}
