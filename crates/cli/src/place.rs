//! Where a stack keeps its state: a file (SQLite) or a schema of a Postgres database.
//!
//! `AMPERE_STATE_URL` wins; then the `backend` block, with what Terraform's backend `pg` takes from the environment; without
//! either it is a file in the data directory.
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::Arc;

use ampere_core::lang::config::{Backend, Module};
use ampere_core::lang::diagnostic::{Diagnostic, Diagnostics};
use ampere_core::lang::eval::constant;
use ampere_core::lang::value::Value;
use ampere_core::secret::Secret;
use ampere_core::store::postgres::{PostgresOptions, PostgresUrlError};
use ampere_core::store::{Adopt, PostgresStore, SqliteStore};

use crate::failure::Failure;
use crate::project::DataDirectory;
use crate::stack::store_failure;
use crate::world::SystemClock;

/// Says where the state is, whatever the configuration says.
pub const STATE_URL_VARIABLE: &str = "AMPERE_STATE_URL";

/// Where a state is kept.
#[derive(Clone, Debug)]
pub enum Place {
    /// A file of SQLite.
    File(PathBuf),
    /// A schema of a database.
    Postgres(Box<PostgresOptions>),
}

impl Place {
    /// The place of this run.
    ///
    /// # Errors
    /// The environment or the backend block names no place.
    pub fn of(module: &Module, data: &DataDirectory) -> Result<Place, Failure> {
        if let Some(url) = given(STATE_URL_VARIABLE) {
            return Place::parse(&Secret::new(url), STATE_URL_VARIABLE);
        }
        match &module.terraform.backend {
            None => Ok(Place::File(data.state_path())),
            Some(backend) => {
                Place::of_block(backend, data).map_err(|findings| Failure::findings(findings, module.sources.clone()))
            }
        }
    }

    /// The place of a URL: `postgres://…` or `sqlite:PATH`. `name` is what the URL is called in messages.
    ///
    /// # Errors
    /// The URL names no place; it is not repeated.
    pub fn parse(url: &Secret, name: &str) -> Result<Place, Failure> {
        if let Some(path) = url.expose().strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            if path.is_empty() {
                return Err(Failure::error("Invalid state URL", format!("{name} names no file: sqlite:PATH.")));
            }
            return Ok(Place::File(path.into()));
        }
        let options = PostgresOptions::parse(url).and_then(|options| match given("PG_SCHEMA_NAME") {
            Some(schema) => options.schema(&schema),
            None => Ok(options),
        });
        let detail = |error: PostgresUrlError| match error {
            PostgresUrlError::Scheme => format!("{name} is neither postgres://… nor sqlite:PATH."),
            error => format!("{name} cannot be used: {error}."),
        };
        options
            .map(|options| Place::Postgres(options.into()))
            .map_err(|error| Failure::error("Invalid state URL", detail(error)))
    }

    /// The place that `init` has written down, as it is without a configuration that could be read.
    ///
    /// # Errors
    /// It was a database, and who may enter is not known.
    pub fn recorded(record: &serde_json::Value, data: &DataDirectory) -> Result<Place, Failure> {
        if let Some(url) = given(STATE_URL_VARIABLE) {
            return Place::parse(&Secret::new(url), STATE_URL_VARIABLE);
        }
        let text = |value: &serde_json::Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        if let Some(url) = text(&record["url"]) {
            let (url, name) = match given("PG_CONN_STR") {
                Some(url) => (url, "PG_CONN_STR"),
                None => (url, "the state URL that \"ampere init\" wrote down"),
            };
            let place = Place::parse(&Secret::new(url), name)?;
            return match &place {
                Place::Postgres(_) => place.with_schema(text(&record["schema"]).as_deref()),
                Place::File(_) => Ok(place),
            };
        }
        Ok(Place::File(text(&record["arguments"]["path"]).map_or_else(|| data.state_path(), PathBuf::from)))
    }

    fn of_block(backend: &Backend, data: &DataDirectory) -> Result<Place, Diagnostics> {
        match &*backend.backend_type {
            "local" => {
                let arguments = Arguments::read(backend, &["path", "workspace_dir"])?;
                let path = arguments.text("path")?.filter(|path| !path.is_empty());
                Ok(Place::File(path.map_or_else(|| data.state_path(), PathBuf::from)))
            }
            "pg" => postgres(backend).map(|options| Place::Postgres(options.into())),
            other => {
                let detail = format!(
                    "There is no backend of type {other:?}. This version knows \"local\" (SQLite) and \"pg\" (Postgres)."
                );
                Err(Diagnostic::error("Unsupported backend type", detail).at(backend.span).into())
            }
        }
    }

    /// The same database with another schema, if one is named.
    ///
    /// # Errors
    /// It is no database, or no schema can have that name.
    pub fn with_schema(self, name: Option<&str>) -> Result<Place, Failure> {
        match (self, name) {
            (place, None) => Ok(place),
            (Place::File(_), Some(_)) => {
                Err(Failure::error("Invalid state URL", "A schema belongs to a database, and this is a file."))
            }
            (Place::Postgres(options), Some(name)) => options
                .schema(name)
                .map(|options| Place::Postgres(options.into()))
                .map_err(|error| Failure::error("Invalid state URL", format!("{error}."))),
        }
    }

    /// The place for people, without user and password.
    pub fn describe(&self) -> String {
        match self {
            Place::File(path) => path.display().to_string(),
            Place::Postgres(options) => options.place(),
        }
    }

    /// Opens the state; makes it when it is not there.
    ///
    /// # Errors
    /// It cannot be used.
    pub async fn open(&self) -> Result<Arc<dyn Adopt>, Failure> {
        Ok(match self {
            Place::File(path) => Arc::new(SqliteStore::open(path, Arc::new(SystemClock)).await.map_err(store_failure)?),
            Place::Postgres(options) => {
                Arc::new(PostgresStore::open((**options).clone()).await.map_err(store_failure)?)
            }
        })
    }

    /// Opens the state, if there is one already.
    ///
    /// # Errors
    /// As [`Place::open`].
    pub async fn existing(&self) -> Result<Option<Arc<dyn Adopt>>, Failure> {
        match self {
            Place::File(path) => match std::fs::metadata(path) {
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
                _ => self.open().await.map(Some),
            },
            Place::Postgres(options) => {
                let store = PostgresStore::existing((**options).clone()).await.map_err(store_failure)?;
                Ok(store.map(|store| Arc::new(store) as Arc<dyn Adopt>))
            }
        }
    }
}

