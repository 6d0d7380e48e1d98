//! Expressions to values, with every function, and everything that is done with a value.
#![no_main]
use ampere_lang::diagnostic::Diagnostic;
use ampere_lang::eval::{Nowhere, Scope, Subject, console, evaluate};
use ampere_lang::source::{FileId, Span};
use ampere_lang::syntax::{parse_expression, parse_template};
use ampere_lang::value::json::{to_json, type_to_json};
use ampere_lang::value::{Marks, Type, Value};
use libfuzzer_sys::fuzz_target;

/// What never may be shown.
const CANARY: &str = "canary-5e1f";

/// Names mean something of every sort: known, unknown, null, marked.
struct Names;

impl Scope for Names {
    fn lookup(&self, subject: &Subject, span: Span) -> Result<Value, Diagnostic> {
        let wanted = match subject {
            Subject::Variable(name) | Subject::Local(name) => &**name,
            _ => return Err(Diagnostic::error("No such thing", "There is none.").at(span)),
        };
        Ok(match wanted {
            "u" => Value::unknown(Type::String),
            "d" => Value::unknown(Type::Dynamic),
            "l" => Value::list(Type::String, ["a", "b"].map(Value::string)),
            "s" => Value::set(Type::String, ["a", "b"].map(Value::string)),
            "m" => Value::object([("a", Value::number(1)), ("b", Value::unknown(Type::Number))]),
            "n" => Value::null(Type::String),
            "k" => Value::string(CANARY).with_marks(Marks::SENSITIVE),
            "e" => Value::list(Type::String, [Value::string(CANARY).with_marks(Marks::SENSITIVE)]),
            _ => Value::string(wanted),
        })
    }
}

fuzz_target!(|text: &str| {
    if text.contains(CANARY) {
        return;
    }
    for expression in [parse_expression(FileId(0), text), parse_template(FileId(0), text)] {
        let (expression, findings) = expression;
        if findings.has_errors() {
            continue;
        }
        let (value, findings) = evaluate(&expression, &Names, &Nowhere);
        let (shown, _) = console(&expression, &Names, &Nowhere);
        let shown = format!("{value:?} {findings:?} {}", shown.unwrap_or_default());
        // `nonsensitive` and the loss of a mark that Terraform has too (`length`) say no more than they are asked for.
        assert!(!shown.contains(CANARY) || text.contains("nonsensitive"), "{shown}");
        let _ = (to_json(&value), type_to_json(value.ty()), value.unmark_deep());
    }
});
