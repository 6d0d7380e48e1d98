//! The rules of `ampere_secret`.
use ampere_core::kind::{Effort, Kind, PlanRequest, Planned};
use ampere_core::schema::Schema;
use ampere_lang::diagnostic::{Diagnostic, Diagnostics};
use ampere_lang::value::{Path, Type, Value};

use super::schema::{self, VALUE};
use super::services::{self, GENERIC};
use crate::attributes::{integer, set, text};

/// The longest secret: a service account's key file is about 2.4 KiB.
const LONGEST: usize = 16 << 10;

/// What every fingerprint of a secret's value is made over. Not the address: a moved secret keeps its fingerprint.
pub(crate) const FINGERPRINT_CONTEXT: &str = "ampere_secret.value_wo";

/// `ampere_secret`.
#[derive(Debug)]
pub(crate) struct SecretKind {
    schema: Schema,
}

impl SecretKind {
    /// The kind.
    pub fn new() -> SecretKind {
        SecretKind { schema: schema::schema() }
    }
}

impl Kind for SecretKind {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    /// A document; pages of 2000.
    fn effort(&self) -> Effort {
        Effort { read: 1, page: 2000 }
    }

    fn validate(&self, config: &Value) -> Diagnostics {
        let mut findings = Diagnostics::new();
        findings.extend(check_kind(config));
        findings.extend(check_value(config));
        let version = config.entries().and_then(|config| config.get("value_wo_version")).and_then(Value::as_number);
        if version.is_some_and(|version| version.to_u64().is_none()) {
            let detail = "value_wo_version is a whole number, 0 or above.";
            findings.push(invalid("value_wo_version", detail.into()));
        }
        findings
    }

    fn plan(&self, request: PlanRequest<'_>) -> Planned {
        let value = request.config.get(VALUE).unwrap_or_else(|| Value::null(Type::String));
        let stated = |object: &Value| integer(object, "value_wo_version");
        let mut planned = Planned::new(request.proposed);
        let Some(prior) = request.prior else {
            if value.is_null() {
                let detail = "A new secret needs its value. Give value_wo from an ephemeral variable, for instance by setting \
                              TF_VAR_… in the environment. (Plans after that can do without.)";
                let finding = Diagnostic::error("Missing secret value", detail).of_attribute(Path::attribute(VALUE));
                planned.diagnostics.push(finding.concealed());
            }
            return with_version(planned, 1, fingerprint(&request.config.get(VALUE), request.fingerprint));
        };
        let version = integer(prior, "version").unwrap_or(0);
        if value.is_null() {
            planned.diagnostics.extend((!request.sealed).then(not_remembered));
            return planned;
        }
        let made = fingerprint(&Some(value), request.fingerprint);
        let anew = match (stated(prior), stated(request.config)) {
            // Not known before apply: then the version is not, either.
            (_, None) if made.is_none() => return unknown_version(planned),
            _ if !request.sealed => true,
            (before, Some(now)) => before != Some(now),
            (_, None) => made.as_deref() != text(prior, "fingerprint"),
        };
        if anew { with_version(planned, version + 1, made) } else { planned }
    }

    fn loss(&self, _before: &Value) -> Option<String> {
        Some("the sealed key is destroyed; only the customer has another copy".into())
    }
}

fn fingerprint(value: &Option<Value>, with: &dyn ampere_core::kind::Fingerprint) -> Option<String> {
    Some(with.fingerprint(FINGERPRINT_CONTEXT, value.as_ref()?.as_str()?))
}

fn with_version(mut planned: Planned, version: i64, fingerprint: Option<String>) -> Planned {
    let fingerprint = fingerprint.map_or_else(|| Value::unknown(Type::String), Value::string);
    planned.after = set(&set(&planned.after, "version", Value::number(version)), "fingerprint", fingerprint);
    planned
}

/// What the cloud holds was sealed by a key that may be lost, and no value is given that could take its place.
fn not_remembered() -> Diagnostic {
    let detail = "The state does not remember how this value was sealed (it was recovered, or imported), so it may be that nobody \
                  can open it and no instance gets it anew. Give value_wo once more: the plan then seals it anew.";
    let finding = Diagnostic::warning("Sealed value may be lost", detail);
    finding.of_attribute(Path::attribute(VALUE)).concealed()
}

