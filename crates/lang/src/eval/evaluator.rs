//! The walk from an expression to its value.
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind};
use crate::value::{Type, Value};

use super::allowance::Allowance;
use super::frame::Frame;
use super::reference::{reference, subject};
use super::traversal::{Chain, Step, each_root};
use super::{Host, Repetition, Scope, Subject, access};

/// What an evaluation may use.
#[derive(Clone)]
pub(super) struct Evaluator<'a> {
    /// What root names mean; none where nothing may be referred to.
    pub(super) scope: Option<&'a dyn Scope>,
    /// What functions need; none where no function may be called.
    pub(super) host: Option<&'a dyn Host>,
    /// Inside `templatefile` or `templatestring`, where neither may be called again.
    pub(super) in_template: bool,
    /// At the console, where there is `type`.
    pub(super) at_console: bool,
    /// What may still be used.
    pub(super) allowance: Allowance,
}

impl<'a> Evaluator<'a> {
    pub(super) fn new(scope: &'a dyn Scope, host: &'a dyn Host) -> Evaluator<'a> {
        Evaluator { scope: Some(scope), host: Some(host), ..Evaluator::constant() }
    }

    /// Without names and functions.
    pub(super) fn constant() -> Evaluator<'a> {
        Evaluator { scope: None, host: None, in_template: false, at_console: false, allowance: Allowance::default() }
    }

    /// For a template on its own, called at a place: only functions. What it uses is used here.
    pub(super) fn template<'h>(&self, host: &'h dyn Host, place: Span) -> Evaluator<'h> {
        let allowance = self.allowance.at(place);
        Evaluator { host: Some(host), in_template: true, allowance, ..Evaluator::constant() }
    }

    /// Checks the references, then computes.
    pub(super) fn run(&self, expr: &Expr) -> (Value, Diagnostics) {
        if let ExprKind::Literal(value) = &*expr.kind {
            return (value.clone(), Diagnostics::new());
        }
        let mut diags = self.check_references(expr);
        if diags.has_errors() {
            return (Value::unknown(Type::Dynamic), diags);
        }
        let value = self.value(expr, &Frame::empty(), &mut diags);
        if let Some(finding) = self.allowance.exceeded() {
            return (Value::unknown(Type::Dynamic), finding.clone().into());
        }
        (value, diags)
    }

    /// The findings that do not depend on which branches are taken.
    fn check_references(&self, expr: &Expr) -> Diagnostics {
        let mut diags = Diagnostics::new();
        each_root(expr, &mut |chain| {
            if let Err(finding) = self.check_reference(&chain) {
                diags.push(finding);
            }
        });
        diags
    }

    fn check_reference(&self, chain: &Chain<'_>) -> Result<(), Diagnostic> {
        let Some(scope) = self.scope else {
            return Err(not_allowed(chain));
        };
        let (subject, used) = subject(chain)?;
        let value = scope.lookup(&subject, chain.span(used))?;
        match subject {
            Subject::Resource(_) | Subject::Data(_) => check_resource(scope, &subject, &value, chain, used),
            _ => Ok(()),
        }
    }

    /// The value of an expression. Findings go to `diags`.
    pub(super) fn value(&self, expr: &Expr, frame: &Frame<'_>, diags: &mut Diagnostics) -> Value {
        if !self.allowance.step(expr.span) {
            return Value::unknown(Type::Dynamic);
        }
        let value = self.part(expr, frame, diags);
        if self.allowance.check(&value, expr.span) { value } else { Value::unknown(Type::Dynamic) }
    }

    fn part(&self, expr: &Expr, frame: &Frame<'_>, diags: &mut Diagnostics) -> Value {
        match &*expr.kind {
            ExprKind::Literal(value) => value.clone(),
            ExprKind::Template(parts) => self.template_value(parts, expr.span, frame, diags),
            ExprKind::Tuple(items) => self.tuple(items, expr.span, frame, diags),
            ExprKind::Object(items) => self.object(items, expr.span, frame, diags),
            ExprKind::For(f) => self.for_value(f, expr.span, frame, diags),
            ExprKind::Call(call) => self.call(call, expr, frame, diags),
            ExprKind::Root(_) | ExprKind::GetAttr { .. } | ExprKind::Index { .. } => self.chain(expr, frame, diags),
            ExprKind::Splat { source, each } => self.splat(source, each, expr.span, frame, diags),
            ExprKind::SplatItem => frame.splat_item().unwrap_or(Value::unknown(Type::Dynamic)),
            ExprKind::Unary { op, operand } => self.unary(*op, operand, expr.span, frame, diags),
            ExprKind::Binary { .. } => self.binary(expr, frame, diags),
            ExprKind::Conditional { cond, yes, no } => self.conditional(cond, yes, no, frame, diags),
            ExprKind::Parens(inner) => self.value(inner, frame, diags),
        }
    }

    /// The value of an expression, and whether no error was found in it.
    pub(super) fn checked(&self, expr: &Expr, frame: &Frame<'_>, diags: &mut Diagnostics) -> (Value, bool) {
        let mut own = Diagnostics::new();
        let value = self.value(expr, frame, &mut own);
        let ok = !own.has_errors();
        diags.extend(own);
        (value, ok)
    }

    /// A traversal: looks the root up, then goes into its value step by step.
    fn chain(&self, expr: &Expr, frame: &Frame<'_>, diags: &mut Diagnostics) -> Value {
        let chain = Chain::of(expr);
        let (mut value, used) = match self.base(&chain, frame, diags) {
            Ok(found) => found,
            Err(finding) => {
                diags.push(finding);
                return Value::unknown(Type::Dynamic);
            }
        };
        for step in chain.steps.iter().skip(used) {
            let next = match step {
                Step::Attribute { name, .. } => access::attribute(&value, name),
                Step::Index { key, .. } => {
                    let key = self.value(key, frame, diags);
                    access::index(&value, &key, frame.concealing())
                }
            };
            match next {
                Ok(next) => value = next,
                Err(finding) => {
                    diags.push(finding.at(step.span()));
                    return Value::unknown(Type::Dynamic);
                }
            }
        }
        value
    }

    /// The value a chain starts from, and how many of its steps went into finding it.
    fn base(
        &self,
        chain: &Chain<'_>,
        frame: &Frame<'_>,
        diags: &mut Diagnostics,
    ) -> Result<(Value, usize), Diagnostic> {
        let Some(name) = chain.root() else {
            return Ok((self.value(chain.base, frame, diags), 0));
        };
        if let Some(value) = frame.lookup(name) {
            return Ok((value, 0));
        }
        let Some(scope) = self.scope else {
            return Err(not_allowed(chain));
        };
        let (subject, used) = subject(chain)?;
        let span = chain.span(used);
        Ok((scope.lookup(&subject, span).map_err(|finding| finding.at(span))?, used))
    }
}

