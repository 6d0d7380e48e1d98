//! The decoded blocks of a module.
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::source::{SourceMap, Span};
use crate::syntax::ast::{Body, Expr};
use crate::value::{Type, Value};

/// All blocks of one directory. Maps are ordered by name, so that everything after is deterministic.
#[derive(Clone, Debug, Default)]
pub struct Module {
    /// The files it came from; empty for a module that was built.
    pub sources: Arc<SourceMap>,
    /// The merged `terraform` blocks.
    pub terraform: TerraformSettings,
    /// `provider "name" {}` blocks, in order.
    pub providers: Vec<ProviderBlock>,
    /// `variable` blocks.
    pub variables: BTreeMap<Arc<str>, Variable>,
    /// Entries of all `locals` blocks.
    pub locals: BTreeMap<Arc<str>, Local>,
    /// `output` blocks.
    pub outputs: BTreeMap<Arc<str>, Output>,
    /// `resource` blocks, by type and name.
    pub resources: BTreeMap<ResourceName, Resource>,
    /// `data` blocks, by type and name (without those inside `check` blocks).
    pub data: BTreeMap<ResourceName, Resource>,
    /// `ephemeral` blocks, by type and name.
    pub ephemeral: BTreeMap<ResourceName, Resource>,
    /// `module` blocks, by name.
    pub module_calls: BTreeMap<Arc<str>, ModuleCall>,
    /// `moved` blocks, in order.
    pub moved: Vec<Moved>,
    /// `removed` blocks, in order.
    pub removed: Vec<Removed>,
    /// `import` blocks, in order.
    pub imports: Vec<Import>,
    /// `check` blocks, by name.
    pub checks: BTreeMap<Arc<str>, Check>,
}

/// `type.name` of a resource block.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResourceName {
    /// e.g. `ampere_account`
    pub resource_type: Arc<str>,
    /// e.g. `ada`
    pub name: Arc<str>,
}

impl std::fmt::Display for ResourceName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.resource_type, self.name)
    }
}

/// What the `terraform` blocks say.
#[derive(Clone, Debug, Default)]
pub struct TerraformSettings {
    /// `required_version` constraints with their places.
    pub required_versions: Vec<(Arc<str>, Span)>,
    /// `required_providers`: local name → source and version.
    pub required_providers: BTreeMap<Arc<str>, RequiredProvider>,
    /// `backend "type" { … }`
    pub backend: Option<Backend>,
}

/// One entry of `required_providers`.
#[derive(Clone, Debug)]
pub struct RequiredProvider {
    /// e.g. `ampere-sh/ampere`
    pub source: Option<Arc<str>>,
    /// e.g. `~> 0.1`
    pub version: Option<Arc<str>>,
    /// Where it stands.
    pub span: Span,
}

/// `backend "type" { … }`
#[derive(Clone, Debug)]
pub struct Backend {
    /// `local`, `pg`, …
    pub backend_type: Arc<str>,
    /// Its arguments (literals only).
    pub config: Body,
    /// Where it stands.
    pub span: Span,
}

/// `provider "name" { … }`
#[derive(Clone, Debug)]
pub struct ProviderBlock {
    /// Local name.
    pub name: Arc<str>,
    /// `alias`
    pub alias: Option<Arc<str>>,
    /// Its arguments.
    pub config: Body,
    /// Where it stands.
    pub span: Span,
}

/// `variable "name" { … }`
#[derive(Clone, Debug)]
pub struct Variable {
    /// The name.
    pub name: Arc<str>,
    /// The type constraint; [`Type::Dynamic`] without one.
    pub ty: Type,
    /// Defaults of `optional(T, default)` attributes, by where they are in `ty`.
    pub defaults: TypeDefaults,
    /// Whether a `type` was written at all (else `-var` values are literal strings).
    pub typed: bool,
    /// The default, not yet converted.
    pub default: Option<Value>,
    /// Where the default stands.
    pub default_span: Option<Span>,
    /// `description`
    pub description: Option<Arc<str>>,
    /// `sensitive`
    pub sensitive: bool,
    /// `ephemeral`
    pub ephemeral: bool,
    /// `nullable`, true unless said otherwise
    pub nullable: bool,
    /// `validation` blocks
    pub validations: Vec<Condition>,
    /// Where it stands.
    pub span: Span,
}

/// Defaults of optional attributes, shaped like the type they belong to.
#[derive(Clone, Debug, Default)]
pub struct TypeDefaults {
    /// Default by attribute name of an object type.
    pub values: BTreeMap<Arc<str>, Value>,
    /// Defaults further inside: by attribute, by tuple index, or under `""` for the element type of a collection.
    pub children: BTreeMap<Arc<str>, TypeDefaults>,
}