fn unknown_version(mut planned: Planned) -> Planned {
    let after = set(&planned.after, "version", Value::unknown(Type::Number));
    planned.after = set(&after, "fingerprint", Value::unknown(Type::String));
    planned
}

fn check_kind(config: &Value) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    let Some(kind) = text(config, "kind") else { return findings };
    if !services::is_known(kind) {
        let near = services::nearest(kind).map(|near| format!(" Did you mean {near:?}?")).unwrap_or_default();
        let detail = format!(
            "There is no such kind of secret.{near} Model providers: {}. Channels: {}. Anything else: {GENERIC:?}, with a name.",
            services::MODEL_PROVIDERS.join(", "),
            services::CHANNELS.join(", ")
        );
        findings.push(invalid("kind", detail));
    }
    let name = config.get("name").unwrap_or_else(|| Value::null(Type::String));
    if kind == GENERIC && name.is_null() {
        findings.push(invalid("name", "A secret of kind \"generic\" needs a name.".into()));
    }
    if kind != GENERIC && !name.is_null() {
        findings.push(invalid("name", "Only a secret of kind \"generic\" has a name.".into()));
    }
    let fits = |name: &str| {
        (1..=64).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b))
    };
    if name.as_str().is_some_and(|name| !fits(name)) {
        findings.push(invalid("name", "A name has 1 to 64 letters, digits, and any of _ - . in it.".into()));
    }
    findings
}

/// Findings about the value. None of them repeats it, and none may show its source line.
fn check_value(config: &Value) -> Vec<Diagnostic> {
    let Some(value) = config.get(VALUE).filter(|value| value.is_known() && !value.is_null()) else { return Vec::new() };
    let finding = |summary: &str, detail: &str| {
        let finding = Diagnostic::error(summary, detail).of_attribute(Path::attribute(VALUE));
        vec![finding.concealed().for_promise("S1")]
    };
    if !value.marks().ephemeral() {
        return finding(
            "Secret in the configuration",
            "The value of value_wo must come from a variable with ephemeral = true: a secret written into a .tf file, or \
             passed through an ordinary variable, ends up in version control, plans or state. If it was committed already, \
             revoke it at its provider and make a new one.",
        );
    }
    match value.as_str() {
        Some(text) if text.trim() != text => finding(
            "Malformed secret",
            "The value of value_wo begins or ends with white space, often the line break of the file it was read from. Use \
             trimspace(…).",
        ),
        Some("") => finding("Malformed secret", "The value of value_wo is empty."),
        Some(text) if text.len() > LONGEST => {
            finding("Malformed secret", "The value of value_wo is longer than 16 KiB.")
        }
        _ => Vec::new(),
    }
}

