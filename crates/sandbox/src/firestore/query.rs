//! `:runQuery`: filters, order, cursors and limits of a structured query
//! (<https://cloud.google.com/firestore/docs/reference/rest/v1/StructuredQuery>).

use std::cmp::Ordering;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde_json::{Value, json};

use super::documents::masked;
use super::error::Refusal;
use super::field_path::FieldPath;
use super::filter::Filter;
use super::rules::Caller;
use super::{Place, read_body, time, value};
use crate::server::Clouds;
use crate::world::{Change, Kind};

/// A query over the collections of the database itself.
pub(crate) async fn run_at_root(
    State(clouds): State<Clouds>,
    Extension(caller): Extension<Caller>,
    Path((project, database)): Path<(String, String)>,
    body: Bytes,
) -> Result<Response, Refusal> {
    run(&clouds, &caller, &Place { project, database }.root(), &body)
}

/// Runs a query over the collections below `parent`.
///
/// # Errors
///
/// `INVALID_ARGUMENT` or `UNIMPLEMENTED` when the query is not valid or not known here.
pub(crate) fn run(clouds: &Clouds, caller: &Caller, parent: &str, body: &Bytes) -> Result<Response, Refusal> {
    caller.may_list().map_err(Refusal::streamed)?;
    let body = read_body(body)?;
    let query = Query::read(body.get("structuredQuery").unwrap_or(&Value::Null))?;
    clouds.change(|change| {
        let read_time = time(change.now());
        let found: Vec<Value> = query
            .select(change, parent)
            .into_iter()
            .map(|document| {
                let document = masked(document, query.fields.as_deref());
                json!({"document": document, "readTime": read_time})
            })
            .collect();
        let answer = if found.is_empty() { json!([{"readTime": read_time}]) } else { json!(found) };
        Ok(Json(answer).into_response())
    })
}

struct Query {
    collection: String,
    all_descendants: bool,
    filter: Option<Filter>,
    order: Vec<Order>,
    start: Option<Cursor>,
    end: Option<Cursor>,
    offset: usize,
    limit: Option<usize>,
    fields: Option<Vec<FieldPath>>,
}

struct Order {
    field: Field,
    descending: bool,
}

/// A field of a document, or its name.
pub(crate) enum Field {
    Name,
    Path(FieldPath),
}

struct Cursor {
    values: Vec<Value>,
    before: bool,
}

impl Field {
    /// Reads a `fieldPath`.
    ///
    /// # Errors
    ///
    /// `INVALID_ARGUMENT` when it is no field path.
    pub(crate) fn read(reference: &Value) -> Result<Field, Refusal> {
        match reference["fieldPath"].as_str() {
            Some("__name__") => Ok(Field::Name),
            Some(path) => FieldPath::parse(path).map(Field::Path),
            None => Err(Refusal::invalid("A field reference has no fieldPath.")),
        }
    }

    /// The field's value in a document; a name is a reference.
    pub(crate) fn of(&self, document: &Value) -> Option<Value> {
        match self {
            Field::Name => Some(json!({"referenceValue": document["name"]})),
            Field::Path(path) => path.get(&document["fields"]).cloned(),
        }
    }
}

impl Query {
    fn read(query: &Value) -> Result<Query, Refusal> {
        let from = &query["from"][0];
        if query["from"][1].is_object() {
            return Err(Refusal::invalid("from: only one collection is allowed"));
        }
        let collection = from["collectionId"].as_str().unwrap_or("").to_owned();
        if collection.is_empty() {
            return Err(Refusal::unimplemented("a query over all collections"));
        }
        let filter = query.get("where").map(Filter::read).transpose()?;
        let order = orders(&query["orderBy"], filter.as_ref())?;
        let fields = query.get("select").map(|select| select["fields"].as_array().cloned());
        let fields = fields.map(|fields| {
            let named = fields.into_iter().flatten();
            named
                .filter_map(|field| match Field::read(&field) {
                    Ok(Field::Name) => None,
                    Ok(Field::Path(path)) => Some(Ok(path)),
                    Err(refusal) => Some(Err(refusal)),
                })
                .collect::<Result<Vec<_>, _>>()
        });
        Ok(Query {
            collection,
            all_descendants: from["allDescendants"].as_bool().unwrap_or(false),
            filter,
            order,
            start: cursor(&query["startAt"])?,
            end: cursor(&query["endAt"])?,
            offset: count(&query["offset"])?.unwrap_or(0),
            limit: count(&query["limit"])?,
            fields: fields.transpose()?,
        })
    }

