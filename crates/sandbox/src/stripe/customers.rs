//! Customers: <https://docs.stripe.com/api/customers>.

use serde_json::{Value, json};

use super::error::Refusal;
use super::form::Params;
use super::{Outcome, billing, list, new_id, payment_methods, view};
use crate::world::{Change, Kind};

const WRITABLE: &[&str] = &[
    "email",
    "name",
    "phone",
    "description",
    "metadata",
    "payment_method",
    "invoice_settings",
    "preferred_locales",
    "address",
    "tax_exempt",
];

/// A customer nobody said anything about.
pub(crate) fn shape(now: i64) -> Value {
    json!({
        "id": new_id("cus_", 14), "object": "customer", "address": null, "balance": 0,
        "created": now, "currency": null, "customer_account": null, "default_source": null,
        "delinquent": false, "description": null, "discount": null, "email": null,
        "invoice_prefix": new_id("", 8).to_uppercase(),
        "invoice_settings": {
            "custom_fields": null, "default_payment_method": null, "footer": null,
            "rendering_options": null,
        },
        "livemode": false, "metadata": {}, "name": null, "next_invoice_sequence": 1,
        "phone": null, "preferred_locales": [], "shipping": null, "tax_exempt": "none",
        "test_clock": null,
    })
}

pub(crate) fn create(change: &mut Change<'_>, params: &Params) -> Outcome {
    params.allow(WRITABLE)?;
    let mut customer = shape(change.now().as_second());
    write(change, &mut customer, params)?;
    Ok(view(&customer))
}

pub(crate) fn update(change: &mut Change<'_>, id: &str, params: &Params) -> Outcome {
    params.allow(WRITABLE)?;
    let mut customer = living(change, id, "id")?.clone();
    write(change, &mut customer, params)?;
    Ok(view(&customer))
}

/// A customer; a deleted one is answered as such.
pub(crate) fn get(change: &Change<'_>, id: &str) -> Outcome {
    change.get(Kind::Customers, id).map(view).ok_or_else(|| Refusal::no_such("customer", id))
}

pub(crate) fn list(change: &mut Change<'_>, params: &Params) -> Outcome {
    params.allow(&[&list::CURSOR[..], &["email"]].concat())?;
    list::page(change, Kind::Customers, "/v1/customers", params, None, |customer| {
        customer["deleted"] != json!(true) && params.text("email").is_none_or(|email| customer["email"] == email)
    })
}

/// Deletes a customer, which cancels its subscriptions at once; the id stays readable.
pub(crate) fn delete(change: &mut Change<'_>, id: &str) -> Outcome {
    living(change, id, "id")?;
    for subscription in subscription_ids(change, id) {
        billing::settle(change, &subscription);
        billing::cancel_now(change, &subscription, "cancellation_requested");
    }
    // `created` is kept for the order of lists; it is not answered.
    let gone = json!({"id": id, "object": "customer", "deleted": true});
    change.put(Kind::Customers, id, gone.clone());
    Ok(gone)
}

/// A customer that is not deleted.
///
/// # Errors
///
/// `resource_missing`: 404 when the URL names it, else 400.
pub(crate) fn living<'c>(change: &'c Change<'_>, id: &str, param: &str) -> Result<&'c Value, Refusal> {
    change.get(Kind::Customers, id).filter(|customer| customer["deleted"] != json!(true)).ok_or_else(|| match param {
        "id" => Refusal::no_such("customer", id),
        _ => Refusal::no_such_param("customer", id, param),
    })
}

/// The subscriptions of a customer that are not canceled, as the expanded customer shows them.
pub(crate) fn subscriptions(change: &Change<'_>, id: &str) -> Value {
    let data: Vec<Value> = change
        .all(Kind::Subscriptions)
        .with_key(id)
        .map(|(_, subscription)| subscription)
        .filter(|subscription| subscription["status"] != json!("canceled"))
        .map(view)
        .collect();
    let url = format!("/v1/customers/{id}/subscriptions");
    json!({"object": "list", "data": data, "has_more": false, "url": url})
}

fn subscription_ids(change: &Change<'_>, customer: &str) -> Vec<String> {
    let own = change.all(Kind::Subscriptions).with_key(customer);
    own.map(|(id, _)| id.to_owned()).collect()
}

fn write(change: &mut Change<'_>, customer: &mut Value, params: &Params) -> Result<(), Refusal> {
    let id = customer["id"].as_str().unwrap_or("").to_owned();
    if let Some(email) = params.text("email")
        && !valid_email(email)
    {
        let refusal = Refusal::bad(format!("Invalid email address: {email}"));
        return Err(refusal.code("email_invalid").param("email"));
    }
    for field in ["email", "name", "phone", "description"] {
        if params.has(field) {
            customer[field] = params.text(field).map_or(Value::Null, |text| json!(text));
        }
    }
    if let Some(exempt) = params.choice("tax_exempt", &["none", "exempt", "reverse"])? {
        customer["tax_exempt"] = json!(exempt);
    }
    if params.has("preferred_locales") {
        customer["preferred_locales"] = json!(params.list("preferred_locales"));
    }
    if let Some(address) = params.get("address").as_object() {
        let part = |name: &str| address.get(name).filter(|value| **value != json!("")).cloned();
        customer["address"] = ["city", "country", "line1", "line2", "postal_code", "state"]
            .into_iter()
            .map(|name| (name.to_owned(), part(name).unwrap_or_default()))
            .collect::<serde_json::Map<_, _>>()
            .into();
    }
    customer["metadata"] = params.metadata(&customer["metadata"])?;
    let mut attached = None;
    if let Some(method) = params.text("payment_method") {
        attached = Some((method, payment_methods::attach(change, method, &id, "payment_method")?));
    }
    if let Some(default) = params.get("invoice_settings")["default_payment_method"].as_str() {
        let param = "invoice_settings[default_payment_method]";
        customer["invoice_settings"]["default_payment_method"] = match attached {
            _ if default.is_empty() => Value::Null,
            Some((name, attached)) if name == default => json!(attached),
            _ => json!(attached_id(change, default, &id, param)?),
        };
    }
    change.put(Kind::Customers, &id, customer.clone());
    Ok(())
}

fn attached_id(change: &Change<'_>, method: &str, customer: &str, param: &str) -> Result<String, Refusal> {
    change
        .get(Kind::PaymentMethods, method)
        .filter(|method| method["customer"] == customer)
        .map(|_| method.to_owned())
        .ok_or_else(|| {
            let message = format!("No such PaymentMethod: '{method}'; it must be attached to the customer first.");
            Refusal::bad(message).code("resource_missing").param(param)
        })
}

fn valid_email(email: &str) -> bool {
    email.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty() && domain.contains('.') && !email.chars().any(char::is_whitespace)
    })
}
