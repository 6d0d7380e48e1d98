//! Where a database is and how it is spoken to: a URL as libpq reads it.
//!
//! What the URL leaves open comes from where every program for Postgres takes it: `PGUSER`, `PGPASSWORD`, `PGSSLMODE`,
//! `PGSSLROOTCERT` and their kin, the password file (<https://www.postgresql.org/docs/current/libpq-envars.html>).
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use sqlx::ConnectOptions;
use sqlx::postgres::{PgConnectOptions, PgSslMode};

use crate::secret::Secret;

/// The schema that is used unless another one is named: the default of Terraform's backend `pg`.
pub const DEFAULT_SCHEMA: &str = "terraform_remote_state";
/// How long the server may take to accept a connection, unless the URL says `connect_timeout`.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Parameters of a URL that have a meaning here.
const KNOWN: [&str; 12] = [
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "application_name",
    "options",
];
/// Those that say where the database is and how it shows who it is, and nothing of who asks.
const PUBLIC: [&str; 6] = ["sslmode", "sslrootcert", "host", "hostaddr", "port", "dbname"];
/// The longest name that Postgres takes without cutting it.
const LONGEST_NAME: usize = 63;

/// A database, and the schema in it that holds the state.
#[derive(Clone)]
pub struct PostgresOptions {
    pub(super) connect: PgConnectOptions,
    pub(super) connect_timeout: Duration,
    pub(super) schema: String,
    pub(super) create_schema: bool,
    pub(super) create_tables: bool,
    public: String,
}

/// Why a URL names no database. No variant holds a part of it, since it may be a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PostgresUrlError {
    /// It does not begin as such URLs do.
    #[error("it does not begin with postgres:// or postgresql://")]
    Scheme,
    /// It cannot be taken apart.
    #[error(
        "it cannot be read; write the special characters of its password as %XX (`/` as %2F, `#` as %23, `?` as %3F)"
    )]
    Malformed,
    /// It has a parameter that means nothing here.
    #[error("it has a parameter that is not known here; known are connect_timeout, {}", KNOWN.join(", "))]
    Parameter,
    /// A time limit is no number of seconds.
    #[error("its connect_timeout is not a number of seconds")]
    Timeout,
    /// No schema can have that name.
    #[error("a schema's name has 1 to {LONGEST_NAME} bytes and no NUL")]
    Schema,
}

impl PostgresOptions {
    /// The database of a URL, with the schema [`DEFAULT_SCHEMA`]; what is missing there is made.
    ///
    /// Where neither the URL nor `PGSSLMODE` says anything of TLS it is demanded, as Terraform's backend does; over a Unix
    /// socket there is none. `sslmode=require` with an `sslrootcert` verifies as `verify-ca`, as libpq does.
    ///
    /// ```
    /// use ampere_core::secret::Secret;
    /// use ampere_core::store::postgres::PostgresOptions;
    /// let url = Secret::new("postgres://ada:EXAMPLE-password@db.example.com/ampere?sslmode=verify-full".to_owned());
    /// let options = PostgresOptions::parse(&url).unwrap();
    /// assert_eq!(options.place(), "postgres://db.example.com:5432/ampere, schema terraform_remote_state");
    /// ```
    ///
    /// # Errors
    /// [`PostgresUrlError`], which repeats nothing of the URL.
    pub fn parse(url: &Secret) -> Result<PostgresOptions, PostgresUrlError> {
        let text = url.expose();
        if !text.starts_with("postgres://") && !text.starts_with("postgresql://") {
            return Err(PostgresUrlError::Scheme);
        }
        let (front, query) = text.split_once('?').unwrap_or((text, ""));
        let mut connect_timeout = CONNECT_TIMEOUT;
        let mut passed_on = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').ok_or(PostgresUrlError::Malformed)?;
            match key {
                "connect_timeout" => {
                    connect_timeout = Duration::from_secs(value.parse().map_err(|_| PostgresUrlError::Timeout)?);
                }
                _ if KNOWN.contains(&key) => passed_on.push((key, value)),
                _ => return Err(PostgresUrlError::Parameter),
            }
        }
        let connect = connect_options(front, &passed_on)?;
        let is_public = |(key, _): &&(&str, &str)| PUBLIC.contains(key);
        let public = public_url(front, passed_on.iter().filter(is_public));
        let schema = DEFAULT_SCHEMA.to_owned();
        Ok(PostgresOptions { connect, connect_timeout, schema, create_schema: true, create_tables: true, public })
    }

    /// The same database with another schema.
    ///
    /// # Errors
    /// [`PostgresUrlError::Schema`] for a name that Postgres would cut or refuse.
    pub fn schema(self, name: &str) -> Result<PostgresOptions, PostgresUrlError> {
        if name.is_empty() || name.len() > LONGEST_NAME || name.contains('\0') {
            return Err(PostgresUrlError::Schema);
        }
        Ok(PostgresOptions { schema: name.to_owned(), ..self })
    }

    /// Whether a schema and tables that are missing are made.
    #[must_use]
    pub fn creating(self, schema: bool, tables: bool) -> PostgresOptions {
        PostgresOptions { create_schema: schema, create_tables: tables, ..self }
    }

    /// The database and the schema, for people: without user, password and parameters.
    pub fn place(&self) -> String {
        let options = &self.connect;
        let host = match options.get_socket() {
            Some(socket) => socket.display().to_string(),
            None => options.get_host().to_owned(),
        };
        let database = options.get_database().unwrap_or("(the user's)");
        format!("postgres://{host}:{}/{database}, schema {}", options.get_port(), self.schema)
    }

    /// The schema.
    pub fn schema_name(&self) -> &str {
        &self.schema
    }

    /// The URL without user and password, and with no more parameters than say where the database is and how it shows who it
    /// is: fit to be written down.
    pub fn public_url(&self) -> &str {
        &self.public
    }
}

