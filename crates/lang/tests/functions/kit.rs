//! Evaluates expressions with a small world: a few files, fixed times, no secrets.
use std::collections::BTreeMap;
use std::io;

use ampere_lang::diagnostic::Diagnostic;
use ampere_lang::eval::{self, Host, Scope, Subject};
use ampere_lang::source::{FileId, Span};
use ampere_lang::syntax;
use ampere_lang::value::{Type, Value, json};
use serde_json::Value as Json;

/// The world: files by path; while planning neither clock nor random numbers.
#[derive(Default)]
pub struct World {
    pub files: BTreeMap<&'static str, &'static [u8]>,
    pub planning: bool,
}

impl Host for World {
    fn read_file(&self, path: &str) -> io::Result<Vec<u8>> {
        self.files.get(path).map(|bytes| bytes.to_vec()).ok_or_else(|| io::ErrorKind::NotFound.into())
    }
    fn file_exists(&self, path: &str) -> io::Result<bool> {
        if self.files.keys().any(|file| file.starts_with(&format!("{path}/"))) {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        Ok(self.files.contains_key(path))
    }
    fn walk_files(&self, base: &str) -> io::Result<Vec<String>> {
        let prefix = if base == "." { String::new() } else { format!("{base}/") };
        Ok(self.files.keys().filter_map(|file| file.strip_prefix(&prefix)).map(String::from).collect())
    }
    fn home(&self) -> Option<String> {
        Some("/home/ada".into())
    }
    fn current_directory(&self) -> String {
        "/stack".into()
    }
    fn plan_time(&self) -> Option<String> {
        Some("2026-01-02T03:04:05Z".into())
    }
    fn now(&self) -> Option<String> {
        (!self.planning).then(|| "2026-01-02T03:04:06Z".into())
    }
    fn random(&self) -> Option<[u8; 16]> {
        (!self.planning).then_some([7; 16])
    }
}

impl Scope for World {
    /// `var.unknown` is an unknown string, `var.secret` a sensitive one.
    fn lookup(&self, subject: &Subject, _: Span) -> Result<Value, Diagnostic> {
        use ampere_lang::value::Marks;
        match subject {
            Subject::Variable(name) if &**name == "unknown" => Ok(Value::unknown(Type::String)),
            Subject::Variable(name) if &**name == "secret" => Ok(Value::string("hunter2").with_marks(Marks::SENSITIVE)),
            _ => Err(Diagnostic::error("No such thing", "")),
        }
    }
}

impl World {
    /// The value of an expression, or the texts of its errors.
    pub fn evaluate(&self, expression: &str) -> Result<Value, String> {
        let (tree, mut findings) = syntax::parse_expression(FileId(0), expression);
        let mut value = Value::null(Type::Dynamic);
        if !findings.has_errors() {
            let (evaluated, more) = eval::evaluate(&tree, self, self);
            value = evaluated;
            findings.extend(more);
        }
        let errors: Vec<String> = findings.iter().map(|d| format!("{}: {}", d.summary, d.detail)).collect();
        if errors.is_empty() { Ok(value) } else { Err(errors.join("\n")) }
    }

    /// The value in JSON, sets as arrays.
    pub fn json(&self, expression: &str) -> Json {
        let value = self.evaluate(expression).unwrap_or_else(|e| panic!("{expression}: {e}"));
        json::to_json(&value).unwrap_or_else(|e| panic!("{expression}: {e}"))
    }
}

/// Checks that expressions have these values, in JSON, or fail (`!`). All wrong ones are reported at once.
pub fn agree(cases: &[(&str, &str)]) {
    let world = World::default();
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|(expression, expected)| {
            let found = match world.evaluate(expression) {
                Ok(value) => json::to_json(&value).map_or_else(|e| e.to_string(), |json| json.to_string()),
                Err(_) => "!".into(),
            };
            let expected = match *expected {
                "!" => "!".to_string(),
                text => serde_json::from_str::<Json>(text).expect("the expected value is JSON").to_string(),
            };
            (found != expected).then(|| format!("{expression}\n  expected {expected}\n  found    {found}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Checks that expressions have these types, in cty's JSON form.
pub fn typed(cases: &[(&str, &str)]) {
    let world = World::default();
    for (expression, expected) in cases {
        let value = world.evaluate(expression).unwrap_or_else(|e| panic!("{expression}: {e}"));
        let expected: Json = serde_json::from_str(expected).expect("the expected type is JSON");
        assert_eq!(json::type_to_json(value.ty()), expected, "{expression}");
    }
}
