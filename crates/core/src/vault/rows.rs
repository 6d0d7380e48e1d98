//! Objects and outputs as rows of the state, and back. Numbers and types come back exactly.
//!
//! What belongs to an account is sealed as a whole under the account's key (S1, G3): its attributes are personal, and end with
//! the key wherever a copy of the row may be. Of anything else the sensitive parts are sealed, under the stack's key.
use std::collections::BTreeMap;
use std::sync::Arc;

use ampere_lang::value::{Path, Value};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::codec::{self, CodecError, Sealing};
use super::{STACK, SealContext, SealError, Sealed, Sealer, Vault};
use crate::address::{Address, InstanceKey};
use crate::identity::ExternalId;
use crate::retention::{Owner, Tombstone};
use crate::secret::Secret;
use crate::snapshot::{
    Object, ObjectKey, OutputValue, RecordKind, Snapshot, StoredObject, StoredOutput, StoredRecord, StoredSnapshot,
};

/// Version of the body's form: 2 seals the attributes of an account's objects as a whole.
const VERSION: u32 = 2;
/// In the place of attributes that are sealed as a whole.
const WHOLE: &str = "$sealed";

/// Why a row cannot be written or read. No variant holds a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RowError {
    /// A value in it cannot be written or read.
    #[error("the state of {address} cannot be written or read")]
    Value {
        /// The object or output.
        address: String,
        /// Why.
        source: CodecError,
    },
    /// There is no key to seal it under.
    #[error("the state of {address} cannot be sealed")]
    Key {
        /// The object.
        address: String,
        /// Why.
        source: SealError,
    },
    /// The row is not as it was written.
    #[error("the state of {address} is damaged")]
    Damaged {
        /// The object or output, as the row is named.
        address: String,
    },
    /// A newer version of Ampere wrote it.
    #[error("the state of {address} was written by a newer version (form {found}, this version knows {VERSION})")]
    Newer {
        /// The object or output.
        address: String,
        /// The form found.
        found: u32,
    },
    /// There are objects and no keys: rows have been lost, or the root key is another one.
    #[error("the state holds objects and no keys: rows have been lost")]
    NoKeys,
    /// Another process has rotated the keys since the vault was opened (see `rotation::Rotation::run`).
    #[error("the keys of the state were rotated by another process since they were read; open the vault anew")]
    KeysRotated,
}

#[derive(Serialize, Deserialize)]
struct ObjectBody {
    form: u32,
    address: AddressBody,
    /// Under whose key sensitive parts are sealed.
    account: Arc<str>,
    schema_version: u32,
    attributes: Json,
    dependencies: Vec<Arc<str>>,
    create_before_destroy: bool,
    tainted: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sealed: Option<Sealed>,
}

#[derive(Serialize, Deserialize)]
struct OutputBody {
    form: u32,
    sensitive: bool,
    value: Json,
}

#[derive(Serialize, Deserialize)]
struct TombstoneBody {
    form: u32,
    #[serde(flatten)]
    tombstone: Tombstone,
}

/// An address in its parts.
#[derive(Serialize, Deserialize)]
pub(crate) struct AddressBody {
    #[serde(rename = "type")]
    resource_type: Arc<str>,
    name: Arc<str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    index: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<Arc<str>>,
}

impl From<&Address> for AddressBody {
    fn from(address: &Address) -> AddressBody {
        let (index, key) = match &address.key {
            None => (None, None),
            Some(InstanceKey::Index(n)) => (Some(*n), None),
            Some(InstanceKey::Key(k)) => (None, Some(k.clone())),
        };
        let resource = address.resource.clone();
        AddressBody { resource_type: resource.resource_type, name: resource.name, index, key }
    }
}

impl From<AddressBody> for Address {
    fn from(body: AddressBody) -> Address {
        let key = body.index.map(InstanceKey::Index).or(body.key.map(InstanceKey::Key));
        Address::new(body.resource_type, body.name).with_key(key)
    }
}

/// The account whose key seals an object's row: its `account` attribute; itself, if there is a key for it; else [`STACK`].
pub fn account(object: &Object, vault: &Vault) -> Arc<str> {
    let named = object.attributes.get("account").filter(|account| account.marks().is_empty());
    match named.as_ref().and_then(|account| account.as_str()) {
        Some(account) => account.into(),
        None if vault.holds(&object.id.0) => object.id.0.clone(),
        None => STACK.into(),
    }
}

