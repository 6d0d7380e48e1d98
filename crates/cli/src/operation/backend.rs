//! A `backend` block takes effect with `init`: so that nobody plans against a state by mistake.
use std::path::PathBuf;

use ampere_core::lang::config::Module;
use ampere_core::lang::diagnostic::Diagnostic;
use ampere_core::lang::eval::constant;
use serde_json::{Map, Value as Json, json};

use crate::failure::Failure;
use crate::project::DataDirectory;

/// What a backend block says, as a document; null without one.
fn described(module: &Module) -> Json {
    let Some(backend) = &module.terraform.backend else { return Json::Null };
    let arguments: Map<String, Json> = backend
        .config
        .attributes
        .iter()
        .map(|a| (a.name.to_string(), constant(&a.value).0.as_str().map_or(Json::Null, Json::from)))
        .collect();
    json!({ "type": backend.backend_type.as_ref(), "arguments": arguments })
}

fn recorded(data: &DataDirectory) -> Json {
    let text = std::fs::read_to_string(data.backend_path()).unwrap_or_default();
    serde_json::from_str(&text).unwrap_or(Json::Null)
}

/// The file of the state as `init` has seen it; none if that is the usual place.
pub fn recorded_path(data: &DataDirectory) -> Option<PathBuf> {
    recorded(data)["arguments"]["path"].as_str().filter(|path| !path.is_empty()).map(PathBuf::from)
}

/// Whether `init` has seen the backend block.
///
/// # Errors
/// It has not, or has seen another one.
pub fn check_initialized(module: &Module) -> Result<(), Failure> {
    let wanted = described(module);
    if wanted == recorded(&DataDirectory::of_environment()) {
        return Ok(());
    }
    let detail = "The backend block says where the state is kept, and \"ampere init\" has not seen it as it is now. No change \
                  was made. Run \"ampere init\", then try again.";
    let mut finding = Diagnostic::error("Backend initialization required, please run \"ampere init\"", detail);
    if let Some(backend) = &module.terraform.backend {
        finding = finding.at(backend.span);
    }
    Err(Failure::findings(finding.into(), module.sources.clone()))
}

/// Writes down what `init` has seen.
///
/// # Errors
/// It cannot be written.
pub fn record_initialized(module: &Module, data: &DataDirectory) -> Result<(), Failure> {
    let wanted = described(module);
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
