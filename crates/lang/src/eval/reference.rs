//! What expressions refer to.
use std::sync::Arc;

use crate::config::ResourceName;
use crate::source::Span;

/// The thing a reference begins with.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Subject {
    /// `var.name`
    Variable(Arc<str>),
    /// `local.name`
    Local(Arc<str>),
    /// `type.name`
    Resource(ResourceName),
    /// `data.type.name`
    Data(ResourceName),
    /// `module.name`
    Module(Arc<str>),
    /// `count.index`
    CountIndex,
    /// `each.key`
    EachKey,
    /// `each.value`
    EachValue,
    /// `self`
    SelfObject,
    /// `path.module`, `path.root`, `path.cwd`
    Path(Arc<str>),
    /// `terraform.workspace`, `terraform.applying`
    Terraform(Arc<str>),
}

/// A reference in an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// What it begins with.
    pub subject: Subject,
    /// The instance key that follows at once, when it is a literal (`x.y["k"]`, `x.y[0]`).
    pub key: Option<InstanceKey>,
    /// The literal attribute names after that, as far as they go.
    pub attributes: Vec<Arc<str>>,
    /// Where it stands.
    pub span: Span,
}

/// The key of one instance of a resource with `count` or `for_each`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum InstanceKey {
    /// `[0]`
    Index(u64),
    /// `["key"]`
    Key(Arc<str>),
}
