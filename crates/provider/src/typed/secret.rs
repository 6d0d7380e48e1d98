//! `ampere_secret`.
use ampere_core::secret::Secret as SecretText;
use ampere_lang::syntax::ast::Expr;
use ampere_lang::value::{Marks, Value};

use super::input::{Input, Typed, string};

/// A key or token of the customer's own.
///
/// Its value is marked ephemeral: it is sealed when the plan is applied, and neither plan nor state nor `Debug` shows it.
#[derive(Clone, Debug)]
pub struct Secret {
    account: Input,
    kind: SecretKind,
    value: Option<Value>,
    version: Option<u32>,
}

/// What a secret is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretKind {
    kind: String,
    name: Option<String>,
}

impl SecretKind {
    /// A model provider (`anthropic`, `openai`, …) or a channel (`telegram`, …). The plan refuses one that is not known.
    pub fn named(kind: impl Into<String>) -> SecretKind {
        SecretKind { kind: kind.into(), name: None }
    }

    /// Anything else, with a name of its own.
    pub fn generic(name: impl Into<String>) -> SecretKind {
        SecretKind { kind: "generic".into(), name: Some(name.into()) }
    }
}

impl Secret {
    /// A secret of an account. A new one needs its [value](Secret::value).
    pub fn new(account: impl Into<Input>, kind: SecretKind) -> Secret {
        Secret { account: account.into(), kind, value: None, version: None }
    }

    /// With its value. Another value than before makes a new version, unless [versions](Secret::version) are stated.
    pub fn value(mut self, value: &SecretText) -> Secret {
        self.value = Some(Value::string(value.expose()).with_marks(Marks::EPHEMERAL | Marks::SENSITIVE));
        self
    }

    /// With a stated version: then a new value is taken only when this number changes.
    pub fn version(mut self, version: u32) -> Secret {
        self.version = Some(version);
        self
    }
}

impl Typed for Secret {
    const RESOURCE_TYPE: &'static str = crate::secret::KIND;

    fn arguments(self) -> Vec<(&'static str, Expr)> {
        let mut arguments = vec![("account", self.account.expression()), ("kind", string(self.kind.kind))];
        arguments.extend(self.kind.name.map(|name| ("name", string(name))));
        arguments.extend(self.value.map(|value| (crate::secret::VALUE, Expr::literal(value))));
        let version = self.version.map(|version| Expr::literal(Value::number(i64::from(version))));
        arguments.extend(version.map(|version| ("value_wo_version", version)));
        arguments
    }
}
