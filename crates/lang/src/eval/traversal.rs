//! Traversals: `root.attribute["key"]…`, and the walk that finds all of an expression's.
use std::sync::Arc;

use crate::source::Span;
use crate::syntax::ast::{Body, Expr, ExprKind, TemplatePart};
use crate::value::Data;

use super::InstanceKey;

/// One step of a traversal after its root.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step<'e> {
    /// `.name`
    Attribute {
        /// The name.
        name: &'e Arc<str>,
        /// From the dot to the end of the name.
        span: Span,
    },
    /// `[key]`
    Index {
        /// The key.
        key: &'e Expr,
        /// From bracket to bracket.
        span: Span,
    },
}

impl Step<'_> {
    /// Where the step stands.
    pub(super) fn span(&self) -> Span {
        match self {
            Step::Attribute { span, .. } | Step::Index { span, .. } => *span,
        }
    }

    /// The key, when the step is an index by a literal.
    pub(super) fn literal_key(&self) -> Option<InstanceKey> {
        let Step::Index { key, .. } = self else { return None };
        let ExprKind::Literal(value) = &*key.kind else { return None };
        match value.data() {
            Data::String(s) => Some(InstanceKey::Key(s.clone())),
            Data::Number(n) => n.to_u64().map(InstanceKey::Index),
            _ => None,
        }
    }

    /// Whether it is an index by a literal of any kind.
    pub(super) fn is_literal_index(&self) -> bool {
        matches!(self, Step::Index { key, .. } if matches!(&*key.kind, ExprKind::Literal(_)))
    }
}

/// A chain of attribute accesses and indexes, and what it begins with.
#[derive(Debug)]
pub(super) struct Chain<'e> {
    /// What the first step is applied to: never an access itself.
    pub(super) base: &'e Expr,
    /// The steps, in order.
    pub(super) steps: Vec<Step<'e>>,
}

impl<'e> Chain<'e> {
    /// The chain that an expression is; without steps when it is no access.
    pub(super) fn of(expr: &'e Expr) -> Chain<'e> {
        let mut steps = Vec::new();
        let mut base = expr;
        loop {
            let (object, step) = match &*base.kind {
                ExprKind::GetAttr { object, name, .. } => {
                    (object, Step::Attribute { name, span: after(object.span, base.span) })
                }
                ExprKind::Index { object, key } => (object, Step::Index { key, span: after(object.span, base.span) }),
                _ => break,
            };
            steps.push(step);
            base = object;
        }
        steps.reverse();
        Chain { base, steps }
    }

    /// The root name, if the chain begins with one.
    pub(super) fn root(&self) -> Option<&'e Arc<str>> {
        match &*self.base.kind {
            ExprKind::Root(name) => Some(name),
            _ => None,
        }
    }

    /// From the root to the end of the first `steps` steps.
    pub(super) fn span(&self, steps: usize) -> Span {
        match steps.checked_sub(1).and_then(|i| self.steps.get(i)) {
            Some(last) if !self.base.span.is_built() => self.base.span.to(last.span()),
            _ => self.base.span,
        }
    }
}

/// What of `whole` comes after `part`.
fn after(part: Span, whole: Span) -> Span {
    if part.is_built() || whole.is_built() {
        return whole;
    }
    Span { file: whole.file, start: part.end, end: whole.end }
}

/// Names bound by the `for` expressions around a node: an index into the walk's arena.
type Bound = Option<usize>;

/// What the walk still has to look at.
enum Node<'e> {
    Expr(&'e Expr),
    Part(&'e TemplatePart),
}

struct Walk<'e> {
    arena: Vec<(Bound, Option<&'e str>, &'e str)>,
    stack: Vec<(Node<'e>, Bound)>,
}

/// Calls `sink` for every chain that begins with a root name not bound by a `for`, in source order.
///
/// It keeps its own stack: a chain of ten thousand operators is no deeper for it than one.
pub(super) fn each_root<'e>(expr: &'e Expr, sink: &mut dyn FnMut(Chain<'e>)) {
    walk(expr, &[], sink);
}

fn walk<'e>(expr: &'e Expr, outer: &[&'e str], sink: &mut dyn FnMut(Chain<'e>)) {
    if matches!(&*expr.kind, ExprKind::Literal(_)) {
        return;
    }
    let mut walk = Walk { arena: Vec::new(), stack: Vec::new() };
    let mut bound = None;
    for name in outer {
        bound = walk.bind(bound, None, name);
    }
    walk.stack.push((Node::Expr(expr), bound));
    while let Some((node, bound)) = walk.stack.pop() {
        match node {
            Node::Expr(expr) => walk.expr(expr, bound, sink),
            Node::Part(part) => walk.part(part, bound),
        }
    }
}

impl<'e> Walk<'e> {
    fn bind(&mut self, parent: Bound, key: Option<&'e str>, value: &'e str) -> Bound {
        self.arena.push((parent, key, value));
        Some(self.arena.len() - 1)
    }

