//! `templatefile` and `templatestring`: templates that come from elsewhere.
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::source::{FileId, Span};
use crate::syntax::ast::{Expr, ExprKind, TemplatePart};
use crate::value::{Data, Marks, Type, Value};

use super::Host;
use super::call::{Argument, CallError};
use super::evaluator::Evaluator;
use super::frame::Frame;
use super::render::quote;
use super::traversal::{Chain, each_root};

/// The name under which findings speak of a template that lies in no file.
const STRING_NAME: &str = "<templatestring argument>";

impl Evaluator<'_> {
    /// `templatefile(path, vars)`
    pub(super) fn templatefile(
        &self,
        host: &dyn Host,
        values: &[Value],
        span: Span,
        frame: &Frame<'_>,
    ) -> Result<Value, CallError> {
        let [path, vars] = values else { return Ok(Value::unknown(Type::Dynamic)) };
        self.refuse_recursion("templatefile")?;
        let marks = path.marks() | vars.deep_marks();
        let concealing = frame.concealing() | path.marks();
        let path = text_argument(path, 0, "path", concealing)?;
        let vars = variables(vars)?;
        let (Some(path), Some(vars)) = (path, vars) else {
            return Ok(Value::unknown(Type::Dynamic).with_marks(marks));
        };
        let source = read(host, &path, concealing).map_err(|message| CallError::about(0, "path", message))?;
        let shown = if concealing.is_empty() { &*path } else { "(sensitive path)" };
        let expr = parse(shown, &source).map_err(CallError::whole)?;
        render_template(&self.template(host, span), shown, &expr, vars, frame.concealing() | marks)
            .map(|v| v.with_marks(marks))
    }

    /// `templatestring(template, vars)`
    ///
    /// # Errors
    /// The outer error holds findings in the arguments themselves.
    pub(super) fn templatestring(
        &self,
        host: &dyn Host,
        arguments: &[Argument<'_>],
        span: Span,
        frame: &Frame<'_>,
        diags: &mut Diagnostics,
    ) -> Result<Result<Value, CallError>, Diagnostics> {
        if let Err(e) = self.refuse_recursion("templatestring") {
            return Ok(Err(e));
        }
        if let Some(reason) = arguments.first().and_then(|a| not_direct(a.expr())) {
            return Ok(Err(CallError::about(0, "template", format!("invalid template expression: {reason}"))));
        }
        let values = self.values(arguments, frame, diags).ok_or_else(Diagnostics::new)?;
        let [template, vars] = values.as_slice() else { return Ok(Ok(Value::unknown(Type::Dynamic))) };
        Ok(render_string(&self.template(host, span), template, vars, frame))
    }

    fn refuse_recursion(&self, name: &str) -> Result<(), CallError> {
        if !self.in_template {
            return Ok(());
        }
        Err(CallError::whole(format!("cannot recursively call {name} from inside another template function")))
    }
}

fn render_string(
    inside: &Evaluator<'_>,
    template: &Value,
    vars: &Value,
    frame: &Frame<'_>,
) -> Result<Value, CallError> {
    let marks = template.marks() | vars.deep_marks();
    let wrong = || CallError::about(0, "template", "invalid template value: a string is required");
    if template.is_null() || !matches!(template.ty(), Type::String | Type::Dynamic) {
        return Err(wrong());
    }
    let vars = variables(vars)?;
    let (Some(text), Some(vars)) = (template.as_str(), vars) else {
        return Ok(Value::unknown(Type::Dynamic).with_marks(marks));
    };
    let concealing = frame.concealing() | template.marks();
    let expr = parse(STRING_NAME, text).map_err(|reason| {
        let reason =
            if concealing.is_empty() { reason } else { "the sensitive template has a syntax error".to_owned() };
        CallError::about(0, "template", format!("invalid template: {reason}"))
    })?;
    render_template(inside, STRING_NAME, &expr, vars, frame.concealing() | marks).map(|v| v.with_marks(marks))
}

/// Why an expression is no direct reference to a string from elsewhere.
fn not_direct(expr: Option<&Expr>) -> Option<&'static str> {
    const INDIRECT: &str =
        "must be a direct reference to a single string from elsewhere, containing valid Terraform template syntax";
    let Some(expr) = expr else { return Some(INDIRECT) };
    match &*expr.kind {
        ExprKind::Template(parts) => Some(match parts.as_slice() {
            [TemplatePart::Interpolation(_)] => {
                "templatestring is only for rendering templates retrieved dynamically from elsewhere; to treat the inner \
                 expression as template syntax, write the reference expression directly without any template interpolation \
                 syntax"
            }
            _ => LITERAL,
        }),
        ExprKind::Literal(value) if value.as_str().is_some() => Some(LITERAL),
        ExprKind::Splat { source, .. } => not_direct(Some(source)),
        _ if Chain::of(expr).root().is_some() => None,
        _ => match &*Chain::of(expr).base.kind {
            ExprKind::Splat { source, .. } => not_direct(Some(source)),
            _ => Some(INDIRECT),
        },
    }
}

