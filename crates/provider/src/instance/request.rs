//! Requests of `ampere_instance`, built apart from being sent. Bodies are the `hcloud` crate's.
use std::collections::{BTreeMap, HashMap};

use ampere_core::identity::Marker;
use ampere_core::provider::ProviderError;
use ampere_lang::value::Value;
use hcloud::models::{
    ApplyToResourcesRequest, ChangeTypeOfServerRequest, CreateFirewallRequest, CreateServerRequest,
    CreateServerRequestFirewalls, CreateServerRequestPublicNet, CreateSshKeyRequest, FirewallResource,
    RemoveFromResourcesRequest, ReplaceServerRequest, ResourceId, SetRulesRequest, firewall_resource,
};

use super::model::{ITS_FIREWALL, VERSION};
use super::null_key;
use crate::attributes::{required, text};
use crate::hetzner::{ADDRESS, CLOUD, STACK};
use crate::http::Call;

/// What every instance starts from.
const IMAGE: &str = "debian-13";

/// The labels of every part.
pub(crate) fn labels(marker: &Marker) -> BTreeMap<String, String> {
    BTreeMap::from([(STACK.to_owned(), marker.stack.to_string()), (ADDRESS.to_owned(), marker.address.to_string())])
}

/// The labels of a server: those of every part, the version it is to run, its firewall if that is known.
pub(crate) fn server_labels(marker: &Marker, object: &Value, firewall: Option<u64>) -> BTreeMap<String, String> {
    let mut labels = labels(marker);
    labels.extend(firewall.map(|id| (ITS_FIREWALL.to_owned(), id.to_string())));
    labels.extend(text(object, "openclaw_version").map(|version| (VERSION.to_owned(), version.to_owned())));
    labels
}

fn unordered(labels: BTreeMap<String, String>) -> Option<HashMap<String, String>> {
    Some(labels.into_iter().collect())
}

/// A firewall without a rule: everything inbound is dropped, everything outbound passes (S3, S5).
pub(crate) fn create_firewall(name: &str, marker: &Marker) -> Call {
    let mut body = CreateFirewallRequest::new(name.to_owned());
    body.labels = unordered(labels(marker));
    body.rules = Some(Vec::new());
    Call::post("/firewalls").json(body)
}

/// The null key of a name.
pub(crate) fn create_key(name: &str, marker: &Marker) -> Call {
    let mut body = CreateSshKeyRequest::new(name.to_owned(), null_key::public_key(name));
    body.labels = unordered(labels(marker));
    Call::post("/ssh_keys").json(body)
}

/// A server behind its firewall, with its key, from its first moment on.
///
/// # Errors
///
/// `Invalid` if a needed attribute has no value.
pub(crate) fn create_server(
    name: &str,
    object: &Value,
    marker: &Marker,
    firewall: u64,
    key: &str,
    user_data: Option<String>,
) -> Result<Call, ProviderError> {
    let server_type = required(CLOUD, object, "server_type")?;
    let mut body = CreateServerRequest::new(IMAGE.to_owned(), name.to_owned(), server_type);
    body.location = Some(required(CLOUD, object, "location")?);
    body.labels = unordered(server_labels(marker, object, Some(firewall)));
    body.firewalls = Some(vec![CreateServerRequestFirewalls::new(number(firewall))]);
    body.ssh_keys = Some(vec![key.to_owned()]);
    body.public_net = Some(Box::new(CreateServerRequestPublicNet {
        enable_ipv4: Some(true),
        enable_ipv6: Some(true),
        ..CreateServerRequestPublicNet::default()
    }));
    body.user_data = user_data;
    body.start_after_create = Some(true);
    Ok(Call::post("/servers").json(body))
}

/// One object of a list by number.
pub(crate) fn get(what: &str, id: u64) -> Call {
    Call::get(format!("/{what}/{id}"))
}

/// Deletes an object.
pub(crate) fn delete(what: &str, id: u64) -> Call {
    Call::delete(format!("/{what}/{id}"))
}

