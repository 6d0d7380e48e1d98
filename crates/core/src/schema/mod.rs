//! The table of attributes of a resource kind: one table for validation, planning, the privacy proof and the plugin protocol.
mod privacy;

pub use privacy::{Basis, Category, Classification, Recipient, Retention, Subject, Use};

use ampere_lang::value::Type;

/// The attributes of a kind.
#[derive(Clone, Debug)]
pub struct Schema {
    /// The resource type, e.g. `ampere_account`.
    pub kind: &'static str,
    /// One sentence.
    pub summary: &'static str,
    /// Rises when the meaning of stored attributes changes.
    pub version: u32,
    /// The attributes, by name.
    pub attributes: Vec<Attribute>,
}

/// One attribute. There is no default for `privacy`: a field that is not classified does not compile (invariant 7, promise C5).
#[derive(Clone, Debug)]
pub struct Attribute {
    /// The name.
    pub name: &'static str,
    /// The type of its value (an object type may have optional attributes).
    pub ty: Type,
    /// Who gives it.
    pub presence: Presence,
    /// What a change means.
    pub on_change: OnChange,
    /// Given, used once and never kept: always null in plan and state.
    pub write_only: bool,
    /// Never shown.
    pub sensitive: bool,
    /// One sentence for help and documentation.
    pub description: &'static str,
    /// What it is in the eyes of the privacy policy.
    pub privacy: Classification,
}

/// Who gives the value of an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// The configuration must.
    Required,
    /// The configuration may; null else.
    Optional,
    /// The configuration may; the provider decides else.
    OptionalComputed,
    /// The provider alone.
    Computed,
}

impl Presence {
    /// Whether the configuration may give it.
    pub fn settable(self) -> bool {
        self != Presence::Computed
    }

    /// Whether the provider may decide it.
    pub fn computed(self) -> bool {
        matches!(self, Presence::Computed | Presence::OptionalComputed)
    }
}

/// What a change of an attribute means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnChange {
    /// The object is changed in place.
    Update,
    /// The object is replaced.
    Replace,
}

impl Schema {
    /// The attribute of that name.
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|a| a.name == name)
    }

    /// The type of a whole object of this kind.
    pub fn object_type(&self) -> Type {
        Type::object(self.attributes.iter().map(|a| (a.name, a.ty.clone())))
    }
}