/// The row of an object.
///
/// # Errors
/// [`RowError::Value`] for ephemeral or absurdly nested attributes, and if nothing could be sealed.
pub fn encode_object(key: &ObjectKey, object: &Object, vault: &Vault) -> Result<StoredObject, RowError> {
    let address = key.address.to_string();
    let account = account(object, vault);
    let place = place(&address, key.deposed.as_deref().unwrap_or_default());
    let attributes = match &*account {
        STACK => codec::write(&object.attributes, &Sealing { vault, account: STACK, address: &place }),
        account => whole(&object.attributes, &place, account, vault),
    };
    let attributes = attributes.map_err(|source| RowError::Value { address: address.clone(), source })?;
    let body = ObjectBody {
        form: VERSION,
        address: (&key.address).into(),
        account: account.clone(),
        schema_version: object.schema_version,
        attributes,
        dependencies: object.dependencies.clone(),
        create_before_destroy: object.create_before_destroy,
        tainted: object.tainted,
        sealed: object.sealed.clone(),
    };
    Ok(StoredObject {
        body: text(&body, &address)?,
        address,
        deposed: key.deposed.as_deref().unwrap_or_default().into(),
        external_id: object.id.to_string(),
    })
}

/// Attributes, sealed in one text.
fn whole(attributes: &Value, place: &str, account: &str, vault: &Vault) -> Result<Json, CodecError> {
    let document = codec::write(attributes, &codec::Marking)?;
    let sealed = vault.seal(&whole_context(place, account), &Secret::new(document.to_string()));
    let sealed = sealed.map_err(|source| CodecError::Seal { path: Path::root(), source })?;
    Ok(json!({ WHOLE: sealed.0 }))
}

/// What [`whole`] sealed. When the account's key is destroyed, what is left is whose it was and how it is called.
fn opened(sealed: &Sealed, place: &str, id: &str, account: &str, vault: &Vault) -> Result<Value, CodecError> {
    let damaged = || CodecError::Damaged { path: Path::root() };
    match vault.open_sealed(&whole_context(place, account), sealed) {
        Ok(text) => {
            let document: Json = serde_json::from_str(text.expose()).map_err(|_| damaged())?;
            codec::read(&document, &codec::Marking)
        }
        Err(SealError::NoKey) => Ok(Value::object([("id", Value::string(id)), ("account", Value::string(account))])),
        Err(source) => Err(CodecError::Seal { path: Path::root(), source }),
    }
}

fn whole_context<'a>(address: &'a str, account: &'a str) -> SealContext<'a> {
    SealContext { account, address, attribute: "", version: 0 }
}

/// The object of a row.
///
/// # Errors
/// The row was changed, was written by a newer version, or its sealed parts do not open.
pub fn decode_object(row: &StoredObject, vault: &Vault) -> Result<(ObjectKey, Object), RowError> {
    let damaged = || RowError::Damaged { address: row.address.clone() };
    let body: ObjectBody = parse(&row.body, &row.address)?;
    let address = Address::from(body.address);
    if address.to_string() != row.address {
        return Err(damaged());
    }
    let place = place(&row.address, &row.deposed);
    let attributes = match body.attributes.get(WHOLE).and_then(Json::as_str) {
        None => codec::read(&body.attributes, &Sealing { vault, account: &body.account, address: &place }),
        Some(sealed) => opened(&Sealed(sealed.into()), &place, &row.external_id, &body.account, vault),
    };
    let attributes = attributes.map_err(|source| RowError::Value { address: row.address.clone(), source })?;
    let deposed = if row.deposed.is_empty() { None } else { Some(row.deposed.as_str().into()) };
    let object = Object {
        id: ExternalId(row.external_id.as_str().into()),
        attributes,
        dependencies: body.dependencies,
        create_before_destroy: body.create_before_destroy,
        tainted: body.tainted,
        schema_version: body.schema_version,
        sealed: body.sealed,
    };
    Ok((ObjectKey { address, deposed }, object))
}