/// `name = expression` of a `locals` block.
#[derive(Clone, Debug)]
pub struct Local {
    /// The expression.
    pub value: Expr,
    /// Where the name stands.
    pub span: Span,
}

/// `output "name" { … }`
#[derive(Clone, Debug)]
pub struct Output {
    /// The value.
    pub value: Expr,
    /// `description`
    pub description: Option<Arc<str>>,
    /// `sensitive`
    pub sensitive: bool,
    /// `ephemeral`
    pub ephemeral: bool,
    /// `depends_on`
    pub depends_on: Vec<Expr>,
    /// `precondition` blocks
    pub preconditions: Vec<Condition>,
    /// Where it stands.
    pub span: Span,
}

/// `resource "type" "name" { … }`
#[derive(Clone, Debug)]
pub struct Resource {
    /// Type and name.
    pub name: ResourceName,
    /// The arguments that belong to the resource type (meta-arguments taken out).
    pub config: Body,
    /// `count`
    pub count: Option<Expr>,
    /// `for_each`
    pub for_each: Option<Expr>,
    /// `provider`
    pub provider: Option<Expr>,
    /// `depends_on`: references.
    pub depends_on: Vec<Expr>,
    /// `lifecycle`
    pub lifecycle: Lifecycle,
    /// The block's header.
    pub span: Span,
}

/// `lifecycle { … }`
#[derive(Clone, Debug, Default)]
pub struct Lifecycle {
    /// `create_before_destroy`, if written
    pub create_before_destroy: Option<bool>,
    /// `prevent_destroy`
    pub prevent_destroy: bool,
    /// `ignore_changes`
    pub ignore_changes: IgnoreChanges,
    /// `replace_triggered_by`: references
    pub replace_triggered_by: Vec<Expr>,
    /// `precondition` blocks
    pub preconditions: Vec<Condition>,
    /// `postcondition` blocks
    pub postconditions: Vec<Condition>,
}

/// `ignore_changes`
#[derive(Clone, Debug, Default)]
pub enum IgnoreChanges {
    /// Not written.
    #[default]
    None,
    /// `all`
    All,
    /// A list of attribute paths, as relative traversals (`tags["x"]` is Root `tags`, then Index).
    Paths(Vec<Expr>),
}

/// `condition` and `error_message` of a validation, precondition, postcondition or assert.
#[derive(Clone, Debug)]
pub struct Condition {
    /// The condition.
    pub condition: Expr,
    /// The message.
    pub error_message: Expr,
    /// Where the block stands.
    pub span: Span,
}

/// `moved { from, to }`
#[derive(Clone, Debug)]
pub struct Moved {
    /// The old address: a traversal.
    pub from: Expr,
    /// The new address: a traversal.
    pub to: Expr,
    /// Where it stands.
    pub span: Span,
}

/// `removed { from, lifecycle { destroy } }`
#[derive(Clone, Debug)]
pub struct Removed {
    /// The address: a traversal.
    pub from: Expr,
    /// Whether the object is deleted (else it is forgotten).
    pub destroy: bool,
    /// Where it stands.
    pub span: Span,
}

/// `import { to, id, for_each }`
#[derive(Clone, Debug)]
pub struct Import {
    /// The address: a traversal.
    pub to: Expr,
    /// The id at the provider.
    pub id: Expr,
    /// `for_each`
    pub for_each: Option<Expr>,
    /// `provider`
    pub provider: Option<Expr>,
    /// Where it stands.
    pub span: Span,
}

/// `module "name" { … }`
#[derive(Clone, Debug)]
pub struct ModuleCall {
    /// The name.
    pub name: Arc<str>,
    /// `source`
    pub source: Arc<str>,
    /// `version`
    pub version: Option<Arc<str>>,
    /// `count`
    pub count: Option<Expr>,
    /// `for_each`
    pub for_each: Option<Expr>,
    /// `providers`, as written.
    pub providers: Option<Expr>,
    /// `depends_on`: references.
    pub depends_on: Vec<Expr>,
    /// The arguments for the variables of the module.
    pub config: Body,
    /// The block's header.
    pub span: Span,
}

/// `check "name" { assert {} }`
#[derive(Clone, Debug)]
pub struct Check {
    /// The `data` block inside, if there is one.
    pub data: Option<Resource>,
    /// The assertions.
    pub asserts: Vec<Condition>,
    /// Where it stands.
    pub span: Span,
}