fn invalid(name: &'static str, detail: String) -> Diagnostic {
    Diagnostic::error(format!("Invalid {name}"), detail).of_attribute(Path::attribute(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ampere_core::address::Address;
    use ampere_core::kind::Fingerprint;
    use ampere_lang::value::Marks;

    struct Reversed;
    impl Fingerprint for Reversed {
        fn fingerprint(&self, _context: &str, secret: &str) -> String {
            secret.chars().rev().collect()
        }
    }

    fn config(value: Value) -> Value {
        Value::object([("account", Value::string("uid-1")), ("kind", Value::string("anthropic")), (VALUE, value)])
    }

    fn ephemeral(text: &str) -> Value {
        Value::string(text).with_marks(Marks::EPHEMERAL)
    }

    /// Version and fingerprint that come out for a value and a stated version, after an object that had others.
    fn planned(
        prior: Option<(i64, &str, Option<i64>)>,
        value: Value,
        stated: Option<i64>,
    ) -> (Option<i64>, Option<String>) {
        let number = |n: Option<i64>| n.map_or_else(|| Value::null(Type::Number), Value::number);
        let prior = prior.map(|(version, fingerprint, stated)| {
            Value::object([
                ("version", Value::number(version)),
                ("fingerprint", Value::string(fingerprint)),
                ("value_wo_version", number(stated)),
            ])
        });
        let config = set(&config(value), "value_wo_version", number(stated));
        let proposed = prior.clone().unwrap_or_else(|| {
            Value::object([("version", Value::unknown(Type::Number)), ("fingerprint", Value::unknown(Type::String))])
        });
        let address = Address::new(schema::KIND, "a");
        let request = PlanRequest {
            address: &address,
            prior: prior.as_ref(),
            config: &config,
            proposed,
            fingerprint: &Reversed,
            objects: &(),
            sealed: true,
        };
        let planned = SecretKind::new().plan(request);
        (integer(&planned.after, "version"), text(&planned.after, "fingerprint").map(str::to_owned))
    }

    #[test]
    fn s1_a_literal_is_refused_and_not_repeated() {
        let findings = SecretKind::new().validate(&config(Value::string("sk-ant-EXAMPLE-1")));
        let finding = findings.iter().next().expect("a finding");
        assert!(finding.conceal_source && finding.promise == Some("S1"));
        assert!(!format!("{findings:?}").contains("EXAMPLE"));
        assert!(SecretKind::new().validate(&config(ephemeral("sk-ant-EXAMPLE-1"))).is_empty());
        assert!(SecretKind::new().validate(&config(Value::unknown(Type::String))).is_empty());
        assert_eq!(SecretKind::new().validate(&config(ephemeral("sk-ant-EXAMPLE-1\n"))).len(), 1);
    }

    #[test]
    fn a_new_value_raises_the_version() {
        let new = Value::string("abc").with_marks(Marks::EPHEMERAL);
        assert_eq!(planned(None, new.clone(), None), (Some(1), Some("cba".into())));
        assert_eq!(planned(Some((3, "cba", None)), new.clone(), None), (Some(3), Some("cba".into())));
        assert_eq!(planned(Some((3, "zzz", None)), new.clone(), None), (Some(4), Some("cba".into())));
        assert_eq!(planned(Some((3, "zzz", None)), Value::null(Type::String), None), (Some(3), Some("zzz".into())));
        assert_eq!(planned(Some((3, "zzz", None)), Value::unknown(Type::String), None), (None, None));
    }

    #[test]
    fn a_stated_version_alone_decides() {
        assert_eq!(planned(Some((3, "zzz", Some(1))), ephemeral("abc"), Some(1)), (Some(3), Some("zzz".into())));
        assert_eq!(planned(Some((3, "zzz", Some(1))), ephemeral("abc"), Some(2)), (Some(4), Some("cba".into())));
    }

    #[test]
    fn a_value_that_the_state_does_not_remember_is_sealed_anew() {
        let prior = Value::object([
            ("version", Value::number(3)),
            ("fingerprint", Value::string("cba")),
            ("value_wo_version", Value::null(Type::Number)),
        ]);
        let address = Address::new(schema::KIND, "a");
        let planned = |config: &Value| {
            let (prior, proposed) = (Some(&prior), prior.clone());
            let (address, fingerprint, objects) = (&address, &Reversed, &());
            SecretKind::new().plan(PlanRequest {
                address,
                prior,
                config,
                proposed,
                fingerprint,
                objects,
                sealed: false,
            })
        };
        let same = planned(&config(ephemeral("abc")));
        assert_eq!((integer(&same.after, "version"), same.diagnostics.iter().count()), (Some(4), 0));
        let without = planned(&config(Value::null(Type::String)));
        assert_eq!((integer(&without.after, "version"), without.diagnostics.iter().count()), (Some(3), 1));
        assert!(!without.diagnostics.has_errors(), "the rest of the stack can go on");
    }

    #[test]
    fn a_new_secret_needs_a_value() {
        let config = config(Value::null(Type::String));
        let address = Address::new(schema::KIND, "a");
        let request = PlanRequest {
            address: &address,
            prior: None,
            config: &config,
            proposed: config.clone(),
            fingerprint: &Reversed,
            objects: &(),
            sealed: false,
        };
        assert!(SecretKind::new().plan(request).diagnostics.has_errors());
    }
}
