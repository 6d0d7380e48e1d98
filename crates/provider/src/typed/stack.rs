//! Typed resources to a module.
use std::sync::Arc;

use ampere_lang::config::{Import, Lifecycle, Module, Resource, ResourceName};
use ampere_lang::source::Span;
use ampere_lang::syntax::ast::{Attribute, Body, Expr};
use ampere_lang::value::Value;

use super::input::Typed;

/// A resource's name is no identifier of the language, or is used twice.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// A name begins with a letter or `_` and has letters, digits, `_` and `-`.
    #[error(
        "{resource_type} cannot be named {name:?}: a name begins with a letter or _ and has letters, digits, _ and -"
    )]
    NotAnIdentifier {
        /// The resource type.
        resource_type: &'static str,
        /// The name as it was given.
        name: String,
    },
    /// Two resources of one type have the same name.
    #[error("there are two {0} of this name")]
    Twice(ResourceName),
}

/// Arguments of a resource, by name.
type Arguments = Vec<(&'static str, Expr)>;

/// Resources that together are a configuration.
#[derive(Clone, Debug, Default)]
pub struct Stack {
    resources: Vec<(&'static str, String, Arguments)>,
    imports: Vec<Import>,
}

impl Stack {
    /// No resource yet.
    pub fn new() -> Stack {
        Stack::default()
    }

    /// With one more resource. The name is that of its address: `ampere_account.NAME`.
    pub fn with<T: Typed>(mut self, name: impl Into<String>, resource: T) -> Stack {
        self.resources.push((T::RESOURCE_TYPE, name.into(), resource.arguments()));
        self
    }

    /// With one more resource whose object exists already, by its id, and is taken over: a customer's account whose user
    /// Firebase made when they signed in. Once it is taken over, this is the same as [`Stack::with`].
    pub fn adopt<T: Typed>(self, name: impl Into<String>, resource: T, id: &str) -> Stack {
        let name = name.into();
        let to = Expr::reference(T::RESOURCE_TYPE, [name.as_str()]);
        let id = Expr::literal(Value::string(id));
        let mut stack = self.with(name, resource);
        stack.imports.push(Import { to, id, for_each: None, provider: None, span: Span::BUILT });
        stack
    }

    /// The configuration.
    ///
    /// # Errors
    ///
    /// [`NameError`] for a name that could not stand in an address, or stands there twice.
    pub fn build(self) -> Result<Module, NameError> {
        let mut module = Module { imports: self.imports, ..Module::default() };
        for (resource_type, name, arguments) in self.resources {
            if !is_identifier(&name) {
                return Err(NameError::NotAnIdentifier { resource_type, name });
            }
            let name = ResourceName { resource_type: resource_type.into(), name: name.into() };
            if module.resources.insert(name.clone(), resource(name.clone(), arguments)).is_some() {
                return Err(NameError::Twice(name));
            }
        }
        Ok(module)
    }
}

fn resource(name: ResourceName, arguments: Arguments) -> Resource {
    let attributes = arguments
        .into_iter()
        .map(|(name, value)| Attribute { name: Arc::from(name), name_span: Span::BUILT, value })
        .collect();
    Resource {
        name,
        config: Body { attributes, end: Span::BUILT, ..Body::default() },
        count: None,
        for_each: None,
        provider: None,
        depends_on: Vec::new(),
        lifecycle: Lifecycle::default(),
        span: Span::BUILT,
    }
}

fn is_identifier(name: &str) -> bool {
    let mut characters = name.chars();
    characters.next().is_some_and(|first| first.is_alphabetic() || first == '_')
        && characters.all(|c| c.is_alphanumeric() || c == '_' || c == '-')
}

#[cfg(test)]
mod tests {
    use super::super::{Account, Input, Secret, SecretKind};
    use super::*;

    #[test]
    fn names_that_could_not_stand_in_an_address_are_refused() {
        for bad in ["", "1a", "a b", "a.b", "a\"]"] {
            assert!(Stack::new().with(bad, Account::new("ada@example.com")).build().is_err(), "{bad:?}");
        }
        let twice = Stack::new().with("a", Account::new("a@example.com")).with("a", Account::new("b@example.com"));
        assert!(matches!(twice.build(), Err(NameError::Twice(_))));
    }

    #[test]
    fn s1_a_secret_is_marked_and_not_shown() {
        let key = ampere_core::secret::Secret::new("sk-ant-EXAMPLE-1");
        let secret = Secret::new(Input::id_of::<Account>("a"), SecretKind::named("anthropic")).value(&key);
        assert!(!format!("{secret:?}").contains("EXAMPLE"));
        let module = Stack::new().with("a", secret).build().unwrap();
        assert!(!format!("{module:?}").contains("EXAMPLE"));
    }
}
