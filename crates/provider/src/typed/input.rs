//! Values that are given, or taken from another resource.
use ampere_lang::source::Span;
use ampere_lang::syntax::ast::{Expr, ExprKind};
use ampere_lang::value::Value;

/// A struct that is a resource.
pub trait Typed {
    /// The resource type, e.g. `ampere_account`.
    const RESOURCE_TYPE: &'static str;

    /// Its arguments, in the order in which they are declared; those that are not given are left out.
    fn arguments(self) -> Vec<(&'static str, Expr)>;
}

/// A text that is given, or an attribute of another resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// The text itself, e.g. the uid of an account that another stack manages.
    Given(String),
    /// `type.name.attribute`
    Reference {
        /// The resource type.
        resource_type: &'static str,
        /// The resource's name.
        name: String,
        /// The attribute.
        attribute: &'static str,
    },
}

impl Input {
    /// The id of a resource of this stack.
    ///
    /// ```
    /// use ampere_provider::typed::{Account, Input};
    ///
    /// let input = Input::id_of::<Account>("ada");
    /// assert!(matches!(input, Input::Reference { resource_type: "ampere_account", .. }));
    /// ```
    pub fn id_of<T: Typed>(name: impl Into<String>) -> Input {
        Input::Reference { resource_type: T::RESOURCE_TYPE, name: name.into(), attribute: "id" }
    }

    pub(super) fn expression(self) -> Expr {
        match self {
            Input::Given(text) => Expr::literal(Value::string(text)),
            Input::Reference { resource_type, name, attribute } => {
                Expr::reference(resource_type, [name.as_str(), attribute])
            }
        }
    }
}

impl From<&str> for Input {
    fn from(text: &str) -> Input {
        Input::Given(text.to_owned())
    }
}

impl From<String> for Input {
    fn from(text: String) -> Input {
        Input::Given(text)
    }
}

/// A text as an expression.
pub(super) fn string(text: impl AsRef<str>) -> Expr {
    Expr::literal(Value::string(text))
}

/// A list of expressions as one.
pub(super) fn tuple(items: impl IntoIterator<Item = Expr>) -> Expr {
    Expr::new(ExprKind::Tuple(items.into_iter().collect()), Span::BUILT)
}