    fn is_bound(&self, mut bound: Bound, name: &str) -> bool {
        while let Some((parent, key, value)) = bound.and_then(|i| self.arena.get(i)) {
            if *value == name || *key == Some(name) {
                return true;
            }
            bound = *parent;
        }
        false
    }

    fn push(&mut self, expr: &'e Expr, bound: Bound) {
        if !matches!(&*expr.kind, ExprKind::Literal(_)) {
            self.stack.push((Node::Expr(expr), bound));
        }
    }

    fn push_all(&mut self, exprs: impl DoubleEndedIterator<Item = &'e Expr>, bound: Bound) {
        exprs.rev().for_each(|expr| self.push(expr, bound));
    }

    fn push_parts(&mut self, parts: &'e [TemplatePart], bound: Bound) {
        self.stack.extend(parts.iter().rev().map(|part| (Node::Part(part), bound)));
    }

    fn expr(&mut self, expr: &'e Expr, bound: Bound, sink: &mut dyn FnMut(Chain<'e>)) {
        match &*expr.kind {
            ExprKind::Literal(_) | ExprKind::SplatItem => {}
            ExprKind::Root(_) | ExprKind::GetAttr { .. } | ExprKind::Index { .. } => self.chain(expr, bound, sink),
            ExprKind::Template(parts) => self.push_parts(parts, bound),
            ExprKind::Tuple(items) => self.push_all(items.iter(), bound),
            ExprKind::Object(items) => {
                for item in items.iter().rev() {
                    self.push(&item.value, bound);
                    if !matches!(&*item.key.kind, ExprKind::Root(_)) {
                        self.push(&item.key, bound);
                    }
                }
            }
            ExprKind::For(f) => {
                let inner = self.bind(bound, f.key_name.as_deref(), &f.value_name);
                for expr in [f.cond.as_ref(), Some(&f.value), f.key.as_ref()].into_iter().flatten() {
                    self.push(expr, inner);
                }
                self.push(&f.collection, bound);
            }
            ExprKind::Call(call) => self.push_all(call.args.iter(), bound),
            ExprKind::Splat { source, each } => self.push_all([source, each].into_iter(), bound),
            ExprKind::Unary { operand, .. } => self.push(operand, bound),
            ExprKind::Binary { lhs, rhs, .. } => self.push_all([lhs, rhs].into_iter(), bound),
            ExprKind::Conditional { cond, yes, no } => self.push_all([cond, yes, no].into_iter(), bound),
            ExprKind::Parens(inner) => self.push(inner, bound),
        }
    }

    fn chain(&mut self, expr: &'e Expr, bound: Bound, sink: &mut dyn FnMut(Chain<'e>)) {
        let chain = Chain::of(expr);
        for step in chain.steps.iter().rev() {
            if let Step::Index { key, .. } = step {
                self.push(key, bound);
            }
        }
        match chain.root() {
            Some(name) if self.is_bound(bound, name) => {}
            Some(_) => sink(chain),
            None => self.push(chain.base, bound),
        }
    }

    fn part(&mut self, part: &'e TemplatePart, bound: Bound) {
        match part {
            TemplatePart::Literal(_) => {}
            TemplatePart::Interpolation(expr) => self.push(expr, bound),
            TemplatePart::If { cond, yes, no } => {
                self.push_parts(no, bound);
                self.push_parts(yes, bound);
                self.push(cond, bound);
            }
            TemplatePart::For { key, value, collection, body } => {
                let inner = self.bind(bound, key.as_deref(), value);
                self.push_parts(body, inner);
                self.push(collection, bound);
            }
        }
    }
}

/// As [`each_root`], for all expressions of a body; iterators of `dynamic` blocks count as bound in their `content`.
pub(super) fn each_root_in_body<'e>(body: &'e Body, sink: &mut dyn FnMut(Chain<'e>)) {
    in_body(body, &mut Vec::new(), sink);
}

fn in_body<'e>(body: &'e Body, outer: &mut Vec<&'e str>, sink: &mut dyn FnMut(Chain<'e>)) {
    for attribute in &body.attributes {
        walk(&attribute.value, outer, sink);
    }
    for block in &body.blocks {
        match block.labels.first() {
            Some(label) if &*block.block_type == "dynamic" => {
                let iterator = block.body.attributes.iter().find(|a| &*a.name == "iterator");
                let name = match iterator.map(|a| &*a.value.kind) {
                    Some(ExprKind::Root(name)) => name,
                    _ => &label.text,
                };
                in_dynamic(&block.body, name, outer, sink);
            }
            _ => in_body(&block.body, outer, sink),
        }
    }
}

fn in_dynamic<'e>(body: &'e Body, iterator: &'e str, outer: &mut Vec<&'e str>, sink: &mut dyn FnMut(Chain<'e>)) {
    for attribute in &body.attributes {
        match &*attribute.name {
            "iterator" => {}
            "labels" => {
                outer.push(iterator);
                walk(&attribute.value, outer, sink);
                outer.pop();
            }
            _ => walk(&attribute.value, outer, sink),
        }
    }
    outer.push(iterator);
    for block in &body.blocks {
        in_body(&block.body, outer, sink);
    }
    outer.pop();
}