/// Sets an object's labels; all of them, since the API replaces the set.
pub(crate) fn relabel(what: &str, id: u64, labels: &BTreeMap<String, String>) -> Call {
    let body = ReplaceServerRequest { labels: unordered(labels.clone()), name: None };
    Call::new(reqwest::Method::PUT, format!("/{what}/{id}")).json(body)
}

/// `poweron`, `poweroff` or `shutdown`.
pub(crate) fn power(id: u64, command: &'static str) -> Call {
    Call::post(format!("/servers/{id}/actions/{command}"))
}

/// Another type, the disk as it is: so that a smaller type stays possible.
pub(crate) fn change_type(id: u64, server_type: &str) -> Call {
    let body = ChangeTypeOfServerRequest::new(server_type.to_owned(), false);
    Call::post(format!("/servers/{id}/actions/change_type")).json(body)
}

/// Takes every rule out of a firewall.
pub(crate) fn close(firewall: u64) -> Call {
    let body = SetRulesRequest::new(Vec::new());
    Call::post(format!("/firewalls/{firewall}/actions/set_rules")).json(body)
}

/// Applies a firewall to a server.
pub(crate) fn attach(firewall: u64, server: u64) -> Call {
    let body = ApplyToResourcesRequest::new(vec![server_resource(server)]);
    Call::post(format!("/firewalls/{firewall}/actions/apply_to_resources")).json(body)
}

/// Takes a firewall off servers.
pub(crate) fn detach(firewall: u64, servers: &[u64]) -> Call {
    let body = RemoveFromResourcesRequest::new(servers.iter().map(|server| server_resource(*server)).collect());
    Call::post(format!("/firewalls/{firewall}/actions/remove_from_resources")).json(body)
}

fn server_resource(server: u64) -> FirewallResource {
    FirewallResource {
        label_selector: None,
        server: Some(Box::new(ResourceId::new(number(server)))),
        r#type: firewall_resource::Type::Server,
    }
}

/// Hetzner's numbers are below 2^53.
fn number(id: u64) -> i64 {
    i64::try_from(id).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Payload;
    use serde_json::json;

    #[test]
    fn s3_s5_a_server_is_never_without_firewall_and_key() {
        let object = Value::object([
            ("server_type", Value::string("cx23")),
            ("location", Value::string("nbg1")),
            ("openclaw_version", Value::string("2026.9.6")),
            ("model", Value::string("anthropic/claude-sonnet-4-6")),
        ]);
        let ours = crate::marker::marker("aa", "bb");
        let call =
            create_server("ampere-aa-bb", &object, &ours, 7, "ampere-aa-bb", Some("#cloud-config\n".into())).unwrap();
        let Payload::Json(body) = &call.payload else { panic!("JSON") };
        assert_eq!(body["firewalls"], json!([{"firewall": 7}]));
        assert_eq!(body["ssh_keys"], json!(["ampere-aa-bb"]));
        assert_eq!(body["image"], json!("debian-13"));
        assert_eq!(body["labels"][STACK], json!("aa"));
        assert_eq!(body["labels"][VERSION], json!("2026.9.6"));
        assert_eq!(body["labels"][ITS_FIREWALL], json!("7"));
        assert_eq!(body["user_data"], json!("#cloud-config\n"));
    }

    #[test]
    fn s5_the_firewall_has_no_rule_and_the_type_change_no_disk() {
        let body = |call: Call| match call.payload {
            Payload::Json(body) => body,
            _ => panic!("JSON"),
        };
        assert_eq!(body(create_firewall("n", &crate::marker::marker("aa", "bb")))["rules"], json!([]));
        assert_eq!(body(close(7)), json!({"rules": []}));
        assert_eq!(body(change_type(42, "cx33")), json!({"server_type": "cx33", "upgrade_disk": false}));
        assert_eq!(body(attach(7, 42)), json!({"apply_to": [{"type": "server", "server": {"id": 42}}]}));
    }
}