/// A variable of the environment that is set to something.
pub fn given(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|text| !text.is_empty())
}

/// The arguments of Terraform's backend `pg`, each with the variable that stands in for it
/// (<https://developer.hashicorp.com/terraform/language/backend/pg>).
fn postgres(backend: &Backend) -> Result<PostgresOptions, Diagnostics> {
    let arguments = Arguments::read(
        backend,
        &["conn_str", "schema_name", "skip_schema_creation", "skip_table_creation", "skip_index_creation"],
    )?;
    let refused = |argument: &str, error: PostgresUrlError| {
        let detail = format!("{argument} cannot be used: {error}.");
        Diagnostics::from(Diagnostic::error("Invalid backend configuration", detail).at(arguments.place(argument)))
    };
    // Without a URL everything comes from PGHOST, PGDATABASE and their kin.
    let url = arguments.text("conn_str")?.or_else(|| given("PG_CONN_STR")).unwrap_or_else(|| "postgres://".to_owned());
    let mut options = PostgresOptions::parse(&Secret::new(url)).map_err(|error| refused("conn_str", error))?;
    if let Some(schema) = arguments.text("schema_name")?.or_else(|| given("PG_SCHEMA_NAME")) {
        options = options.schema(&schema).map_err(|error| refused("schema_name", error))?;
    }
    let skip_schema = arguments.flag("skip_schema_creation", "PG_SKIP_SCHEMA_CREATION")?;
    let skip_tables = arguments.flag("skip_table_creation", "PG_SKIP_TABLE_CREATION")?;
    // Our tables have no index beside their primary keys.
    arguments.flag("skip_index_creation", "PG_SKIP_INDEX_CREATION")?;
    Ok(options.creating(!skip_schema, !skip_tables))
}

/// The arguments of a backend block.
struct Arguments<'b> {
    backend: &'b Backend,
}

impl<'b> Arguments<'b> {
    fn read(backend: &'b Backend, known: &[&str]) -> Result<Arguments<'b>, Diagnostics> {
        let mut findings = Diagnostics::new();
        for attribute in &backend.config.attributes {
            if !known.contains(&&*attribute.name) {
                let detail = format!("An argument named {:?} is not expected here.", attribute.name);
                findings.push(Diagnostic::error("Unsupported argument", detail).at(attribute.value.span));
            }
        }
        if findings.has_errors() { Err(findings) } else { Ok(Arguments { backend }) }
    }

    fn value(&self, name: &str) -> Result<Option<Value>, Diagnostics> {
        let Some(attribute) = self.backend.config.attributes.iter().find(|a| &*a.name == name) else { return Ok(None) };
        let (value, findings) = constant(&attribute.value);
        if findings.has_errors() {
            return Err(findings);
        }
        Ok(Some(value).filter(|value| !value.is_null()))
    }

    fn text(&self, name: &str) -> Result<Option<String>, Diagnostics> {
        let Some(value) = self.value(name)? else { return Ok(None) };
        match value.as_str() {
            Some(text) => Ok(Some(text.to_owned())),
            None => Err(self.wrong(name, "a string")),
        }
    }

    /// A flag of the block, or else of the environment.
    fn flag(&self, name: &str, variable: &str) -> Result<bool, Diagnostics> {
        if let Some(value) = self.value(name)? {
            return match (value.as_bool(), value.as_str()) {
                (Some(flag), _) => Ok(flag),
                (_, Some("true")) => Ok(true),
                (_, Some("false")) => Ok(false),
                _ => Err(self.wrong(name, "a bool")),
            };
        }
        // The words that Go's strconv.ParseBool takes.
        match given(variable).as_deref() {
            None | Some("0" | "f" | "F" | "false" | "FALSE" | "False") => Ok(false),
            Some("1" | "t" | "T" | "true" | "TRUE" | "True") => Ok(true),
            Some(_) => {
                let detail = format!("{variable} is neither \"true\" nor \"false\".");
                Err(Diagnostic::error("Invalid backend configuration", detail).at(self.backend.span).into())
            }
        }
    }

    fn wrong(&self, name: &str, wanted: &str) -> Diagnostics {
        let detail = format!("The argument {name:?} must be {wanted}.");
        Diagnostic::error("Incorrect attribute value type", detail).at(self.place(name)).into()
    }

    fn place(&self, name: &str) -> ampere_core::lang::source::Span {
        let attribute = self.backend.config.attributes.iter().find(|a| &*a.name == name);
        attribute.map_or(self.backend.span, |a| a.value.span)
    }
}
