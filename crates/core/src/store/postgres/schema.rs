//! Tables and migrations.
use sqlx::{Connection, PgConnection};

use super::error::Failure;
use super::options::PostgresOptions;
use crate::store::StoreError;

/// The steps from an empty schema to the newest form. What was released is never changed; a step is added. `state.version`
/// says how many of them a schema has had. Names are found by the session's `search_path`.
///
/// Bodies are `bytea`: a text of Postgres holds no NUL.
const MIGRATIONS: &[&str] = &[r#"
CREATE TABLE state (
    id smallint PRIMARY KEY CHECK (id = 1),
    version integer NOT NULL,
    serial bigint NOT NULL,
    audit_sequence bigint NOT NULL,
    audit_hash text NOT NULL
);
CREATE TABLE objects (
    address text COLLATE "C" NOT NULL,
    deposed text COLLATE "C" NOT NULL,
    external_id text NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY (address, deposed)
);
CREATE TABLE outputs (name text COLLATE "C" PRIMARY KEY, body bytea NOT NULL);
CREATE TABLE journal (
    key text COLLATE "C" PRIMARY KEY,
    address text NOT NULL,
    operation text NOT NULL,
    started_at text NOT NULL
);
CREATE TABLE keys (id text COLLATE "C" PRIMARY KEY, wrapped bytea NOT NULL);
CREATE TABLE records (
    kind text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY (kind, id)
);
CREATE TABLE audit (
    sequence bigint PRIMARY KEY,
    previous text NOT NULL,
    hash text NOT NULL,
    event text NOT NULL
);
CREATE TABLE lock (
    lease text COLLATE "C" PRIMARY KEY,
    holder text NOT NULL,
    expires_at timestamptz NOT NULL,
    -- How many changes were written under it: whoever lost the answer to a COMMIT looks here.
    commits bigint NOT NULL
);
CREATE FUNCTION audit_in_order() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF NEW.sequence <> (SELECT coalesce(max(sequence), 0) + 1 FROM audit) THEN
        RAISE EXCEPTION 'the audit log is append-only';
    END IF;
    RETURN NEW;
END $$;
CREATE FUNCTION audit_not_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is append-only';
END $$;
CREATE TRIGGER audit_in_order BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION audit_in_order();
CREATE TRIGGER audit_not_changed BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_not_changed();
CREATE TRIGGER audit_not_emptied BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_not_changed();
INSERT INTO state VALUES (1, 0, 0, 0, '0000000000000000000000000000000000000000000000000000000000000000');
"#];

/// What a schema holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// The schema is not there.
    NoSchema,
    /// It holds no state.
    NoState,
    /// It holds one that has had so many migrations.
    State(usize),
}

/// Looks what is there.
///
/// # Errors
/// [`StoreError::Newer`]; [`StoreError::Corrupt`] for tables of another program.
pub(super) async fn look(connection: &mut PgConnection, options: &PostgresOptions) -> Result<Found, Failure> {
    let (schema, state): (bool, bool) = sqlx::query_as(
        "SELECT to_regnamespace(quote_ident($1)) IS NOT NULL,
                EXISTS (SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                        WHERE n.nspname = $1 AND c.relname = 'state')",
    )
    .bind(&options.schema)
    .fetch_one(&mut *connection)
    .await?;
    match (schema, state) {
        (false, _) => return Ok(Found::NoSchema),
        (true, false) => return Ok(Found::NoState),
        (true, true) => {}
    }
    let (found,): (i32,) = sqlx::query_as("SELECT version FROM state").fetch_one(connection).await?;
    let known = MIGRATIONS.len();
    match usize::try_from(found) {
        Ok(version) if (1..=known).contains(&version) => Ok(Found::State(version)),
        _ => Err(Failure::Store(StoreError::Newer { found: found.into(), known: known as i64 })),
    }
}

/// Brings the schema to the newest form; makes it when it is not there.
///
/// # Errors
/// As [`look`], and when something is missing that must not be made.
pub(super) async fn migrate(connection: &mut PgConnection, options: &PostgresOptions) -> Result<(), Failure> {
    if look(connection, options).await? == Found::State(MIGRATIONS.len()) {
        return Ok(());
    }
    let mut tx = connection.begin_with("BEGIN ISOLATION LEVEL READ COMMITTED").await?;
    // Another process may be doing the same: whoever comes second finds it done.
    sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended('ampere ' || $1, 0))")
        .bind(&options.schema)
        .execute(&mut *tx)
        .await?;
    let done = match look(&mut tx, options).await? {
        Found::State(version) => version,
        found => {
            make_room(&mut tx, options, found).await?;
            0
        }
    };
    if done < MIGRATIONS.len() && !options.create_tables {
        return Err(missing(
            options,
            "its tables are missing or older than this version, and skip_table_creation is set",
        ));
    }
    for migration in &MIGRATIONS[done..] {
        sqlx::raw_sql(*migration).execute(&mut *tx).await?;
    }
    sqlx::query("UPDATE state SET version = $1").bind(MIGRATIONS.len() as i32).execute(&mut *tx).await?;
    Ok(tx.commit().await?)
}

/// Makes the schema, unless it is there. One that holds Terraform's own state is not taken for an empty one.
async fn make_room(connection: &mut PgConnection, options: &PostgresOptions, found: Found) -> Result<(), Failure> {
    if found == Found::NoSchema {
        if !options.create_schema {
            return Err(missing(options, "the schema is missing, and skip_schema_creation is set"));
        }
        // Identifiers take no parameters: the server quotes it.
        let (quoted,): (String,) =
            sqlx::query_as("SELECT quote_ident($1)").bind(&options.schema).fetch_one(&mut *connection).await?;
        let create = sqlx::AssertSqlSafe(format!("CREATE SCHEMA {quoted}"));
        sqlx::raw_sql(create).execute(connection).await?;
        return Ok(());
    }
    let (terraform,): (bool,) = sqlx::query_as("SELECT to_regclass(quote_ident($1) || '.states') IS NOT NULL")
        .bind(&options.schema)
        .fetch_one(connection)
        .await?;
    if terraform {
        return Err(missing(
            options,
            "the schema holds a state of Terraform itself; name another one with schema_name, and bring the state over with \
             \"ampere state migrate\" (docs/postgres.md)",
        ));
    }
    Ok(())
}

fn missing(options: &PostgresOptions, what: &str) -> Failure {
    Failure::Store(StoreError::Io { place: options.place(), what: what.into() })
}