impl fmt::Debug for PostgresOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PostgresOptions").field(&self.place()).finish()
    }
}

fn connect_options(front: &str, parameters: &[(&str, &str)]) -> Result<PgConnectOptions, PostgresUrlError> {
    // An unescaped `/` or `#` in a password would make its rest a path or a fragment, and show it in messages.
    let after_authority =
        front.split_once("://").and_then(|(_, rest)| rest.split_once('/')).map_or("", |(_, path)| path);
    if front.contains('#') || after_authority.contains('@') {
        return Err(PostgresUrlError::Malformed);
    }
    let query: Vec<String> = parameters.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let options = PgConnectOptions::from_str(&format!("{front}?{}", query.join("&")));
    let options = options.map_err(|_| PostgresUrlError::Malformed)?.disable_statement_logging();
    let given = |name| parameters.iter().any(|(key, _)| *key == name);
    let is_socket = options.get_socket().is_some() || options.get_host().starts_with('/');
    Ok(match options.get_ssl_mode() {
        _ if is_socket => options.ssl_mode(PgSslMode::Disable),
        // What the driver takes when nobody has said anything.
        PgSslMode::Prefer if !given("sslmode") && given("sslrootcert") => options.ssl_mode(PgSslMode::VerifyCa),
        PgSslMode::Prefer if !given("sslmode") => options.ssl_mode(PgSslMode::Require),
        PgSslMode::Require if given("sslrootcert") => options.ssl_mode(PgSslMode::VerifyCa),
        _ => options,
    })
}

fn public_url<'a>(front: &str, parameters: impl Iterator<Item = &'a (&'a str, &'a str)>) -> String {
    let (scheme, rest) = front.split_once("://").unwrap_or(("postgres", front));
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let query: Vec<String> = parameters.map(|(key, value)| format!("{key}={value}")).collect();
    let query = if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) };
    format!("{scheme}://{host}/{path}{query}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> Result<PostgresOptions, PostgresUrlError> {
        PostgresOptions::parse(&Secret::new(url.to_owned()))
    }

    #[test]
    fn neither_the_place_nor_what_is_written_down_names_user_or_password() {
        let url = "postgresql://ada:EXAMPLE-pw@db.example.com:6432/states?sslmode=verify-full&user=eve&password=EXAMPLE-2&connect_timeout=3";
        let options = parse(url).unwrap();
        let shown = format!("{} {} {options:?}", options.place(), options.public_url());
        for secret in ["ada", "eve", "EXAMPLE"] {
            assert!(!shown.contains(secret), "{shown}");
        }
        assert_eq!(options.public_url(), "postgresql://db.example.com:6432/states?sslmode=verify-full");
        assert_eq!(options.connect_timeout, Duration::from_secs(3));
    }

    #[test]
    fn a_password_that_is_not_escaped_is_refused_and_not_repeated() {
        for url in ["postgres://u:1/EX@h/db", "postgres://u:1#EX@h/db", "postgres://u:1?EX@h/db", "postgres://u:EX/x@h"]
        {
            let error = parse(url).unwrap_err();
            assert!(!error.to_string().contains("EX"), "{url}: {error}");
        }
        assert_eq!(parse("host=db user=ada").unwrap_err(), PostgresUrlError::Scheme);
        assert_eq!(parse("postgres://h/db?sslmod=x").unwrap_err(), PostgresUrlError::Parameter);
        assert_eq!(parse("postgres://h/db?sslmode=sometimes").unwrap_err(), PostgresUrlError::Malformed);
    }

    #[test]
    fn tls_is_demanded_unless_somebody_says_otherwise() {
        let mode = |url: &str| format!("{:?}", parse(url).unwrap().connect.get_ssl_mode());
        assert_eq!(mode("postgres://db.example.com/x"), "Require");
        assert_eq!(mode("postgres://db.example.com/x?sslmode=prefer"), "Prefer");
        assert_eq!(mode("postgres://db.example.com/x?sslmode=disable"), "Disable");
        assert_eq!(mode("postgres://db.example.com/x?sslmode=require&sslrootcert=ca.pem"), "VerifyCa");
        assert_eq!(mode("postgres:///x?host=/var/run/postgresql"), "Disable");
    }

    #[test]
    fn a_schema_that_postgres_would_cut_is_refused() {
        let options = || parse("postgres://h/db").unwrap();
        assert_eq!(options().schema("").unwrap_err(), PostgresUrlError::Schema);
        assert_eq!(options().schema(&"x".repeat(64)).unwrap_err(), PostgresUrlError::Schema);
        assert!(options().schema("Ada's \"states\"").unwrap().place().ends_with("schema Ada's \"states\""));
    }
}
