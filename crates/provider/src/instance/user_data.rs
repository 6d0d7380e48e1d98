//! cloud-init user data. Any process of the box can read it, so it names no secret and no person (promise S1).
use ampere_lang::value::Value;
use serde_json::json;

use super::channels;
use crate::attributes::text;

/// Where the settings lie on the box.
const PATH: &str = "/etc/ampere/instance.json";

/// The user data of an instance: version, model, names of the channels that are on. (JSON is YAML.)
pub(crate) fn user_data(object: &Value) -> String {
    let channels = object.get("channels").map(|given| channels::enabled(&given)).unwrap_or_default();
    let settings = json!({
        "openclaw_version": text(object, "openclaw_version"),
        "model": text(object, "model"),
        "channels": channels,
    });
    let config = json!({
        "disable_root": true,
        "ssh_pwauth": false,
        "users": [],
        "write_files": [{"path": PATH, "owner": "root:root", "permissions": "0600", "content": settings.to_string()}],
    });
    format!("#cloud-config\n{config:#}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_tells_settings_and_neither_persons_nor_secrets() {
        let telegram = Value::object([("allow_from", Value::tuple([Value::string("+15550001111")]))]);
        let object = Value::object([
            ("openclaw_version", Value::string("2026.9.6")),
            ("model", Value::string("anthropic/claude-sonnet-4-6")),
            ("channels", Value::object([("telegram", telegram)])),
            ("account", Value::string("uid-1")),
            ("secrets", Value::list(ampere_lang::value::Type::String, [Value::string("secret-1")])),
        ]);
        let text = user_data(&object);
        let body = text.strip_prefix("#cloud-config\n").unwrap();
        let config: serde_json::Value = serde_json::from_str(body).unwrap();
        let settings: serde_json::Value =
            serde_json::from_str(config["write_files"][0]["content"].as_str().unwrap()).unwrap();
        assert_eq!(settings["channels"], json!(["telegram"]));
        assert_eq!(config["ssh_pwauth"], json!(false));
        for absent in ["+1555", "uid-1", "secret-1"] {
            assert!(!text.contains(absent), "{absent}");
        }
    }
}
