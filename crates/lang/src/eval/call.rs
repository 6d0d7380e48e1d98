//! Function calls.
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::functions::{self, FunctionError};
use crate::source::Span;
use crate::syntax::ast::{Call, Expr};
use crate::value::{Data, Type, Value};

use super::Host;
use super::evaluator::Evaluator;
use super::frame::Frame;
use super::render::quote;

/// How far a name may be from a known one to be suggested (as HCL has it: fewer than three edits).
const SUGGESTION_DISTANCE: usize = 2;

/// An argument of a call.
pub(super) enum Argument<'e> {
    /// As written.
    Written(&'e Expr),
    /// An element of the sequence before `...`, and where that stands.
    Expanded(Value, Span),
}

impl Argument<'_> {
    fn span(&self) -> Span {
        match self {
            Argument::Written(expr) => expr.span,
            Argument::Expanded(_, span) => *span,
        }
    }
}

/// Why a call failed.
pub(super) struct CallError {
    /// The argument it is about, from 0, and the name of its parameter.
    pub(super) argument: Option<(usize, String)>,
    /// The reason.
    pub(super) message: String,
}

impl CallError {
    /// About the call as a whole.
    pub(super) fn whole(message: impl Into<String>) -> CallError {
        CallError { argument: None, message: message.into() }
    }

    /// About one argument.
    pub(super) fn about(argument: usize, parameter: &str, message: impl Into<String>) -> CallError {
        CallError { argument: Some((argument, parameter.to_owned())), message: message.into() }
    }
}

impl Evaluator<'_> {
    /// `name(args…)`
    pub(super) fn call(&self, call: &Call, expr: &Expr, frame: &Frame<'_>, diags: &mut Diagnostics) -> Value {
        let unknown = || Value::unknown(Type::Dynamic);
        let Some(host) = self.host else {
            diags.push(
                Diagnostic::error("Function calls not allowed", "Functions may not be called here.").at(expr.span),
            );
            return unknown();
        };
        let name = call.name.strip_prefix("core::").unwrap_or(&call.name);
        let Some(arguments) = self.arguments(call, frame, diags) else { return unknown() };
        let site = Site { name, call, whole: expr.span, arguments: &arguments };
        let result = match name {
            "can" => site.arity(&["expression"], None).map(|()| match arguments.first() {
                Some(argument) => Ok(self.can(argument, frame)),
                None => Ok(unknown()),
            }),
            "try" => Ok(self.first_success(&arguments, frame).map_err(CallError::whole)),
            "templatefile" => site
                .arity(&["path", "vars"], None)
                .and_then(|()| self.values(&arguments, frame, diags).ok_or_else(Diagnostics::new))
                .map(|values| self.templatefile(host, &values, expr.span, frame)),
            "templatestring" => site
                .arity(&["template", "vars"], None)
                .and_then(|()| self.templatestring(host, &arguments, expr.span, frame, diags)),
            "type" if self.at_console => Err(misplaced_type().at(call.name_span).into()),
            _ => self.ordinary(&site, host, frame, diags),
        };
        match result {
            Ok(Ok(value)) => value,
            Ok(Err(error)) => {
                diags.push(site.finding(error));
                unknown()
            }
            Err(findings) => {
                diags.extend(findings);
                unknown()
            }
        }
    }

    /// A function of the language's own. Should it fail on an element of a concealed collection, it is called once more with
    /// its arguments marked, for a message that does not show them.
    fn ordinary(
        &self,
        site: &Site<'_, '_>,
        host: &dyn Host,
        frame: &Frame<'_>,
        diags: &mut Diagnostics,
    ) -> Result<Result<Value, CallError>, Diagnostics> {
        let Some(function) = functions::lookup(site.name) else {
            return Err(site.no_such_function(functions::names()).into());
        };
        let parameters: Vec<&str> = function.params.iter().map(|p| p.name).collect();
        site.arity(&parameters, function.variadic.map(|p| p.name))?;
        let values = self.values(site.arguments, frame, diags).ok_or_else(Diagnostics::new)?;
        let concealing = frame.concealing();
        let error = match functions::call(function, &values, host) {
            Ok(value) => return Ok(Ok(value)),
            Err(error) if concealing.is_empty() => error,
            Err(error) => {
                let marked: Vec<Value> = values.into_iter().map(|v| v.with_marks(concealing)).collect();
                match functions::call(function, &marked, host) {
                    Err(concealed) => concealed,
                    Ok(_) => FunctionError {
                        message: "the reason would show a part of a sensitive value".to_owned(),
                        ..error
                    },
                }
            }
        };
        let parameter = error.argument.and_then(|i| Some((i, function.parameter(i)?.name.to_owned())));
        Ok(Err(CallError { argument: parameter, message: error.message }))
    }

    /// The arguments with what stands before `...` expanded; nothing after a finding, or while it is unknown.
    fn arguments<'e>(&self, call: &'e Call, frame: &Frame<'_>, diags: &mut Diagnostics) -> Option<Vec<Argument<'e>>> {
        let (written, expanded) = match call.args.split_last() {
            Some((last, written)) if call.expand => (written, Some(last)),
            _ => (call.args.as_slice(), None),
        };
        let mut arguments: Vec<Argument<'e>> = written.iter().map(Argument::Written).collect();
        let Some(last) = expanded else { return Some(arguments) };
        let (value, ok) = self.checked(last, frame, diags);
        if !ok {
            return None;
        }
        let refuse = |diags: &mut Diagnostics, detail: &str| {
            diags.push(Diagnostic::error("Invalid expanding argument value", detail).at(last.span));
            None
        };
        match value.ty() {
            Type::Dynamic | Type::Tuple(_) | Type::List(_) | Type::Set(_) if value.is_null() => {
                refuse(diags, "The expanding argument (indicated by ...) must not be null.")
            }
            Type::Dynamic => None,
            Type::Tuple(_) | Type::List(_) | Type::Set(_) => {
                let Data::Sequence(items) = value.data() else { return None };
                let marked = items.iter().map(|v| Argument::Expanded(v.clone().with_marks(value.marks()), last.span));
                arguments.extend(marked);
                Some(arguments)
            }
            _ => refuse(diags, "The expanding argument (indicated by ...) must be of a tuple, list, or set type."),
        }
    }

    /// The values of all arguments; nothing after a finding in one of them.
    pub(super) fn values(
        &self,
        arguments: &[Argument<'_>],
        frame: &Frame<'_>,
        diags: &mut Diagnostics,
    ) -> Option<Vec<Value>> {
        let mut own = Diagnostics::new();
        let span = arguments.first().map(Argument::span).unwrap_or_default();
        let mut holding = self.allowance.hold(span);
        let mut values = Vec::with_capacity(arguments.len());
        for argument in arguments {
            let value = self.argument(argument, frame, &mut own);
            if !holding.take(&value) {
                return None;
            }
            values.push(value);
        }
        let ok = !own.has_errors();
        diags.extend(own);
        ok.then_some(values)
    }
}

