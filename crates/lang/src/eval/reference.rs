//! What expressions refer to.
use std::fmt;
use std::sync::Arc;

use crate::config::ResourceName;
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::syntax::ast::{Body, Expr};

use super::traversal::{Chain, Step, each_root, each_root_in_body};

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

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Subject::Variable(name) => write!(f, "var.{name}"),
            Subject::Local(name) => write!(f, "local.{name}"),
            Subject::Resource(name) => name.fmt(f),
            Subject::Data(name) => write!(f, "data.{name}"),
            Subject::Module(name) => write!(f, "module.{name}"),
            Subject::CountIndex => f.write_str("count.index"),
            Subject::EachKey => f.write_str("each.key"),
            Subject::EachValue => f.write_str("each.value"),
            Subject::SelfObject => f.write_str("self"),
            Subject::Path(name) => write!(f, "path.{name}"),
            Subject::Terraform(name) => write!(f, "terraform.{name}"),
        }
    }
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

impl fmt::Display for InstanceKey {
    /// As it stands in an address: `[0]`, `["key"]`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            InstanceKey::Index(n) => write!(f, "[{n}]"),
            InstanceKey::Key(key) => write!(f, "[{}]", super::render::quote(key)),
        }
    }
}

/// Everything an expression refers to, in source order, also in branches that would not be taken.
///
/// Names bound by `for` are no references. A malformed reference (`var` alone) is left out: [`super::evaluate`] reports it.
///
/// ```
/// use ampere_lang::eval::{Subject, references};
/// use ampere_lang::syntax::ast::Expr;
///
/// let found = references(&Expr::reference("var", ["region"]));
/// assert_eq!(found[0].subject, Subject::Variable("region".into()));
/// ```
pub fn references(expr: &Expr) -> Vec<Reference> {
    let mut found = Vec::new();
    each_root(expr, &mut |chain| found.extend(reference(&chain)));
    found
}

/// As [`references`], for every expression of a body and of the blocks inside.
pub fn references_in_body(body: &Body) -> Vec<Reference> {
    let mut found = Vec::new();
    each_root_in_body(body, &mut |chain| found.extend(reference(&chain)));
    found
}

/// The reference that a chain is, if it is well formed.
pub(super) fn reference(chain: &Chain<'_>) -> Option<Reference> {
    let (subject, used) = subject(chain).ok()?;
    let rest = chain.steps.get(used..).unwrap_or_default();
    let key = rest.first().and_then(Step::literal_key);
    let attributes = rest
        .iter()
        .skip(usize::from(key.is_some()))
        .map_while(|step| match step {
            Step::Attribute { name, .. } => Some(Arc::clone(name)),
            Step::Index { .. } => None,
        })
        .collect();
    let span = chain.span(used + usize::from(key.is_some()));
    Some(Reference { subject, key, attributes, span })
}

/// What a chain that begins with a root name refers to, and how many of its steps say so.
///
/// # Errors
/// Terraform's finding for a reference that cannot be one.
pub(super) fn subject(chain: &Chain<'_>) -> Result<(Subject, usize), Diagnostic> {
    let Some(root) = chain.root() else {
        return Err(invalid("This expression is not a reference.", chain.base.span));
    };
    match &**root {
        "var" => Ok((Subject::Variable(single(root, chain)?), 1)),
        "local" => Ok((Subject::Local(single(root, chain)?), 1)),
        "module" => Ok((Subject::Module(single(root, chain)?), 1)),
        "path" => Ok((Subject::Path(single(root, chain)?), 1)),
        "terraform" => Ok((Subject::Terraform(single(root, chain)?), 1)),
        "self" => Ok((Subject::SelfObject, 0)),
        "count" => count(&single(root, chain)?, chain),
        "each" => each(&single(root, chain)?, chain),
        "data" => prefixed(chain, "data source").map(|name| (Subject::Data(name), 2)),
        "resource" => prefixed(chain, "resource").map(|name| (Subject::Resource(name), 2)),
        "ephemeral" => prefixed(chain, "ephemeral resource").and_then(|name| Err(no_ephemeral(&name, chain))),
        "template" | "lazy" | "arg" => Err(reserved(root, chain.base.span)),
        _ => resource(root, chain),
    }
}

