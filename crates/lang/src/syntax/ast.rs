//! The tree of a configuration file.
//!
//! Native syntax and JSON syntax end in the same tree. A tree can also be built without any text (see [`Expr::literal`],
//! [`Expr::reference`]): that is how the library takes typed structs; such nodes have [`Span::BUILT`].
use std::sync::Arc;

use crate::source::Span;
use crate::value::Value;

/// The content of a file or of a block.
#[derive(Clone, Debug, Default)]
pub struct Body {
    /// `name = expression`, in order.
    pub attributes: Vec<Attribute>,
    /// Blocks, in order.
    pub blocks: Vec<Block>,
    /// The brace that opens it, or the start of the file: where Terraform reports that something is missing.
    pub start: Span,
    /// The place right after the last item.
    pub end: Span,
    /// Whether it came from JSON, where a nested block cannot be told from an argument: it is among the attributes until
    /// somebody who knows the block types asks for it ([`crate::config::Schema`], [`crate::config::split_blocks`]).
    pub json: bool,
}

/// `name = expression`
#[derive(Clone, Debug)]
pub struct Attribute {
    /// The name.
    pub name: Arc<str>,
    /// Where the name stands.
    pub name_span: Span,
    /// The expression.
    pub value: Expr,
}

/// `type "label" … { body }`
#[derive(Clone, Debug)]
pub struct Block {
    /// `resource`, `variable`, …
    pub block_type: Arc<str>,
    /// Where the type stands.
    pub type_span: Span,
    /// The labels.
    pub labels: Vec<Label>,
    /// From the type to the opening brace (Terraform points at this header).
    pub header: Span,
    /// What stands between the braces.
    pub body: Body,
}

/// A label of a block.
#[derive(Clone, Debug)]
pub struct Label {
    /// The text.
    pub text: Arc<str>,
    /// Where it stands.
    pub span: Span,
}

/// An expression and its place.
#[derive(Clone, Debug)]
pub struct Expr {
    /// What it is.
    pub kind: Box<ExprKind>,
    /// Where it stands.
    pub span: Span,
}

/// The forms of an expression.
#[derive(Clone, Debug)]
pub enum ExprKind {
    /// A number, `true`, `false`, `null`, or a string without any interpolation.
    Literal(Value),
    /// A quoted template or a heredoc with at least one interpolation or directive (escapes resolved, `~` applied). The
    /// result is a string, but for a template that is one interpolation alone, which yields that value as it is.
    Template(Vec<TemplatePart>),
    /// `[a, b]`
    Tuple(Vec<Expr>),
    /// `{ a = 1, (b) = 2 }`
    Object(Vec<ObjectItem>),
    /// `[for …]` and `{for …}`
    For(ForExpr),
    /// `name(args…)`
    Call(Call),
    /// The first name of a traversal: `var`, `local`, `each`, a resource type, or a name bound by `for`.
    Root(Arc<str>),
    /// `object.name`
    GetAttr {
        /// The object.
        object: Expr,
        /// The attribute.
        name: Arc<str>,
        /// Where the name stands.
        name_span: Span,
    },
    /// `object[key]`, and the legacy `object.0`
    Index {
        /// The collection.
        object: Expr,
        /// The key.
        key: Expr,
    },
    /// `source[*].rest` and `source.*.rest`: `each` holds [`ExprKind::SplatItem`] where the element goes.
    Splat {
        /// The collection.
        source: Expr,
        /// What is done with each element.
        each: Expr,
    },
    /// The element inside a splat's `each`.
    SplatItem,
    /// `!x`, `-x`
    Unary {
        /// The operator.
        op: UnaryOp,
        /// Its operand.
        operand: Expr,
    },
    /// `a + b`, …
    Binary {
        /// The operator.
        op: BinaryOp,
        /// Left operand.
        lhs: Expr,
        /// Right operand.
        rhs: Expr,
    },
    /// `cond ? yes : no`
    Conditional {
        /// The condition.
        cond: Expr,
        /// Taken if true.
        yes: Expr,
        /// Taken if false.
        no: Expr,
    },
    /// `(x)`: kept, since `{ (a) = 1 }` and `x.y` as a key differ by it.
    Parens(Expr),
}

/// A piece of a template.
#[derive(Clone, Debug)]
pub enum TemplatePart {
    /// Text as it stands.
    Literal(Arc<str>),
    /// `${ expr }`
    Interpolation(Expr),
    /// `%{ if cond }…%{ else }…%{ endif }`
    If {
        /// The condition.
        cond: Expr,
        /// The parts if true.
        yes: Vec<TemplatePart>,
        /// The parts if false.
        no: Vec<TemplatePart>,
    },
    /// `%{ for k, v in coll }…%{ endfor }`
    For {
        /// Name for the key or index.
        key: Option<Arc<str>>,
        /// Name for the element.
        value: Arc<str>,
        /// The collection.
        collection: Expr,
        /// The parts of one round.
        body: Vec<TemplatePart>,
    },
}

/// One item of an object constructor.
#[derive(Clone, Debug)]
pub struct ObjectItem {
    /// The key; a bare name is a literal string.
    pub key: Expr,
    /// The value.
    pub value: Expr,
}

/// A `for` expression.
#[derive(Clone, Debug)]
pub struct ForExpr {
    /// Name for the key or index.
    pub key_name: Option<Arc<str>>,
    /// Name for the element.
    pub value_name: Arc<str>,
    /// The collection.
    pub collection: Expr,
    /// The key expression: present for the object form.
    pub key: Option<Expr>,
    /// The value expression.
    pub value: Expr,
    /// `if …`
    pub cond: Option<Expr>,
    /// `...` after the value: values of equal keys are grouped.
    pub group: bool,
}

/// A function call.
#[derive(Clone, Debug)]
pub struct Call {
    /// The function, with any `provider::x::` or `core::` prefix.
    pub name: Arc<str>,
    /// Where the name stands.
    pub name_span: Span,
    /// The arguments.
    pub args: Vec<Expr>,
    /// `...` after the last argument.
    pub expand: bool,
}

/// Operators of one operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnaryOp {
    /// `!`
    Not,
    /// `-`
    Negate,
}

/// Operators of two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryOp {
    /// `||`
    Or,
    /// `&&`
    And,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Modulo,
}

impl Expr {
    /// An expression at a place.
    pub fn new(kind: ExprKind, span: Span) -> Expr {
        Expr { kind: Box::new(kind), span }
    }

    /// A value as an expression, for trees built without text.
    pub fn literal(value: Value) -> Expr {
        Expr::new(ExprKind::Literal(value), Span::BUILT)
    }

    /// `root.a.b` as an expression, for trees built without text.
    pub fn reference<'a>(root: &str, attributes: impl IntoIterator<Item = &'a str>) -> Expr {
        let root = Expr::new(ExprKind::Root(root.into()), Span::BUILT);
        attributes.into_iter().fold(root, |object, name| {
            let kind = ExprKind::GetAttr { object, name: name.into(), name_span: Span::BUILT };
            Expr::new(kind, Span::BUILT)
        })
    }
}
