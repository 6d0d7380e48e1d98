//! Two values to a tree of differences.
use ampere_lang::value::{Data, Marks, Path, Step, Type, Value};

use super::sequence::{Aligned, align};
use super::{Action, Body, Node, string, write};
use crate::schema::Schema;

/// The two sides of a comparison; one is missing when the thing comes or goes.
#[derive(Clone, Copy, Debug)]
pub struct Pair<'a> {
    /// Before.
    pub before: Option<&'a Value>,
    /// After.
    pub after: Option<&'a Value>,
}

/// What a comparison must know beside the values.
#[derive(Clone, Copy, Debug)]
struct Context<'a> {
    /// Paths that force a replacement.
    replace: &'a [Path],
    /// The type comes from the value and not from a schema: maps look like objects, an explicit null is a value.
    dynamic: bool,
}

/// A top-level attribute of an object and what happens to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// The name.
    pub name: String,
    /// What happens.
    pub node: Node,
}

/// The attributes of a resource object, in the order of their names. What is null on both sides is left out.
pub fn attributes(schema: Option<&Schema>, pair: Pair<'_>, replace: &[Path]) -> Vec<Attribute> {
    let mut names: Vec<&str> = [pair.before, pair.after]
        .into_iter()
        .flatten()
        .filter_map(Value::entries)
        .flat_map(|entries| entries.keys().map(AsRef::as_ref))
        .collect();
    names.sort_unstable();
    names.dedup();
    let whole = whole_action(pair);
    names
        .into_iter()
        .filter_map(|name| {
            let attribute = schema.and_then(|s| s.attribute(name));
            let path = Path::attribute(name);
            if attribute.is_some_and(|a| a.write_only) {
                let replace = replace.contains(&path);
                let shown = whole != Action::Update && whole != Action::NoOp || replace;
                let node = Node { action: whole, replace, body: Body::WriteOnly };
                return shown.then(|| Attribute { name: name.to_owned(), node });
            }
            let before = pair.before.and_then(|v| v.get(name)).filter(|v| !v.is_null());
            let after = pair.after.and_then(|v| v.get(name)).filter(|v| !v.is_null());
            if before.is_none() && after.is_none() {
                return None;
            }
            let conceal = attribute.is_some_and(|a| a.sensitive);
            let mark = |v: Value| if conceal { v.with_marks(Marks::SENSITIVE) } else { v };
            let (before, after) = (before.map(mark), after.map(mark));
            let context = Context { replace, dynamic: attribute.is_none_or(|a| a.ty == Type::Dynamic) };
            let node = node(Pair { before: before.as_ref(), after: after.as_ref() }, &path, context);
            Some(Attribute { name: name.to_owned(), node })
        })
        .collect()
}

/// The difference of two values whose types no schema fixes (outputs).
pub fn compare(pair: Pair<'_>) -> Node {
    node(pair, &Path::root(), Context { replace: &[], dynamic: true })
}

fn whole_action(pair: Pair<'_>) -> Action {
    match (pair.before, pair.after) {
        (None, _) => Action::Create,
        (_, None) => Action::Delete,
        (Some(before), Some(after)) if same(before, after) => Action::NoOp,
        _ => Action::Update,
    }
}

/// Same content and same marks all the way down; an unknown is never the same as anything.
fn same(before: &Value, after: &Value) -> bool {
    after.is_wholly_known() && before.same(after) && same_marks(before, after)
}

fn same_marks(before: &Value, after: &Value) -> bool {
    before.marks().sensitive() == after.marks().sensitive()
        && match (before.data(), after.data()) {
            (Data::Sequence(a), Data::Sequence(b)) => a.iter().zip(b.iter()).all(|(a, b)| same_marks(a, b)),
            (Data::Mapping(a), Data::Mapping(b)) => a.values().zip(b.values()).all(|(a, b)| same_marks(a, b)),
            _ => true,
        }
}

fn node(pair: Pair<'_>, path: &Path, context: Context<'_>) -> Node {
    let action = whole_action(pair);
    let replace = action != Action::NoOp && context.replace.contains(path);
    let body = match (pair.before, pair.after) {
        _ if is_concealed(pair.before) || is_concealed(pair.after) => Body::Sensitive { notice: notice(pair) },
        (before, Some(after)) if !after.is_known() => {
            let before = before.map(|v| Box::new(node(Pair { before: Some(v), after: None }, path, context)));
            Body::Unknown { before }
        }
        (Some(before), None) => one_sided(before, Action::Delete, path, context),
        (None, Some(after)) => one_sided(after, Action::Create, path, context),
        (Some(before), Some(after)) => both(before, after, path, context),
        (None, None) => Body::Word { before: None, after: None },
    };
    Node { action, replace, body }
}

fn is_concealed(value: Option<&Value>) -> bool {
    value.is_some_and(|v| !v.marks().is_empty())
}

/// A change of what is shown deserves a word: the value may stay the same.
fn notice(pair: Pair<'_>) -> Option<String> {
    let (before, after) = (pair.before?, pair.after?);
    let unchanged = if before.same(after) { " The value is unchanged." } else { "" };
    match (before.marks().sensitive(), after.marks().sensitive()) {
        (false, true) => Some(format!(
            "# Warning: this attribute value will be marked as sensitive and will not\n\
             # display in UI output after applying this change.{unchanged}"
        )),
        (true, false) => Some(format!(
            "# Warning: this attribute value will no longer be marked as sensitive\n# after applying this change.{unchanged}"
        )),
        _ => None,
    }
}

