//! `ampere_account`.
use ampere_lang::syntax::ast::Expr;

use super::input::{Input, Typed};

/// A customer's account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    email: Input,
    name: Option<Input>,
}

impl Account {
    /// An account with an email address (in lower case, as Firebase keeps it).
    pub fn new(email: impl Into<Input>) -> Account {
        Account { email: email.into(), name: None }
    }

    /// With a name to show.
    pub fn name(mut self, name: impl Into<Input>) -> Account {
        self.name = Some(name.into());
        self
    }
}

impl Typed for Account {
    const RESOURCE_TYPE: &'static str = crate::account::KIND;

    fn arguments(self) -> Vec<(&'static str, Expr)> {
        let mut arguments = vec![("email", self.email.expression())];
        arguments.extend(self.name.map(|name| ("name", name.expression())));
        arguments
    }
}
