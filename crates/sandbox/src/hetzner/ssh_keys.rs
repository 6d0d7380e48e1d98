//! SSH keys, with the fingerprint the real service computes.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};
use serde_json::{Value, json};

use super::body::Fields;
use super::error::Refusal;
use super::list::ListQuery;
use super::{HIDDEN, next_id, time};
use crate::server::Clouds;
use crate::world::{Change, Kind};

type Answer = Result<Response, Refusal>;

pub(crate) async fn list(State(clouds): State<Clouds>, Query(pairs): Query<Vec<(String, String)>>) -> Answer {
    let query = ListQuery::read(pairs, &["name", "fingerprint"])?;
    clouds.change(|change| {
        let keys = change.all(Kind::SshKeys).iter().map(|(_, key)| key);
        Ok(query.answer("ssh_keys", keys, view))
    })
}

pub(crate) async fn get(State(clouds): State<Clouds>, Path(id): Path<String>) -> Answer {
    clouds.change(|change| Ok(Json(json!({"ssh_key": view(find(change, &id)?)})).into_response()))
}

pub(crate) async fn create(State(clouds): State<Clouds>, body: Bytes) -> Answer {
    let fields = Fields::read(&body)?;
    clouds.change(|change| {
        let name = fields.required_text("name")?;
        let public_key = fields.required_text("public_key")?.trim();
        let fingerprint =
            fingerprint(public_key).ok_or_else(|| Refusal::invalid("public_key", "the SSH key is not valid"))?;
        check_name(change, name, None)?;
        let mut keys = change.all(Kind::SshKeys).iter();
        if keys.any(|(_, key)| key["fingerprint"] == json!(fingerprint)) {
            let message = "SSH key with the same fingerprint already exists";
            return Err(Refusal::not_unique(message, "public_key"));
        }
        let labels = fields.labels()?.unwrap_or_else(|| json!({}));
        drop(keys);
        let id = next_id(change, Kind::SshKeys);
        let key = json!({
            "id": id, "name": name, "fingerprint": fingerprint, "public_key": public_key,
            "labels": labels, "created": time(change.now()),
        });
        change.put(Kind::SshKeys, &id.to_string(), key.clone());
        Ok((StatusCode::CREATED, Json(json!({"ssh_key": view(&key)}))).into_response())
    })
}

pub(crate) async fn update(State(clouds): State<Clouds>, Path(id): Path<String>, body: Bytes) -> Answer {
    let fields = Fields::read(&body)?;
    clouds.change(|change| {
        let mut key = find(change, &id)?.clone();
        if let Some(name) = fields.text("name")? {
            check_name(change, name, Some(&id))?;
            key["name"] = json!(name);
        }
        if let Some(labels) = fields.labels()? {
            key["labels"] = labels;
        }
        change.put(Kind::SshKeys, &id, key.clone());
        Ok(Json(json!({"ssh_key": view(&key)})).into_response())
    })
}

pub(crate) async fn delete(State(clouds): State<Clouds>, Path(id): Path<String>) -> Answer {
    clouds.change(|change| {
        find(change, &id)?;
        change.remove(Kind::SshKeys, &id);
        Ok(StatusCode::NO_CONTENT.into_response())
    })
}

fn find<'c>(change: &'c Change<'_>, id: &str) -> Result<&'c Value, Refusal> {
    change.get(Kind::SshKeys, id).ok_or_else(|| Refusal::not_found("SSH key", id))
}

fn check_name(change: &Change<'_>, name: &str, own_id: Option<&str>) -> Result<(), Refusal> {
    if name.is_empty() {
        return Err(Refusal::invalid("name", "must not be empty"));
    }
    if change.all(Kind::SshKeys).with_key(name).any(|(id, _)| Some(id) != own_id) {
        return Err(Refusal::not_unique("SSH key name is already used", "name"));
    }
    Ok(())
}

fn view(key: &Value) -> Value {
    let mut shown = key.clone();
    if let Some(fields) = shown.as_object_mut() {
        fields.remove(HIDDEN);
    }
    shown
}

/// The MD5 fingerprint of an OpenSSH public key, or `None` when the text is none: the blob must
/// begin with the type the line names (RFC 4253, section 6.6).
fn fingerprint(public_key: &str) -> Option<String> {
    let mut words = public_key.split_whitespace();
    let (kind, blob) = (words.next()?, words.next()?);
    let known = ["ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384"];
    if !known.contains(&kind) && kind != "ecdsa-sha2-nistp521" {
        return None;
    }
    let blob = STANDARD.decode(blob).ok()?;
    let length = u32::from_be_bytes(*blob.first_chunk::<4>()?) as usize;
    if blob.get(4..4 + length)? != kind.as_bytes() || blob.len() <= 4 + length {
        return None;
    }
    let digest = Md5::digest(&blob);
    let pairs: Vec<String> = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    Some(pairs.join(":"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFbhKujB52cqaMyBlZVyxmpyv46ChXxlv1sEos0x6rZS ada";

    #[test]
    fn the_fingerprint_is_that_of_ssh_keygen() {
        // `ssh-keygen -l -E md5 -f key.pub`
        let printed = "ff:84:25:14:b0:f9:d2:46:17:c9:e3:62:75:3e:a1:b6";
        assert_eq!(fingerprint(KEY).as_deref(), Some(printed));
    }

    #[test]
    fn a_line_that_is_no_key_has_no_fingerprint() {
        for line in ["", "ssh-ed25519", "ssh-ed25519 !!!", "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAA", "x y"] {
            assert_eq!(fingerprint(line), None, "{line}");
        }
    }
}
