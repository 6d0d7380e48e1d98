//! The client that others generated from Hetzner's published description reads every answer: it fails on a missing field, a
//! wrong type, an unknown value of an enumeration.

use std::collections::HashMap;

use ampere_sandbox::Sandbox;
use hcloud::apis::configuration::Configuration;
use hcloud::apis::{
    actions_api, firewalls_api, images_api, locations_api, primary_ips_api, server_types_api, servers_api,
    ssh_keys_api, volumes_api,
};
use hcloud::models;
use serde_json::json;

use crate::kit::{Calls, sandbox};

const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFbhKujB52cqaMyBlZVyxmpyv46ChXxlv1sEos0x6rZS ada";

fn configuration(sandbox: &Sandbox) -> Configuration {
    // First of all: it sets the TLS provider up, without which the next line panics.
    let client = crate::kit::client();
    let mut configuration = Configuration { client, ..Configuration::new() };
    let real = configuration.get_default_base_path().to_owned();
    configuration.base_path_mapping.insert(real, sandbox.endpoints().hetzner.clone());
    configuration.bearer_access_token = Some("hc-EXAMPLE".into());
    configuration
}

fn labels() -> Option<HashMap<String, String>> {
    Some(HashMap::from([("ampere-stack".to_owned(), "aa".to_owned())]))
}

fn selector() -> Option<String> {
    Some("ampere-stack=aa".into())
}

/// A server with firewall and key, as we make it; gives the numbers of the three.
async fn make(at: &Configuration) -> (i64, i64, i64) {
    let mut firewall = models::CreateFirewallRequest::new("box".into());
    (firewall.labels, firewall.rules) = (labels(), Some(Vec::new()));
    let params = firewalls_api::CreateFirewallParams { create_firewall_request: firewall };
    let firewall =
        firewalls_api::create_firewall(at, params).await.expect("a firewall").firewall.expect("it is named").id;
    let mut key = models::CreateSshKeyRequest::new("box".into(), KEY.into());
    key.labels = labels();
    let params = ssh_keys_api::CreateSshKeyParams { create_ssh_key_request: key };
    let key = ssh_keys_api::create_ssh_key(at, params).await.expect("a key").ssh_key.id;
    let mut server = models::CreateServerRequest::new("debian-13".into(), "box".into(), "cx23".into());
    server.location = Some("nbg1".into());
    server.labels = labels();
    server.firewalls = Some(vec![models::CreateServerRequestFirewalls::new(firewall)]);
    server.ssh_keys = Some(vec!["box".into()]);
    let params = servers_api::CreateServerParams { create_server_request: server };
    let made = servers_api::create_server(at, params).await.expect("a server");
    assert_eq!(made.root_password, None);
    let ids = vec![made.action.id, made.next_actions[0].id];
    let found = actions_api::get_multiple_actions(at, actions_api::GetMultipleActionsParams { id: ids }).await;
    assert_eq!(found.expect("actions").actions.len(), 2);
    actions_api::get_action(at, actions_api::GetActionParams { id: made.action.id }).await.expect("an action");
    (made.server.id, firewall, key)
}

#[tokio::test]
async fn every_list_and_every_object_is_read_strictly() {
    let sandbox = sandbox().await;
    let at = &configuration(&sandbox);
    let calls = Calls::new(&sandbox);
    for kind in ["volumes", "primary_ips"] {
        let labelled = json!({"name": "kept", "labels": {"ampere-stack": "aa"}});
        calls.post(&format!("/_sandbox/objects/hetzner/{kind}"), labelled).await.ok();
    }
    let (server, firewall, key) = make(at).await;
    let sort = Some(vec!["id:asc".to_owned()]);
    let servers =
        servers_api::ListServersParams { label_selector: selector(), sort: sort.clone(), ..Default::default() };
    assert_eq!(servers_api::list_servers(at, servers).await.expect("servers").servers.len(), 1);
    let firewalls =
        firewalls_api::ListFirewallsParams { label_selector: selector(), sort: sort.clone(), ..Default::default() };
    assert_eq!(firewalls_api::list_firewalls(at, firewalls).await.expect("firewalls").firewalls.len(), 1);
    let keys = ssh_keys_api::ListSshKeysParams { label_selector: selector(), sort: sort.clone(), ..Default::default() };
    assert_eq!(ssh_keys_api::list_ssh_keys(at, keys).await.expect("keys").ssh_keys.len(), 1);
    let addresses = primary_ips_api::ListPrimaryIpsParams { sort: sort.clone(), ..Default::default() };
    assert_eq!(primary_ips_api::list_primary_ips(at, addresses).await.expect("addresses").primary_ips.len(), 3);
    let volumes = volumes_api::ListVolumesParams { label_selector: selector(), sort, ..Default::default() };
    let volumes = volumes_api::list_volumes(at, volumes).await.expect("volumes").volumes;
    volumes_api::get_volume(at, volumes_api::GetVolumeParams { id: volumes[0].id }).await.expect("a volume");
    servers_api::get_server(at, servers_api::GetServerParams { id: server }).await.expect("the server");
    firewalls_api::get_firewall(at, firewalls_api::GetFirewallParams { id: firewall }).await.expect("the firewall");
    ssh_keys_api::get_ssh_key(at, ssh_keys_api::GetSshKeyParams { id: key }).await.expect("the key");
    let log = servers_api::ListServerActionsParams { sort: Some(vec!["id:desc".into()]), ..Default::default() };
    assert_eq!(servers_api::list_server_actions(at, log).await.expect("the log").actions.len(), 2);
    let own = servers_api::ListActionsForServerParams { id: server, ..Default::default() };
    assert_eq!(servers_api::list_actions_for_server(at, own).await.expect("its log").actions.len(), 2);
}

