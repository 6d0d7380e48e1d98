//! What Postgres' error codes mean to a person, and which of them pass by.
//!
//! Messages, details and hints of the server are not passed on: a detail names the row that was written.
use crate::store::StoreError;

/// A failure of the database, or of a rule.
#[derive(Debug)]
pub(super) enum Failure {
    Sql(sqlx::Error),
    Store(StoreError),
}

impl From<sqlx::Error> for Failure {
    fn from(e: sqlx::Error) -> Failure {
        Failure::Sql(e)
    }
}

/// The SQLSTATE of an error that the server gave, <https://www.postgresql.org/docs/current/errcodes-appendix.html>
pub(super) fn code(error: &sqlx::Error) -> Option<String> {
    error.as_database_error()?.code().map(|code| code.into_owned())
}

/// Whether the connection is gone, or none was to be had, and another one may help.
pub(super) fn is_lost(error: &sqlx::Error) -> bool {
    match code(error).as_deref() {
        // Shut down or crashed, still starting, out of connections, cut off for idleness.
        Some("57P01" | "57P02" | "57P03" | "57P05" | "53300" | "25P03") => true,
        Some(code) => code.starts_with("08"),
        None => matches!(error, sqlx::Error::Io(_)),
    }
}

/// Whether the server is there and will soon answer.
pub(super) fn is_starting(error: &sqlx::Error) -> bool {
    code(error).as_deref() == Some("57P03")
}

/// Whether two transactions were in each other's way, and this one was undone whole.
pub(super) fn is_conflict(error: &sqlx::Error) -> bool {
    matches!(code(error).as_deref(), Some("40001" | "40P01"))
}

/// The error for a person, of the state at that place.
pub(super) fn explain(place: &str, error: &sqlx::Error) -> StoreError {
    let io = |what: &str| StoreError::Io { place: place.into(), what: what.into() };
    let corrupt = |what: &str| StoreError::Corrupt { place: place.into(), what: what.into() };
    let Some(code) = code(error) else { return without_code(place, error) };
    match &*code {
        "28P01" | "28000" => io("the server refuses this user or this password; check both, and pg_hba.conf"),
        "3D000" => io("there is no database of that name on the server; make it with CREATE DATABASE"),
        "3F000" | "42P01" => io("the schema or one of its tables is missing; leave skip_schema_creation and \
                                 skip_table_creation out once, or have an administrator make them (docs/postgres.md)"),
        "42501" => io("the user lacks a right that is needed; docs/postgres.md has the list of them"),
        "25006" => io("the server only reads (a standby, or default_transaction_read_only); name the primary server"),
        "40001" | "40P01" => io("other sessions were in the way of every attempt; try again"),
        "53100" => io("the server's disk is full; nothing was written, free some space and try again"),
        "53300" => io("the server has no connection left; try again, or raise max_connections"),
        "53200" => io("the server ran out of memory; nothing was written"),
        "55P03" => io("another session keeps the state busy; look for a transaction that was left open"),
        "57014" => {
            io("the server stopped a statement that took too long; nothing was written, raise statement_timeout for \
                       this user")
        }
        "57P01" | "57P02" => io("the server was shut down"),
        "57P03" => io("the server is starting up or shutting down; try again"),
        "22021" | "22P05" => {
            io("a name holds a character that the database cannot keep (NUL, or one that its encoding lacks)")
        }
        "58030" => io("the server's disk failed to read or write"),
        "XX001" | "XX002" => corrupt("pages of the database do not fit together; restore it from a backup"),
        "42703" => corrupt("the schema holds tables of another program"),
        "P0001" => corrupt("a change breaks a rule of the state (the audit log is append-only)"),
        code if code.starts_with("23") => corrupt("a row breaks a rule of the state (the audit log is append-only)"),
        code => io(&format!("the server answered with the error code {code}")),
    }
}

fn without_code(place: &str, error: &sqlx::Error) -> StoreError {
    use std::io::ErrorKind;
    let io = |what: &str| StoreError::Io { place: place.into(), what: what.into() };
    match error {
        sqlx::Error::Io(e) => match e.kind() {
            ErrorKind::ConnectionRefused => io("nobody answers there; check host, port and whether the server runs"),
            ErrorKind::NotFound => io("the server's socket is not there; check whether the server runs"),
            ErrorKind::PermissionDenied => io("the server's socket may not be used by this user"),
            ErrorKind::TimedOut => io("the server does not answer"),
            ErrorKind::InvalidData => {
                io("TLS could not be set up; check sslmode, sslrootcert and the server's certificate")
            }
            ErrorKind::ConnectionReset | ErrorKind::UnexpectedEof | ErrorKind::BrokenPipe => {
                io("the connection to the server was lost")
            }
            kind => io(&format!("the server cannot be reached ({kind})")),
        },
        sqlx::Error::Tls(_) => {
            io("TLS could not be set up; check that the server offers it, sslmode, sslrootcert and the certificates")
        }
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::RowNotFound | sqlx::Error::Decode(_) => StoreError::Corrupt {
            place: place.into(),
            what: "a row is missing or is not of its type; restore the database from a backup".into(),
        },
        sqlx::Error::Configuration(_) => {
            io("a file that the URL or the environment names cannot be read (certificate, key)")
        }
        _ => io("what the server says cannot be understood"),
    }
}