/// The row of a root output.
///
/// # Errors
/// As [`encode_object`].
pub fn encode_output(name: &str, output: &OutputValue, vault: &Vault) -> Result<StoredOutput, RowError> {
    let address = format!("output.{name}");
    let sealing = Sealing { vault, account: STACK, address: &address };
    let value =
        codec::write(&output.value, &sealing).map_err(|source| RowError::Value { address: address.clone(), source })?;
    let body = OutputBody { form: VERSION, sensitive: output.sensitive, value };
    Ok(StoredOutput { name: name.into(), body: text(&body, &address)? })
}

/// The root output of a row.
///
/// # Errors
/// As [`decode_object`].
pub fn decode_output(row: &StoredOutput, vault: &Vault) -> Result<(Arc<str>, OutputValue), RowError> {
    let address = format!("output.{}", row.name);
    let body: OutputBody = parse(&row.body, &address)?;
    let sealing = Sealing { vault, account: STACK, address: &address };
    let value = codec::read(&body.value, &sealing).map_err(|source| RowError::Value { address, source })?;
    Ok((row.name.as_str().into(), OutputValue { value, sensitive: body.sensitive }))
}

/// The state of all rows.
///
/// # Errors
/// Those of the first row that cannot be read; [`RowError::NoKeys`] if objects have outlived their keys.
pub fn snapshot(stored: &StoredSnapshot, vault: &Vault) -> Result<Snapshot, RowError> {
    if stored.keys.is_empty() && !stored.objects.is_empty() {
        return Err(RowError::NoKeys);
    }
    // What this vault would wrap from here on nobody could open after it.
    if vault.is_outdated_by(&stored.keys) {
        return Err(RowError::KeysRotated);
    }
    Ok(Snapshot {
        serial: stored.serial,
        objects: stored.objects.iter().map(|row| decode_object(row, vault)).collect::<Result<_, _>>()?,
        outputs: stored.outputs.iter().map(|row| decode_output(row, vault)).collect::<Result<_, _>>()?,
        pending: stored.pending.clone(),
        tombstones: tombstones(stored)?,
        marks: records(stored, RecordKind::Mark)
            .map(|row| (row.id.as_str().into(), row.body.as_str().into()))
            .collect(),
    })
}

fn records(stored: &StoredSnapshot, kind: RecordKind) -> impl Iterator<Item = &StoredRecord> {
    stored.records.iter().filter(move |row| row.kind == kind)
}

/// The tombstones of a state.
///
/// # Errors
/// As [`decode_object`].
pub(crate) fn tombstones(stored: &StoredSnapshot) -> Result<BTreeMap<Owner, Tombstone>, RowError> {
    let rows = records(stored, RecordKind::Tombstone).map(|row| {
        let body: TombstoneBody = parse(&row.body, &format!("tombstone {}", row.id))?;
        Ok((body.tombstone.owner.clone(), body.tombstone))
    });
    rows.collect()
}

/// The row of a tombstone. It holds no personal data, so nothing in it is sealed.
pub fn tombstone_row(tombstone: &Tombstone) -> StoredRecord {
    let body = TombstoneBody { form: VERSION, tombstone: tombstone.clone() };
    let body = serde_json::to_string(&body).expect("hashes, names and times can be written");
    StoredRecord { kind: RecordKind::Tombstone, id: tombstone.owner.to_string(), body }
}

/// What sealed parts are bound to: a deposed object is another one than the current.
fn place(address: &str, deposed: &str) -> String {
    if deposed.is_empty() { address.into() } else { format!("{address} (deposed {deposed})") }
}

fn text(body: &impl Serialize, address: &str) -> Result<String, RowError> {
    serde_json::to_string(body).map_err(|_| RowError::Damaged { address: address.into() })
}

/// Looks at the form before anything else. serde_json's messages echo the text, so only the place is told.
fn parse<T: serde::de::DeserializeOwned>(body: &str, address: &str) -> Result<T, RowError> {
    #[derive(Deserialize)]
    struct Form {
        form: u32,
    }
    let damaged = |_| RowError::Damaged { address: address.into() };
    let Form { form: found } = serde_json::from_str(body).map_err(damaged)?;
    if found > VERSION {
        return Err(RowError::Newer { address: address.into(), found });
    }
    serde_json::from_str(body).map_err(damaged)
}
