//! `expand[]`: ids replaced by the objects they name (<https://docs.stripe.com/expand>).

use serde_json::{Value, json};

use super::error::Refusal;
use super::{customers, intents, invoice_shape, view};
use crate::world::{Change, Kind};

/// The deepest path that can be expanded.
const DEEPEST: usize = 4;

/// Expands the paths in an answer; on a list they begin with `data.`.
///
/// # Errors
///
/// 400 when a path is too deep or names nothing that can be expanded.
pub(crate) fn expand(change: &Change<'_>, mut object: Value, paths: &[&str]) -> Result<Value, Refusal> {
    for path in paths {
        let segments: Vec<&str> = path.split('.').collect();
        let depth = segments.iter().filter(|segment| **segment != "data").count();
        if depth > DEEPEST {
            let message = "You cannot expand more than 4 levels of a property.";
            return Err(Refusal::bad(message).param("expand"));
        }
        walk(change, &mut object, &segments, path)?;
    }
    Ok(object)
}

fn walk(change: &Change<'_>, target: &mut Value, segments: &[&str], path: &str) -> Result<(), Refusal> {
    let Some((first, rest)) = segments.split_first() else {
        return Ok(());
    };
    if let Value::Array(items) = target {
        // `data` was passed already; what follows is a field of each.
        return items.iter_mut().try_for_each(|item| walk(change, item, segments, path));
    }
    if target.is_null() || target.is_string() {
        return Ok(());
    }
    let not_expandable = || Refusal::bad(format!("This property cannot be expanded ({path}).")).param("expand");
    if let Some(found) = computed(change, target, first) {
        target[*first] = found;
    } else {
        let field = target.get_mut(*first).ok_or_else(not_expandable)?;
        if let Some(id) = field.as_str() {
            let kind = kind_of(first).ok_or_else(not_expandable)?;
            if let Some(found) = change.get(kind, id) {
                *field = view(found);
            }
        } else if rest.is_empty() && !field.is_null() && kind_of(first).is_none() {
            return Err(not_expandable());
        }
    }
    walk(change, &mut target[*first], rest, path)
}

/// What is not shown at all unless it is asked for.
fn computed(change: &Change<'_>, object: &Value, field: &str) -> Option<Value> {
    match (object["object"].as_str()?, field) {
        ("invoice", "payments") => Some(invoice_shape::payments(change, object["id"].as_str()?)),
        ("invoice", "confirmation_secret") => Some(if object["status"] == json!("open") {
            let invoice = change.get(Kind::Invoices, object["id"].as_str()?)?;
            match intents::of_invoice(invoice).and_then(|id| change.get(Kind::PaymentIntents, id)) {
                Some(intent) => json!({"client_secret": intent["client_secret"], "type": "payment_intent"}),
                None => Value::Null,
            }
        } else {
            Value::Null
        }),
        ("customer", "subscriptions") => Some(customers::subscriptions(change, object["id"].as_str()?)),
        _ => None,
    }
}

fn kind_of(field: &str) -> Option<Kind> {
    Some(match field {
        "customer" => Kind::Customers,
        "latest_invoice" | "invoice" => Kind::Invoices,
        "subscription" => Kind::Subscriptions,
        "product" => Kind::Products,
        "charge" | "latest_charge" => Kind::Charges,
        "payment_intent" => Kind::PaymentIntents,
        "default_payment_method" | "payment_method" => Kind::PaymentMethods,
        _ => return None,
    })
}