fn one_sided(value: &Value, action: Action, path: &Path, context: Context<'_>) -> Body {
    let side = |v| match action {
        Action::Delete => Pair { before: Some(v), after: None },
        _ => Pair { before: None, after: Some(v) },
    };
    match value.data() {
        Data::Sequence(items) => Body::Sequence {
            items: items.iter().enumerate().map(|(i, v)| node(side(v), &path.join(Step::Index(i)), context)).collect(),
            ordered: !matches!(value.ty(), Type::Set(_)),
        },
        Data::Mapping(entries) => {
            let entries = entries.iter().filter(|(_, v)| context.dynamic || !v.is_null());
            let entries = entries
                .map(|(k, v)| (name(k, value.ty(), context), node(side(v), &step(path, k, value.ty()), context)));
            Body::Mapping { entries: entries.collect(), noun: noun(value.ty(), context) }
        }
        Data::String(text) => string::one_sided(text, action),
        _ => {
            let word = Some(word(value));
            if action == Action::Delete {
                Body::Word { before: word, after: None }
            } else {
                Body::Word { before: None, after: word }
            }
        }
    }
}

fn both(before: &Value, after: &Value, path: &Path, context: Context<'_>) -> Body {
    match (before.data(), after.data()) {
        (Data::Mapping(a), Data::Mapping(b)) => {
            let mut keys: Vec<_> = a.keys().chain(b.keys()).collect();
            keys.sort_unstable();
            keys.dedup();
            let present = |v: &&Value| context.dynamic || !v.is_null();
            let entries = keys.into_iter().filter_map(|key| {
                let pair = Pair { before: a.get(key).filter(present), after: b.get(key).filter(present) };
                (pair.before.is_some() || pair.after.is_some())
                    .then(|| (name(key, after.ty(), context), node(pair, &step(path, key, after.ty()), context)))
            });
            Body::Mapping { entries: entries.collect(), noun: noun(after.ty(), context) }
        }
        (Data::Sequence(a), Data::Sequence(b)) => {
            let is_set = matches!(after.ty(), Type::Set(_)) && !context.dynamic;
            let items = align(a, b, is_set).into_iter().map(|pair| match pair {
                Aligned::Gone(i) => {
                    node(Pair { before: Some(&a[i]), after: None }, &path.join(Step::Index(i)), context)
                }
                Aligned::New(j) => node(Pair { before: None, after: Some(&b[j]) }, &path.join(Step::Index(j)), context),
                Aligned::Both(i, j) => {
                    node(Pair { before: Some(&a[i]), after: Some(&b[j]) }, &path.join(Step::Index(j)), context)
                }
            });
            Body::Sequence { items: items.collect(), ordered: !is_set }
        }
        (Data::String(a), Data::String(b)) => string::both(a, b),
        (Data::Mapping(_) | Data::Sequence(_), _) | (_, Data::Mapping(_) | Data::Sequence(_)) => Body::Other {
            before: Box::new(node(Pair { before: Some(before), after: None }, path, context)),
            after: Box::new(node(Pair { before: None, after: Some(after) }, path, context)),
        },
        _ => Body::Word { before: Some(word(before)), after: Some(word(after)) },
    }
}

fn step(path: &Path, key: &std::sync::Arc<str>, ty: &Type) -> Path {
    path.join(if matches!(ty, Type::Map(_)) { Step::Key(key.clone()) } else { Step::Attribute(key.clone()) })
}

fn noun(ty: &Type, context: Context<'_>) -> &'static str {
    if matches!(ty, Type::Map(_)) && !context.dynamic { "element" } else { "attribute" }
}

fn name(key: &str, ty: &Type, context: Context<'_>) -> String {
    if matches!(ty, Type::Map(_)) && !context.dynamic { string::quoted(key) } else { write::key(key) }
}

/// Null, bool, number or string in one word.
fn word(value: &Value) -> String {
    match value.data() {
        Data::Null => "null".to_owned(),
        Data::Bool(b) => b.to_string(),
        Data::Number(n) => n.to_string(),
        Data::String(s) => string::quoted(s),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_is_a_change_and_a_mark_is_one_too() {
        let before = Value::string("a");
        let unknown = Value::unknown(Type::String);
        assert_eq!(compare(Pair { before: Some(&before), after: Some(&unknown) }).action, Action::Update);
        let marked = before.clone().with_marks(Marks::SENSITIVE);
        let node = compare(Pair { before: Some(&before), after: Some(&marked) });
        assert_eq!(node.action, Action::Update);
        let Body::Sensitive { notice: Some(notice) } = node.body else { panic!("{node:?}") };
        assert!(notice.ends_with("The value is unchanged."));
    }

    #[test]
    fn a_replacing_path_is_found_inside() {
        let before = Value::object([("a", Value::object([("b", Value::string("x"))]))]);
        let after = Value::object([("a", Value::object([("b", Value::string("y"))]))]);
        let path = Path::attribute("a").join(Step::Attribute("b".into()));
        let found = attributes(None, Pair { before: Some(&before), after: Some(&after) }, &[path]);
        let Body::Mapping { entries, .. } = &found[0].node.body else { panic!() };
        assert!(entries[0].1.replace && !found[0].node.replace);
    }
}