fn count(name: &str, chain: &Chain<'_>) -> Result<(Subject, usize), Diagnostic> {
    if name == "index" {
        return Ok((Subject::CountIndex, 1));
    }
    let detail = format!(
        "The \"count\" object does not have an attribute named \"{name}\". The only supported attribute is count.index, \
         which is the index of each instance of a resource block that has the \"count\" argument set."
    );
    Err(Diagnostic::error("Invalid \"count\" attribute", detail).at(chain.span(1)))
}

fn each(name: &str, chain: &Chain<'_>) -> Result<(Subject, usize), Diagnostic> {
    match name {
        "key" => Ok((Subject::EachKey, 1)),
        "value" => Ok((Subject::EachValue, 1)),
        _ => {
            let detail = format!(
                "The \"each\" object does not have an attribute named \"{name}\". The supported attributes are each.key \
                 and each.value, the current key and value pair of the \"for_each\" attribute set."
            );
            Err(Diagnostic::error("Invalid \"each\" attribute", detail).at(chain.span(1)))
        }
    }
}

/// The one attribute name after a root such as `var`.
fn single(root: &str, chain: &Chain<'_>) -> Result<Arc<str>, Diagnostic> {
    match chain.steps.first() {
        Some(Step::Attribute { name, .. }) => Ok(Arc::clone(name)),
        Some(step) if step.is_literal_index() => {
            Err(invalid(format!("The \"{root}\" object does not support this operation."), step.span()))
        }
        _ => {
            let detail =
                format!("The \"{root}\" object cannot be accessed directly. Instead, access one of its attributes.");
            Err(invalid(detail, chain.base.span))
        }
    }
}

/// Type and name after `data`, `resource` or `ephemeral`.
fn prefixed(chain: &Chain<'_>, what: &str) -> Result<ResourceName, Diagnostic> {
    let root = chain.root().map_or("", |name| name);
    match (chain.steps.first(), chain.steps.get(1)) {
        (Some(Step::Attribute { name: resource_type, .. }), Some(Step::Attribute { name, .. })) => {
            Ok(ResourceName { resource_type: Arc::clone(resource_type), name: Arc::clone(name) })
        }
        (Some(step @ Step::Index { .. }), Some(_)) => {
            Err(invalid(format!("The \"{root}\" object does not support this operation."), step.span()))
        }
        (Some(_), Some(step)) => {
            Err(invalid(unnamed(if what == "resource" { "resource type" } else { what }), step.span()))
        }
        _ => {
            let detail = format!(
                "The \"{root}\" object must be followed by two attribute names: the {what} type and the resource name."
            );
            Err(invalid(detail, chain.span(chain.steps.len())))
        }
    }
}

fn unnamed(what: &str) -> String {
    format!("A reference to a {what} must be followed by at least one attribute access, specifying the resource name.")
}

fn resource(root: &Arc<str>, chain: &Chain<'_>) -> Result<(Subject, usize), Diagnostic> {
    match chain.steps.first() {
        Some(Step::Attribute { name, .. }) => {
            let name = ResourceName { resource_type: Arc::clone(root), name: Arc::clone(name) };
            Ok((Subject::Resource(name), 1))
        }
        Some(step) if step.is_literal_index() => Err(invalid(unnamed("resource type"), step.span())),
        _ => Err(invalid(unnamed("resource type"), chain.base.span)),
    }
}

fn no_ephemeral(name: &ResourceName, chain: &Chain<'_>) -> Diagnostic {
    let detail = format!(
        "An ephemeral resource \"{}\" \"{}\" has not been declared in the root module.",
        name.resource_type, name.name
    );
    Diagnostic::error("Reference to undeclared resource", detail).at(chain.span(2))
}

fn reserved(root: &str, span: Span) -> Diagnostic {
    let detail = format!(
        "The symbol name \"{root}\" is reserved for use in a future Terraform version. If you are using a provider that \
         already uses this as a resource type name, add the prefix \"resource.\" to force interpretation as a resource \
         type name."
    );
    Diagnostic::error("Reserved symbol name", detail).at(span)
}

fn invalid(detail: impl Into<String>, span: Span) -> Diagnostic {
    Diagnostic::error("Invalid reference", detail).at(span)
}