/// A call and where its parts stand.
pub(super) struct Site<'s, 'e> {
    pub(super) name: &'s str,
    pub(super) call: &'s Call,
    pub(super) whole: Span,
    pub(super) arguments: &'s [Argument<'e>],
}

impl Site<'_, '_> {
    /// Checks the number of arguments against the names of the parameters and of the variadic one.
    pub(super) fn arity(&self, parameters: &[&str], variadic: Option<&str>) -> Result<(), Diagnostics> {
        let name = self.name;
        if let Some(missing) = parameters.get(self.arguments.len()) {
            let at_least = if variadic.is_some() { " at least" } else { "" };
            let detail = format!(
                "Function \"{name}\" expects{at_least} {} argument(s). Missing value for \"{missing}\".",
                parameters.len()
            );
            return Err(Diagnostic::error("Not enough function arguments", detail).at(self.close()).into());
        }
        match self.arguments.get(parameters.len()) {
            Some(first_extra) if variadic.is_none() => {
                let detail = format!("Function \"{name}\" expects only {} argument(s).", parameters.len());
                Err(Diagnostic::error("Too many function arguments", detail).at(first_extra.span()).into())
            }
            _ => Ok(()),
        }
    }

    /// The closing parenthesis.
    fn close(&self) -> Span {
        let mut span = self.whole;
        if !span.is_built() && span.end.byte > 0 {
            span.start = span.end;
            span.start.byte -= 1;
            span.start.column = span.start.column.saturating_sub(1);
        }
        span
    }

    /// The name with the opening parenthesis.
    fn open(&self) -> Span {
        let mut span = self.call.name_span;
        if !span.is_built() {
            span.end.byte += 1;
            span.end.column += 1;
        }
        span
    }

    /// The finding that an error is, at the argument it is about.
    fn finding(&self, error: CallError) -> Diagnostic {
        match error.argument {
            Some((i, parameter)) => {
                let detail = format!("Invalid value for \"{parameter}\" parameter: {}.", error.message);
                let at = self.arguments.get(i).map_or(self.whole, Argument::span);
                Diagnostic::error("Invalid function argument", detail).at(at)
            }
            None => {
                let detail = format!("Call to function \"{}\" failed: {}.", self.name, error.message);
                Diagnostic::error("Error in function call", detail).at(self.open())
            }
        }
    }

    /// The finding that there is no such function.
    pub(super) fn no_such_function<'n>(&self, known: impl Iterator<Item = &'n str>) -> Diagnostic {
        let written = &*self.call.name;
        let (summary, detail) = match written.split("::").collect::<Vec<_>>().as_slice() {
            ["provider", provider, function, ..] => (
                "Unknown provider function",
                format!(
                    "There is no function named {}. Functions of providers are not supported: replace the call of {} of \
                     provider {} by a built-in function or by a literal.",
                    quote(written),
                    quote(function),
                    quote(provider)
                ),
            ),
            [namespace, _, ..] => (
                "Unknown provider function",
                format!(
                    "The function namespace {} is not valid. Built-in functions are called by their plain name.",
                    quote(namespace)
                ),
            ),
            _ => (
                "Call to unknown function",
                format!("There is no function named {}.{}", quote(written), suggestion(written, known)),
            ),
        };
        Diagnostic::error(summary, detail).at(self.call.name_span)
    }
}

/// ` Did you mean "…"?`, or nothing.
fn suggestion<'n>(written: &str, known: impl Iterator<Item = &'n str>) -> String {
    known
        .chain(["can", "templatefile", "templatestring", "try"])
        .map(|name| (strsim::levenshtein(written, name), name))
        .filter(|(distance, _)| *distance <= SUGGESTION_DISTANCE)
        .min()
        .map_or_else(String::new, |(_, name)| format!(" Did you mean \"{name}\"?"))
}

fn misplaced_type() -> Diagnostic {
    Diagnostic::error(
        "Invalid use of type function",
        "The console-only \"type\" function cannot be used as part of an expression.",
    )
}