const LITERAL: &str = "templatestring is only for rendering templates retrieved dynamically from elsewhere, and so does not \
                       support providing a literal template; consider using a template string expression instead";

/// The text of a string argument; none while it is unknown.
fn text_argument(
    value: &Value,
    index: usize,
    parameter: &str,
    concealing: Marks,
) -> Result<Option<Arc<str>>, CallError> {
    if value.is_null() {
        return Err(CallError::about(index, parameter, "argument must not be null"));
    }
    let text = crate::value::convert::convert(&value.clone().with_marks(concealing), &Type::String)
        .map_err(|e| CallError::about(index, parameter, e.to_string()))?;
    Ok(match text.data() {
        Data::String(s) => Some(Arc::clone(s)),
        _ => None,
    })
}

/// The variables of a template; none while they are unknown.
fn variables(vars: &Value) -> Result<Option<&BTreeMap<Arc<str>, Value>>, CallError> {
    if vars.is_null() {
        return Err(CallError::about(1, "vars", "argument must not be null"));
    }
    match (vars.ty(), vars.entries()) {
        (Type::Dynamic, _) | (Type::Map(_) | Type::Object(_), None) => Ok(None),
        (Type::Map(_) | Type::Object(_), Some(entries)) => match entries.keys().find(|name| !is_identifier(name)) {
            Some(name) if vars.marks().is_empty() => Err(CallError::about(
                1,
                "vars",
                format!(
                    "invalid template variable name {}: must start with a letter, followed by zero or more letters, digits, \
                     and underscores",
                    quote(name)
                ),
            )),
            Some(_) => Err(CallError::about(1, "vars", "invalid template variable name in a sensitive map")),
            None => Ok(Some(entries)),
        },
        _ => Err(CallError::about(1, "vars", "invalid vars value: must be a map")),
    }
}

fn is_identifier(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_alphabetic() || c == '_')
        && chars.all(|c| c.is_alphanumeric() || c == '_' || c == '-')
}

/// The text of a file, with the reasons Terraform gives when there is none.
fn read(host: &dyn Host, path: &str, concealing: Marks) -> Result<String, String> {
    let shown = if concealing.is_empty() { quote(path) } else { "(sensitive value)".to_owned() };
    let bytes = host.read_file(path).map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => format!(
            "no file exists at {shown}; this function works only with files that are distributed as part of the configuration \
             source code, so if this file will be created by a resource in this configuration you must instead obtain this \
             result from an attribute of that resource"
        ),
        kind => format!("failed to read file {shown}: {kind}"),
    })?;
    String::from_utf8(bytes).map_err(|_| {
        format!(
            "contents of {shown} are not valid UTF-8; use the filebase64 function to obtain the Base64 encoded contents or the \
             other file functions (e.g. filemd5, filesha256) to obtain file hashing results instead"
        )
    })
}

fn parse(name: &str, source: &str) -> Result<Expr, String> {
    let (expr, findings) = crate::syntax::parse_template(TEMPLATE_FILE, source);
    match summary(name, &findings) {
        Some(reason) => Err(reason),
        None => Ok(expr),
    }
}

/// Stands for the file of a template, which is in no source map.
const TEMPLATE_FILE: FileId = FileId(u32::MAX - 1);

/// Evaluates a template that sees only its variables.
fn render_template(
    inside: &Evaluator<'_>,
    name: &str,
    expr: &Expr,
    vars: &BTreeMap<Arc<str>, Value>,
    concealing: Marks,
) -> Result<Value, CallError> {
    let mut missing = None;
    each_root(expr, &mut |chain| {
        if let (Some(root), None) = (chain.root(), &missing)
            && !vars.contains_key(root)
        {
            missing = Some((Arc::clone(root), chain.base.span));
        }
    });
    if let Some((root, span)) = missing {
        let message = format!("vars map does not contain key {}, referenced at {}", quote(&root), place(name, span));
        return Err(CallError::about(1, "vars", message));
    }
    let mut diags = Diagnostics::new();
    let value = inside.value(expr, &Frame::variables(vars, concealing), &mut diags);
    match summary(name, &diags) {
        Some(reason) => Err(CallError::whole(reason)),
        None => Ok(value),
    }
}

/// The errors among findings as one text, the way HCL writes them.
fn summary(name: &str, diags: &Diagnostics) -> Option<String> {
    let errors: Vec<&Diagnostic> = diags.iter().filter(|d| d.severity == Severity::Error).collect();
    let (first, others) = errors.split_first()?;
    let at = first.subject.map(|span| format!("{}: ", place(name, span))).unwrap_or_default();
    let more = match others.len() {
        0 => String::new(),
        n => format!(", and {n} other diagnostic(s)"),
    };
    Some(format!("{at}{}; {}{more}", first.summary, first.detail))
}

fn place(name: &str, span: Span) -> String {
    let (start, end) = (span.start, span.end);
    if start.line == end.line {
        format!("{name}:{},{}-{}", start.line, start.column, end.column)
    } else {
        format!("{name}:{},{}-{},{}", start.line, start.column, end.line, end.column)
    }
}
