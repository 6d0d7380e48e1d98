//! What a bundle says.
use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

use crate::openclaw::Settings;

/// What a bundle says: the values of the box's secrets, and OpenClaw's settings. Not `Debug`, as it holds values.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contents {
    /// The values by id: `anthropic`, `telegram`, `generic/NAME`.
    #[serde(serialize_with = "write_secrets", deserialize_with = "read_secrets")]
    pub secrets: BTreeMap<String, Zeroizing<String>>,
    /// OpenClaw's settings.
    pub settings: Settings,
}

/// Values travel in base64url: JSON's escapes would have the parser copy them to memory that nobody wipes.
fn write_secrets<S: Serializer>(
    secrets: &BTreeMap<String, Zeroizing<String>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(secrets.iter().map(|(id, value)| (id, Zeroizing::new(BASE64.encode(&**value)))))
}

fn read_secrets<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, Zeroizing<String>>, D::Error> {
    let encoded: BTreeMap<String, &'de str> = BTreeMap::deserialize(deserializer)?;
    let mut secrets = BTreeMap::new();
    for (id, text) in encoded {
        let bytes = Zeroizing::new(BASE64.decode(text).map_err(|_| D::Error::custom("a secret is not base64url"))?);
        let value = str::from_utf8(&bytes).map_err(|_| D::Error::custom("a secret is not text"))?;
        secrets.insert(id, Zeroizing::new(value.to_owned()));
    }
    Ok(secrets)
}
