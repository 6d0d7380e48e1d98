//! Lists: newest first, by cursor (<https://docs.stripe.com/api/pagination>).

use serde_json::{Value, json};

use super::error::Refusal;
use super::form::{Params, integer};
use super::view;
use crate::world::{Change, Kind};

const DEFAULT_LIMIT: i64 = 10;
const MOST: i64 = 100;

/// The parameters every list takes.
pub(crate) const CURSOR: [&str; 4] = ["limit", "starting_after", "ending_before", "created"];

/// Answers a page of the objects of a kind that pass the filter; with a lookup key given, of those
/// with that key only.
///
/// # Errors
///
/// 400 when the limit is out of range or a cursor names nothing.
pub(crate) fn page(
    change: &Change<'_>,
    kind: Kind,
    url: &str,
    params: &Params,
    key: Option<&str>,
    filter: impl Fn(&Value) -> bool,
) -> Result<Value, Refusal> {
    let limit = params.integer("limit")?.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MOST).contains(&limit) {
        return Err(Refusal::bad("Invalid limit: it must be between 1 and 100.").param("limit"));
    }
    let limit = usize::try_from(limit).unwrap_or(1);
    let window = Window::read(params)?;
    let passes = |object: &&Value| window.holds(object) && filter(object);
    let all = change.all(kind);
    let (page, more) = match (params.text("starting_after"), params.text("ending_before")) {
        (Some(after), _) => {
            check_cursor(change, kind, after, "starting_after")?;
            let older = all.older_than(after).into_iter().flatten().map(|(_, object)| object);
            take(older.filter(|object| has_key(kind, object, key)).filter(passes), limit)
        }
        (None, Some(before)) => {
            check_cursor(change, kind, before, "ending_before")?;
            let newer = all.iter().rev().take_while(|(id, _)| *id != before);
            let mut newer: Vec<&Value> = newer.map(|(_, object)| object).collect();
            newer.reverse();
            let matching = newer.into_iter().filter(|object| has_key(kind, object, key));
            let (mut page, more) = take(matching.filter(passes), limit);
            page.reverse();
            (page, more)
        }
        (None, None) => match key {
            Some(key) => {
                let mut matching: Vec<&Value> = all.with_key(key).map(|(_, object)| object).collect();
                matching.reverse();
                take(matching.into_iter().filter(passes), limit)
            }
            None => take(all.iter().rev().map(|(_, object)| object).filter(passes), limit),
        },
    };
    let data: Vec<Value> = page.into_iter().map(view).collect();
    Ok(json!({"object": "list", "data": data, "has_more": more, "url": url}))
}

fn take<'a>(objects: impl Iterator<Item = &'a Value>, limit: usize) -> (Vec<&'a Value>, bool) {
    let mut page: Vec<&Value> = objects.take(limit + 1).collect();
    let more = page.len() > limit;
    page.truncate(limit);
    (page, more)
}

fn has_key(kind: Kind, object: &Value, key: Option<&str>) -> bool {
    key.is_none_or(|key| kind.lookup_key(object) == Some(key))
}

fn check_cursor(change: &Change<'_>, kind: Kind, id: &str, param: &str) -> Result<(), Refusal> {
    let singular = kind.name().trim_end_matches('s');
    match change.get(kind, id) {
        Some(_) => Ok(()),
        None => Err(Refusal::no_such_param(singular, id, param)),
    }
}

/// `created`: a time, or bounds by `gt`, `gte`, `lt`, `lte`.
struct Window {
    least: i64,
    most: i64,
}

impl Window {
    fn read(params: &Params) -> Result<Window, Refusal> {
        let mut window = Window { least: i64::MIN, most: i64::MAX };
        match params.get("created") {
            Value::String(exact) if !exact.is_empty() => {
                let exact = integer(exact, "created")?;
                window = Window { least: exact, most: exact };
            }
            Value::Object(bounds) => {
                for (bound, value) in bounds {
                    let value = integer(value.as_str().unwrap_or(""), "created")?;
                    match bound.as_str() {
                        "gte" => window.least = window.least.max(value),
                        "gt" => window.least = window.least.max(value.saturating_add(1)),
                        "lte" => window.most = window.most.min(value),
                        "lt" => window.most = window.most.min(value.saturating_sub(1)),
                        _ => return Err(Refusal::bad("Invalid created filter.").param("created")),
                    }
                }
            }
            _ => {}
        }
        Ok(window)
    }

    fn holds(&self, object: &Value) -> bool {
        object["created"].as_i64().is_some_and(|created| (self.least..=self.most).contains(&created))
    }
}
