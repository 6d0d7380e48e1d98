//! A `backend` block takes effect with `init`: so that nobody plans against a state by mistake.
use ampere_core::lang::config::Module;
use ampere_core::lang::diagnostic::Diagnostic;
use ampere_core::lang::eval::constant;
use ampere_core::secret::Secret;
use ampere_core::store::postgres::PostgresOptions;
use serde_json::{Map, Value as Json, json};

use crate::failure::Failure;
use crate::place::{Place, STATE_URL_VARIABLE, given};
use crate::project::DataDirectory;

/// What a backend block says, as a document; null without one. It holds no user and no password.
fn described(module: &Module) -> Json {
    let Some(backend) = &module.terraform.backend else { return Json::Null };
    let arguments: Map<String, Json> = backend
        .config
        .attributes
        .iter()
        .map(|a| {
            let (value, _) = constant(&a.value);
            let value = match value.as_str() {
                Some(url) if &*a.name == "conn_str" => public(url),
                Some(text) => Json::from(text),
                None => value.as_bool().map_or(Json::Null, Json::from),
            };
            (a.name.to_string(), value)
        })
        .collect();
    json!({ "type": backend.backend_type.as_ref(), "arguments": arguments })
}

/// A URL without user and password; null if it is none.
fn public(url: &str) -> Json {
    PostgresOptions::parse(&Secret::new(url.to_owned())).map_or(Json::Null, |options| options.public_url().into())
}

/// What `init` has written down; null if nothing.
pub fn recorded(data: &DataDirectory) -> Json {
    let text = std::fs::read_to_string(data.backend_path()).unwrap_or_default();
    serde_json::from_str(&text).unwrap_or(Json::Null)
}

/// Whether `init` has seen the backend block. `AMPERE_STATE_URL` says itself where the state is, and needs no `init`.
///
/// # Errors
/// It has not, or has seen another one.
pub fn check_initialized(module: &Module) -> Result<(), Failure> {
    if given(STATE_URL_VARIABLE).is_some() {
        return Ok(());
    }
    let (wanted, found) = (described(module), recorded(&DataDirectory::of_environment()));
    if (&wanted["type"], &wanted["arguments"]) == (&found["type"], &found["arguments"]) {
        return Ok(());
    }
    let detail = if found["type"] == "url" {
        format!(
            "\"ampere init\" has seen a state that {STATE_URL_VARIABLE} named, and the variable is not set now. No change was \
             made. Set it, or run \"ampere init\" to keep the state where the configuration says."
        )
    } else {
        "The backend block says where the state is kept, and \"ampere init\" has not seen it as it is now. No change was made. \
         Run \"ampere init\", then try again."
            .to_owned()
    };
    let mut finding = Diagnostic::error("Backend initialization required, please run \"ampere init\"", detail);
    if let Some(backend) = &module.terraform.backend {
        finding = finding.at(backend.span);
    }
    Err(Failure::findings(finding.into(), module.sources.clone()))
}

/// Writes down what `init` has seen, without user and password.
///
/// # Errors
/// It names no place, or cannot be written.
pub fn record_initialized(module: &Module, data: &DataDirectory) -> Result<(), Failure> {
    let place = Place::of(module, data)?;
    let mut wanted = match given(STATE_URL_VARIABLE) {
        Some(_) => json!({ "type": "url", "arguments": {} }),
        None => described(module),
    };
    match &place {
        Place::Postgres(options) => {
            wanted["url"] = options.public_url().into();
            wanted["schema"] = options.schema_name().into();
        }
        Place::File(path) if wanted["type"] == "url" => wanted["url"] = format!("sqlite:{}", path.display()).into(),
        Place::File(_) => {}
    }
    let path = data.backend_path();
    let result = if wanted.is_null() {
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    } else {
        std::fs::write(&path, format!("{wanted:#}\n"))
    };
    result.map_err(|error| {
        Failure::error("Data directory unusable", format!("{} cannot be written: {error}.", path.display()))
    })
}
