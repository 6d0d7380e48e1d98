//! An instance's settings of OpenClaw, as its bundle says them.
use ampere_bundle::openclaw::{Release, Settings};
use ampere_core::provider::{ProviderError, ProviderErrorKind};
use ampere_lang::value::{Value, json as value_json};
use serde_json::{Map, Value as Json, json};

use super::channels;
use crate::attributes::text;
use crate::hetzner::CLOUD;

/// What is sent of an instance. Channels that are off are left out; what is null is not said.
///
/// # Errors
///
/// `Invalid` for what OpenClaw has no place for: the plan should have refused it.
pub(crate) fn settings(object: &Value) -> Result<Settings, ProviderError> {
    let version = text(object, "openclaw_version").unwrap_or_default();
    let release = Release::named(version).ok_or_else(|| unknown("openclaw_version"))?;
    let mut said = Map::new();
    said.insert("openclaw".into(), json!(release.version()));
    said.insert("model".into(), json!(text(object, "model")));
    if let Some(tools) = text(object, "tools") {
        said.insert("tools".into(), json!(tools));
    }
    let given = object.get("channels").filter(|given| !given.is_null());
    let mut on = Map::new();
    for name in given.as_ref().map(channels::enabled).unwrap_or_default() {
        let settings = given.as_ref().and_then(|given| given.get(&name));
        let settings = settings.map(|settings| value_json::to_json(&settings)).transpose();
        let mut settings = settings.map_err(|_| unknown("channels"))?.unwrap_or_else(|| json!({}));
        if let Some(settings) = settings.as_object_mut() {
            settings.retain(|name, value| name != "enabled" && !value.is_null());
        }
        on.insert(name, settings);
    }
    said.insert("channels".into(), Json::Object(on));
    serde_json::from_value(Json::Object(said)).map_err(|_| unknown("channels"))
}

fn unknown(attribute: &'static str) -> ProviderError {
    let message = format!("the value of {attribute} is none that an instance can be sent");
    ProviderError::new(CLOUD, ProviderErrorKind::Invalid, message).about(attribute)
}