    fn select<'c>(&self, change: &'c Change<'_>, parent: &str) -> Vec<&'c Value> {
        let prefix = if self.all_descendants { format!("{parent}/") } else { format!("{parent}/{}/", self.collection) };
        let mut found: Vec<(Vec<Value>, &Value)> = change
            .all(Kind::Documents)
            .with_prefix(&prefix, None)
            .filter(|(name, _)| self.in_collection(name, &prefix))
            .filter_map(|(name, _)| change.get(Kind::Documents, name))
            .filter(|document| self.filter.as_ref().is_none_or(|filter| filter.holds(document)))
            .filter_map(|document| {
                let keys: Option<Vec<Value>> = self.order.iter().map(|order| order.field.of(document)).collect();
                Some((keys?, document))
            })
            .collect();
        found.sort_by(|left, right| self.compare(&left.0, &right.0));
        found
            .into_iter()
            .filter(|(keys, _)| self.within(keys))
            .map(|(_, document)| document)
            .skip(self.offset)
            .take(self.limit.unwrap_or(usize::MAX))
            .collect()
    }

    fn in_collection(&self, name: &str, prefix: &str) -> bool {
        let below = &name[prefix.len()..];
        if !self.all_descendants {
            return !below.contains('/');
        }
        name.rsplit('/').nth(1) == Some(self.collection.as_str())
    }

    fn compare(&self, left: &[Value], right: &[Value]) -> Ordering {
        left.iter()
            .zip(right)
            .zip(&self.order)
            .map(|((left, right), order)| {
                let ordering = value::compare(left, right);
                if order.descending { ordering.reverse() } else { ordering }
            })
            .find(|ordering| *ordering != Ordering::Equal)
            .unwrap_or(Ordering::Equal)
    }

    fn within(&self, keys: &[Value]) -> bool {
        let after_start = self.start.as_ref().is_none_or(|start| match self.compare(keys, &start.values) {
            Ordering::Greater => true,
            Ordering::Equal => start.before,
            Ordering::Less => false,
        });
        let before_end = self.end.as_ref().is_none_or(|end| match self.compare(keys, &end.values) {
            Ordering::Less => true,
            Ordering::Equal => !end.before,
            Ordering::Greater => false,
        });
        after_start && before_end
    }
}

/// The order asked for, made total by the name as the real service does.
fn orders(orders: &Value, filter: Option<&Filter>) -> Result<Vec<Order>, Refusal> {
    let mut read = Vec::new();
    for order in orders.as_array().into_iter().flatten() {
        let descending = order["direction"] == json!("DESCENDING");
        read.push(Order { field: Field::read(&order["field"])?, descending });
    }
    if read.is_empty()
        && let Some(path) = filter.and_then(Filter::inequality)
    {
        read.push(Order { field: Field::Path(path.clone()), descending: false });
    }
    if !read.iter().any(|order| matches!(order.field, Field::Name)) {
        let descending = read.last().is_some_and(|order| order.descending);
        read.push(Order { field: Field::Name, descending });
    }
    Ok(read)
}

fn cursor(cursor: &Value) -> Result<Option<Cursor>, Refusal> {
    if !cursor.is_object() {
        return Ok(None);
    }
    let mut values = cursor["values"].as_array().cloned().unwrap_or_default();
    for item in &mut values {
        value::check(item, 0)?;
    }
    Ok(Some(Cursor { values, before: cursor["before"].as_bool().unwrap_or(false) }))
}

/// A number of documents.
fn count(number: &Value) -> Result<Option<usize>, Refusal> {
    if number.is_null() {
        return Ok(None);
    }
    let count = number.as_u64().and_then(|number| usize::try_from(number).ok());
    count.map(Some).ok_or_else(|| Refusal::invalid("A count must be a number and not negative."))
}
