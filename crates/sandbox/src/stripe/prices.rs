//! Products and prices: put in when a world begins, read by everybody, changed by hand only.

use serde_json::{Value, json};

use super::error::Refusal;
use super::form::Params;
use super::{Outcome, list, new_id, view};
use crate::world::{Change, Kind};

/// Puts the hosting product and its two prices into a new world.
pub(crate) fn seed(change: &mut Change<'_>) {
    let now = change.now().as_second();
    let mut product = product_shape(now);
    product["id"] = json!("prod_hosting");
    product["name"] = json!("Private OpenClaw hosting");
    product["default_price"] = json!("price_hosting_monthly");
    change.put(Kind::Products, "prod_hosting", product);
    for (id, interval, amount) in [("price_hosting_yearly", "year", 19_000), ("price_hosting_monthly", "month", 1_900)]
    {
        let mut price = price_shape(now);
        price["id"] = json!(id);
        price["recurring"]["interval"] = json!(interval);
        price["unit_amount"] = json!(amount);
        price["unit_amount_decimal"] = json!(amount.to_string());
        change.put(Kind::Prices, id, price);
    }
}

/// A product nobody said anything about.
pub(crate) fn product_shape(now: i64) -> Value {
    json!({
        "id": new_id("prod_", 14), "object": "product", "active": true, "created": now,
        "default_price": null, "description": null, "images": [], "livemode": false,
        "marketing_features": [], "metadata": {}, "name": "Product", "package_dimensions": null,
        "shippable": null, "statement_descriptor": null, "tax_code": null,
        "unit_label": null, "updated": now, "url": null,
    })
}

/// A monthly price of the hosting product nobody said anything else about.
pub(crate) fn price_shape(now: i64) -> Value {
    json!({
        "id": new_id("price_", 24), "object": "price", "active": true,
        "billing_scheme": "per_unit", "created": now, "currency": "eur",
        "custom_unit_amount": null, "livemode": false, "lookup_key": null, "metadata": {},
        "nickname": null, "product": "prod_hosting",
        "recurring": {
            "interval": "month", "interval_count": 1, "meter": null,
            "usage_type": "licensed",
        },
        "tax_behavior": "unspecified", "tiers_mode": null, "transform_quantity": null,
        "type": "recurring", "unit_amount": 1900, "unit_amount_decimal": "1900",
    })
}

pub(crate) fn list(change: &mut Change<'_>, params: &Params) -> Outcome {
    let known = [&list::CURSOR[..], &["active", "product", "currency", "type"]].concat();
    params.allow(&known)?;
    let active = params.flag("active")?;
    list::page(change, Kind::Prices, "/v1/prices", params, None, |price| {
        active.is_none_or(|active| price["active"] == json!(active))
            && ["product", "currency", "type"]
                .iter()
                .all(|field| params.text(field).is_none_or(|wanted| price[*field] == wanted))
    })
}

pub(crate) fn get(change: &Change<'_>, kind: Kind, singular: &str, id: &str) -> Outcome {
    change.get(kind, id).map(view).ok_or_else(|| match kind {
        Kind::Prices => Refusal::no_such(singular, id).param("price"),
        _ => Refusal::no_such(singular, id),
    })
}
