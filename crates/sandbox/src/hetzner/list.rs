//! Lists: filters, order and pages, as <https://docs.hetzner.cloud/reference/cloud#pagination>.

use std::collections::BTreeMap;

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::error::Refusal;
use super::selector::Selector;

const DEFAULT_PER_PAGE: usize = 25;
const MOST_PER_PAGE: usize = 50;

/// The query of a list call.
#[derive(Debug)]
pub(crate) struct ListQuery {
    page: usize,
    per_page: usize,
    selector: Option<Selector>,
    sort: Vec<(String, bool)>,
    equals: BTreeMap<String, Vec<String>>,
}

impl ListQuery {
    /// Reads the query; `filters` are the fields that may be filtered by besides the labels.
    ///
    /// # Errors
    ///
    /// 422 when a page number, the selector or the order is not valid.
    pub(crate) fn read(pairs: Vec<(String, String)>, filters: &[&str]) -> Result<ListQuery, Refusal> {
        let mut query = ListQuery {
            page: 1,
            per_page: DEFAULT_PER_PAGE,
            selector: None,
            sort: Vec::new(),
            equals: BTreeMap::new(),
        };
        for (key, value) in pairs {
            match key.as_str() {
                "page" => query.page = number("page", &value, usize::MAX)?,
                "per_page" => query.per_page = number("per_page", &value, MOST_PER_PAGE)?,
                "label_selector" if value.is_empty() => {}
                "label_selector" => query.selector = Some(Selector::parse(&value)?),
                "sort" => query.sort.push(order(&value)?),
                key if filters.contains(&key) => {
                    query.equals.entry(key.to_owned()).or_default().push(value);
                }
                _ => {}
            }
        }
        Ok(query)
    }

    /// The one name asked for, so that a lookup need not read the collection.
    pub(crate) fn name(&self) -> Option<&str> {
        match self.equals.get("name").map(Vec::as_slice) {
            Some([name]) => Some(name),
            _ => None,
        }
    }

    /// Whether an object belongs into the answer.
    pub(crate) fn selects(&self, object: &Value) -> bool {
        let selected = self.selector.as_ref().is_none_or(|selector| selector.matches(&object["labels"]));
        selected
            && self.equals.iter().all(|(field, wanted)| {
                let text = match &object[field.as_str()] {
                    Value::String(text) => text.clone(),
                    other => other.to_string(),
                };
                wanted.contains(&text)
            })
    }

    /// Takes the page out of the selected objects, shows each by `view`, and answers.
    pub(crate) fn answer<'a>(
        &self,
        name: &str,
        selected: impl Iterator<Item = &'a Value>,
        view: impl Fn(&'a Value) -> Value,
    ) -> Response {
        let mut selected: Vec<&Value> = selected.filter(|object| self.selects(object)).collect();
        for (field, descending) in self.sort.iter().rev() {
            selected.sort_by(|left, right| {
                let ordering = sort_key(&left[field.as_str()]).cmp(&sort_key(&right[field.as_str()]));
                if *descending { ordering.reverse() } else { ordering }
            });
        }
        let total = selected.len();
        let skip = (self.page - 1).saturating_mul(self.per_page);
        let page: Vec<Value> = selected.into_iter().skip(skip).take(self.per_page).map(view).collect();
        Json(json!({name: page, "meta": {"pagination": self.pagination(total)}})).into_response()
    }

    fn pagination(&self, total: usize) -> Value {
        let last = total.div_ceil(self.per_page).max(1);
        json!({
            "page": self.page,
            "per_page": self.per_page,
            "previous_page": (self.page > 1).then(|| self.page - 1),
            "next_page": (self.page < last).then(|| self.page + 1),
            "last_page": last,
            "total_entries": total,
        })
    }
}

fn number(field: &str, text: &str, most: usize) -> Result<usize, Refusal> {
    match text.parse::<usize>() {
        Ok(number) if (1..=most).contains(&number) => Ok(number),
        _ => Err(Refusal::invalid(field, "is out of range")),
    }
}

fn order(text: &str) -> Result<(String, bool), Refusal> {
    let (field, direction) = text.split_once(':').unwrap_or((text, "asc"));
    match (field, direction) {
        ("id" | "name" | "created" | "command" | "started" | "finished" | "status", "asc" | "desc") => {
            Ok((field.to_owned(), direction == "desc"))
        }
        _ => Err(Refusal::invalid("sort", "cannot sort by this")),
    }
}

fn sort_key(value: &Value) -> (i64, &str) {
    (value.as_i64().unwrap_or(0), value.as_str().unwrap_or(""))
}
