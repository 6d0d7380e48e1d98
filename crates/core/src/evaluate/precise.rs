//! Which resources a block refers to only by its own key.
use std::collections::BTreeMap;
use std::collections::BTreeSet;

use ampere_lang::config::{Resource, ResourceName};
use ampere_lang::eval::{Reference, Subject};
use ampere_lang::syntax::ast::{Body, Expr, ExprKind, TemplatePart};

/// The resources of which every reference in a block's arguments is `type.name[each.key]` or `type.name[count.index]`.
///
/// Of these an instance needs one instance alone: customers in a `for_each` stay independent of each other, and nobody
/// builds the value of ten thousand instances to look at one.
pub(super) fn precise_references(resource: &Resource, all: &[Reference]) -> BTreeSet<ResourceName> {
    let (root, attribute) = match (&resource.count, &resource.for_each) {
        (Some(_), _) => ("count", "index"),
        (None, Some(_)) => ("each", "key"),
        (None, None) => return BTreeSet::new(),
    };
    let mut search = Search { root, attribute, found: BTreeMap::new(), shadowed: false };
    search.body(&resource.config);
    if search.shadowed {
        return BTreeSet::new();
    }
    let mut total: BTreeMap<&ResourceName, usize> = BTreeMap::new();
    for reference in all {
        if let Subject::Resource(name) = &reference.subject {
            *total.entry(name).or_default() += 1;
        }
    }
    let exact = |(name, n): (ResourceName, usize)| (total.get(&name) == Some(&n)).then_some(name);
    search.found.into_iter().filter_map(exact).collect()
}

struct Search {
    root: &'static str,
    attribute: &'static str,
    found: BTreeMap<ResourceName, usize>,
    /// A `for` binds the name `each` or `count`: then nothing is sure.
    shadowed: bool,
}

impl Search {
    fn body(&mut self, body: &Body) {
        body.attributes.iter().for_each(|a| self.expr(&a.value));
        body.blocks.iter().for_each(|b| self.body(&b.body));
    }

    fn expr(&mut self, expr: &Expr) {
        match &*expr.kind {
            ExprKind::Literal(_) | ExprKind::Root(_) | ExprKind::SplatItem => {}
            ExprKind::Template(parts) => self.parts(parts),
            ExprKind::Tuple(items) => items.iter().for_each(|e| self.expr(e)),
            ExprKind::Object(items) => items.iter().for_each(|i| {
                self.expr(&i.key);
                self.expr(&i.value);
            }),
            ExprKind::For(f) => {
                self.bind(f.key_name.as_deref());
                self.bind(Some(&f.value_name));
                let inner = f.key.iter().chain([&f.collection, &f.value]).chain(&f.cond);
                inner.for_each(|e| self.expr(e));
            }
            ExprKind::Call(call) => call.args.iter().for_each(|e| self.expr(e)),
            ExprKind::GetAttr { object, .. } => self.expr(object),
            ExprKind::Index { object, key } => self.index(object, key),
            ExprKind::Splat { source, each } => [source, each].into_iter().for_each(|e| self.expr(e)),
            ExprKind::Unary { operand, .. } => self.expr(operand),
            ExprKind::Binary { lhs, rhs, .. } => [lhs, rhs].into_iter().for_each(|e| self.expr(e)),
            ExprKind::Conditional { cond, yes, no } => [cond, yes, no].into_iter().for_each(|e| self.expr(e)),
            ExprKind::Parens(inner) => self.expr(inner),
        }
    }

    fn index(&mut self, object: &Expr, key: &Expr) {
        match resource_name(object) {
            Some(name) if is_access(key, self.root, self.attribute) => *self.found.entry(name).or_default() += 1,
            _ => [object, key].into_iter().for_each(|e| self.expr(e)),
        }
    }

    fn parts(&mut self, parts: &[TemplatePart]) {
        for part in parts {
            match part {
                TemplatePart::Literal(_) => {}
                TemplatePart::Interpolation(e) => self.expr(e),
                TemplatePart::If { cond, yes, no } => {
                    self.expr(cond);
                    self.parts(yes);
                    self.parts(no);
                }
                TemplatePart::For { key, value, collection, body } => {
                    self.bind(key.as_deref());
                    self.bind(Some(value));
                    self.expr(collection);
                    self.parts(body);
                }
            }
        }
    }

    fn bind(&mut self, name: Option<&str>) {
        self.shadowed |= name == Some(self.root);
    }
}

/// `type.name`
fn resource_name(expr: &Expr) -> Option<ResourceName> {
    let ExprKind::GetAttr { object, name, .. } = &*expr.kind else { return None };
    let ExprKind::Root(resource_type) = &*object.kind else { return None };
    Some(ResourceName { resource_type: resource_type.clone(), name: name.clone() })
}

/// `root.attribute`
fn is_access(expr: &Expr, root: &str, attribute: &str) -> bool {
    let ExprKind::GetAttr { object, name, .. } = &*expr.kind else { return false };
    &**name == attribute && matches!(&*object.kind, ExprKind::Root(found) if &**found == root)
}
