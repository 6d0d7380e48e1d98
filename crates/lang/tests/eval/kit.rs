//! A small world to evaluate in.
use std::collections::BTreeMap;

use ampere_lang::diagnostic::{Diagnostic, Diagnostics};
use ampere_lang::eval::{Host, Repetition, Scope, Subject, console, evaluate};
use ampere_lang::source::{FileId, Span};
use ampere_lang::syntax::parse_expression;
use ampere_lang::value::{Marks, Type, Value};

/// Variables by name; `terraform_data` resources `one`, `counted` (2) and `keyed` (a, b); files by name.
pub struct World {
    pub variables: BTreeMap<&'static str, Value>,
    pub files: BTreeMap<&'static str, &'static str>,
}

impl Default for World {
    fn default() -> World {
        let secret = Value::string("hunter2").with_marks(Marks::SENSITIVE);
        let user = |name: &str, age: i64| Value::object([("name", Value::string(name)), ("age", Value::number(age))]);
        World {
            variables: BTreeMap::from([
                ("secret", secret.clone()),
                ("fleeting", Value::string("gone").with_marks(Marks::EPHEMERAL)),
                ("secrets", Value::list(Type::String, [Value::string("hunter2")]).with_marks(Marks::SENSITIVE)),
                ("any", Value::unknown(Type::Dynamic)),
                ("text", Value::unknown(Type::String)),
                ("number", Value::unknown(Type::Number)),
                ("flag", Value::unknown(Type::Bool)),
                ("texts", Value::unknown(Type::list(Type::String))),
                ("object", Value::unknown(Type::object([("a", Type::String)]))),
                ("secret_flag", Value::bool(true).with_marks(Marks::SENSITIVE)),
                ("users", Value::tuple([user("ada", 36), user("bob", 20)])),
                ("nothing", Value::null(Type::list(Type::String))),
                ("template", Value::string("Hello, ${name}!")),
                ("broken_template", Value::string("Hello, ${")),
                ("secret_template", Value::string("hunter2 ${").with_marks(Marks::SENSITIVE)),
            ]),
            files: BTreeMap::from([
                ("hello.tftpl", "Hello, ${name}!"),
                ("again.tftpl", "${templatefile(\"again.tftpl\", {})}"),
                ("number.tftpl", "${n + 1}"),
                ("bad.tftpl", "a ${v + \"x\"}"),
            ]),
        }
    }
}

impl Scope for World {
    fn lookup(&self, subject: &Subject, span: Span) -> Result<Value, Diagnostic> {
        let instance = |id: &str| Value::object([("id", Value::string(id)), ("output", Value::unknown(Type::Dynamic))]);
        let undeclared =
            || Diagnostic::error("Reference to undeclared thing", format!("There is no {subject}.")).at(span);
        match subject {
            Subject::Variable(name) => self.variables.get(&**name).cloned().ok_or_else(undeclared),
            Subject::EachKey => Ok(Value::string("b")),
            Subject::Resource(name) => Ok(match &*name.name {
                "one" => instance("1"),
                "counted" => Value::tuple([instance("c0"), instance("c1")]),
                "keyed" => Value::object([("a", instance("ka")), ("b", instance("kb"))]),
                _ => return Err(undeclared()),
            }),
            _ => Err(undeclared()),
        }
    }

    fn repetition(&self, subject: &Subject) -> Repetition {
        match subject {
            Subject::Resource(name) if &*name.name == "counted" => Repetition::Count,
            Subject::Resource(name) if &*name.name == "keyed" => Repetition::ForEach,
            _ => Repetition::Single,
        }
    }
}

impl Host for World {
    fn read_file(&self, path: &str) -> std::io::Result<Vec<u8>> {
        self.files.get(path).map(|text| text.as_bytes().to_vec()).ok_or(std::io::ErrorKind::NotFound.into())
    }
    fn file_exists(&self, path: &str) -> std::io::Result<bool> {
        Ok(self.files.contains_key(path))
    }
    fn walk_files(&self, _: &str) -> std::io::Result<Vec<String>> {
        Ok(self.files.keys().map(|name| (*name).to_owned()).collect())
    }
    fn home(&self) -> Option<String> {
        None
    }
    fn current_directory(&self) -> String {
        "/stack".into()
    }
    fn plan_time(&self) -> Option<String> {
        None
    }
    fn now(&self) -> Option<String> {
        None
    }
    fn random(&self) -> Option<[u8; 16]> {
        None
    }
}

/// The value of an expression in the default world, and the findings.
pub fn value(text: &str) -> (Value, Diagnostics) {
    let world = World::default();
    let (expr, findings) = parse_expression(FileId(0), text);
    assert!(findings.is_empty(), "{text}: {findings:?}");
    evaluate(&expr, &world, &world)
}

/// What the console prints; for an error its summary and detail.
pub fn shown(text: &str) -> String {
    let world = World::default();
    let (expr, findings) = parse_expression(FileId(0), text);
    assert!(findings.is_empty(), "{text}: {findings:?}");
    let (printed, findings) = console(&expr, &world, &world);
    printed.unwrap_or_else(|| {
        findings.iter().map(|d| format!("{}: {}", d.summary, d.detail)).collect::<Vec<_>>().join("\n")
    })
}

/// Checks what the console prints for each expression.
#[track_caller]
pub fn prints(cases: &[(&str, &str)]) {
    let wrong: Vec<String> = cases
        .iter()
        .map(|(text, expected)| (text, expected, shown(text)))
        .filter(|(_, expected, got)| got != *expected)
        .map(|(text, expected, got)| format!("{text}\n  want {expected}\n  got  {got}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Checks that each expression is refused with a finding of this summary and a detail that contains this.
#[track_caller]
pub fn refuses(cases: &[(&str, &str, &str)]) {
    let mut wrong = Vec::new();
    for (text, summary, part) in cases {
        let (_, findings) = value(text);
        if !findings.iter().any(|d| d.summary == *summary && d.detail.contains(part)) {
            wrong.push(format!("{text}\n  want {summary}: {part}\n  got  {}", shown(text)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