#[tokio::test]
async fn the_catalogue_is_read_strictly() {
    let sandbox = sandbox().await;
    let at = &configuration(&sandbox);
    let types = server_types_api::list_server_types(at, Default::default()).await.expect("types").server_types;
    assert!(types.len() > 10);
    let params = server_types_api::GetServerTypeParams { id: types[0].id };
    server_types_api::get_server_type(at, params).await.expect("a type");
    let locations = locations_api::list_locations(at, Default::default()).await.expect("locations").locations;
    let params = locations_api::GetLocationParams { id: locations[0].id };
    locations_api::get_location(at, params).await.expect("a location");
    let images = images_api::list_images(at, Default::default()).await.expect("images").images;
    images_api::get_image(at, images_api::GetImageParams { id: images[0].id }).await.expect("an image");
}

#[tokio::test]
async fn what_is_ordered_and_deleted_is_read_strictly() {
    let sandbox = sandbox().await;
    let at = &configuration(&sandbox);
    let calls = Calls::new(&sandbox);
    let (server, firewall, key) = make(at).await;
    let params = ssh_keys_api::DeleteSshKeyParams { id: key };
    ssh_keys_api::delete_ssh_key(at, params).await.expect("the key goes");
    let renamed = models::ReplaceServerRequest { labels: labels(), name: None };
    let params = servers_api::ReplaceServerParams { id: server, replace_server_request: renamed };
    servers_api::replace_server(at, params).await.expect("labels");
    let renamed = models::ReplaceFirewallRequest { labels: labels(), name: None };
    let params = firewalls_api::ReplaceFirewallParams { id: firewall, replace_firewall_request: renamed };
    firewalls_api::replace_firewall(at, params).await.expect("labels");
    servers_api::shutdown_server(at, servers_api::ShutdownServerParams { id: server }).await.expect("a shutdown");
    servers_api::power_off_server(at, servers_api::PowerOffServerParams { id: server }).await.expect("off");
    let change = models::ChangeTypeOfServerRequest::new("cx33".into(), false);
    let params = servers_api::ChangeTypeOfServerParams { id: server, change_type_of_server_request: change };
    servers_api::change_type_of_server(at, params).await.expect("another type");
    servers_api::power_on_server(at, servers_api::PowerOnServerParams { id: server }).await.expect("on");
    let params =
        firewalls_api::SetRulesParams { id: firewall, set_rules_request: models::SetRulesRequest::new(Vec::new()) };
    firewalls_api::set_rules(at, params).await.expect("rules");
    let target = models::FirewallResource {
        label_selector: None,
        server: Some(Box::new(models::ResourceId::new(server))),
        r#type: models::firewall_resource::Type::Server,
    };
    let request = models::RemoveFromResourcesRequest::new(vec![target.clone()]);
    let params = firewalls_api::RemoveFromResourcesParams { id: firewall, remove_from_resources_request: request };
    firewalls_api::remove_from_resources(at, params).await.expect("detached");
    let request = models::ApplyToResourcesRequest::new(vec![target]);
    let params = firewalls_api::ApplyToResourcesParams { id: firewall, apply_to_resources_request: request };
    firewalls_api::apply_to_resources(at, params).await.expect("attached");
    let gone = servers_api::delete_server(at, servers_api::DeleteServerParams { id: server }).await.expect("it goes");
    assert_eq!(gone.action.expect("by an action").command, "delete_server");
    firewalls_api::delete_firewall(at, firewalls_api::DeleteFirewallParams { id: firewall }).await.expect("it goes");
    for (kind, number) in [("volumes", 1), ("primary_ips", 2)] {
        calls.post(&format!("/_sandbox/objects/hetzner/{kind}"), json!({"id": number})).await.ok();
    }
    volumes_api::delete_volume(at, volumes_api::DeleteVolumeParams { id: 1 }).await.expect("a volume goes");
    let params = primary_ips_api::DeletePrimaryIpParams { id: 2 };
    primary_ips_api::delete_primary_ip(at, params).await.expect("an address goes");
}

/// A refusal is read as the error that the description names.
#[tokio::test]
async fn refusals_are_read_strictly() {
    let sandbox = sandbox().await;
    let at = &configuration(&sandbox);
    let refused = servers_api::get_server(at, servers_api::GetServerParams { id: 1 }).await.expect_err("there is none");
    let hcloud::apis::Error::ResponseError(answer) = refused else { panic!("{refused}") };
    let error: models::ErrorResponse = serde_json::from_str(&answer.content).expect("an error body");
    assert_eq!((answer.status.as_u16(), error.error.code.as_str()), (404, "not_found"));
}