fn not_allowed(chain: &Chain<'_>) -> Diagnostic {
    Diagnostic::error("Variables not allowed", "Variables may not be used here.").at(chain.base.span)
}

/// What can be said of a reference to a resource without evaluating: instance keys, and attributes the type does not have.
fn check_resource(
    scope: &dyn Scope,
    subject: &Subject,
    value: &Value,
    chain: &Chain<'_>,
    used: usize,
) -> Result<(), Diagnostic> {
    let rest = chain.steps.get(used..).unwrap_or_default();
    let Some(first) = rest.first() else { return Ok(()) };
    match (scope.repetition(subject), first) {
        (Repetition::Count, Step::Attribute { .. }) => {
            Err(missing_key(subject, "count", "count.index").at(chain.span(used)))
        }
        (Repetition::ForEach, Step::Attribute { .. }) => {
            Err(missing_key(subject, "for_each", "each.key").at(chain.span(used)))
        }
        (Repetition::Single, step @ Step::Index { .. }) if step.is_literal_index() => {
            Err(unexpected_key(subject).at(chain.span(used + 1)))
        }
        (Repetition::Single, Step::Attribute { .. }) => check_attributes(value.ty().clone(), rest),
        _ => check_attributes_of_instance(value, chain, used),
    }
}

/// Checks `x.y["k"].attribute` when the instance is there.
fn check_attributes_of_instance(value: &Value, chain: &Chain<'_>, used: usize) -> Result<(), Diagnostic> {
    let rest = chain.steps.get(used..).unwrap_or_default();
    let (Some(reference), Some(tail)) = (reference(chain), rest.get(1..)) else { return Ok(()) };
    let instance = reference.key.and_then(|key| match key {
        super::InstanceKey::Key(key) => value.get(&key),
        super::InstanceKey::Index(i) => value.elements()?.get(usize::try_from(i).ok()?).cloned(),
    });
    instance.map_or(Ok(()), |instance| check_attributes(instance.ty().clone(), tail))
}

/// Goes as far as attributes and literal keys lead, on an unknown value of the type: only the type can be wrong.
fn check_attributes(ty: Type, steps: &[Step<'_>]) -> Result<(), Diagnostic> {
    let mut value = Value::unknown(ty);
    for (i, step) in steps.iter().enumerate() {
        let Step::Attribute { name, span } = step else { return Ok(()) };
        value = match access::attribute(&value, name) {
            Ok(next) => next,
            Err(_) if i == 0 => return Err(no_such_attribute(name).at(*span)),
            Err(finding) => return Err(finding.at(*span)),
        };
    }
    Ok(())
}

fn no_such_attribute(name: &str) -> Diagnostic {
    let detail = format!("This object has no argument, nested block, or exported attribute named \"{name}\".");
    Diagnostic::error("Unsupported attribute", detail)
}

fn missing_key(subject: &Subject, argument: &str, example: &str) -> Diagnostic {
    let detail = format!(
        "Because {subject} has \"{argument}\" set, its attributes must be accessed on specific instances.\n\nFor example, to \
         correlate with indices of a referring resource, use:\n    {subject}[{example}]"
    );
    Diagnostic::error("Missing resource instance key", detail)
}

fn unexpected_key(subject: &Subject) -> Diagnostic {
    let detail = format!(
        "Because {subject} does not have \"count\" or \"for_each\" set, references to it must not include an index key. \
         Remove the bracketed index to refer to the single instance of this resource."
    );
    Diagnostic::error("Unexpected resource instance key", detail)
}
