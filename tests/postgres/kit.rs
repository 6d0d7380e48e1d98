//! One server for all tests that do it no harm; each has a schema of its own.
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use ampere_core::secret::Secret;
use ampere_core::store::postgres::PostgresOptions;
use ampere_core::store::{LockHolder, Mutation, PostgresStore, StoreChange, StoredObject};
use ampere_tests::Postgres;
use jiff::Timestamp;
use sqlx::{Connection, PgConnection};

/// The server of all.
pub fn server() -> &'static Postgres {
    static SERVER: OnceLock<Postgres> = OnceLock::new();
    SERVER.get_or_init(Postgres::start)
}

/// A schema that nobody has used.
pub fn new_schema() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("Stack \"{}\"", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// A place in a database.
pub fn options(url: &str, schema: &str) -> PostgresOptions {
    PostgresOptions::parse(&Secret::new(url.to_owned())).unwrap().schema(schema).unwrap()
}

/// A fresh state on the server of all.
pub async fn fresh() -> (PostgresStore, PostgresOptions) {
    let options = options(&server().url(), &new_schema());
    (PostgresStore::open(options.clone()).await.unwrap(), options)
}

/// The database as its administrator sees it, with the tables of a schema.
pub async fn administrator(url: &str, schema: &str) -> PgConnection {
    let mut connection = PgConnection::connect(url).await.unwrap();
    sqlx::query("SELECT set_config('search_path', quote_ident($1), false)")
        .bind(schema)
        .execute(&mut connection)
        .await
        .unwrap();
    connection
}

/// Somebody who takes a lock.
pub fn holder(id: &str) -> LockHolder {
    LockHolder { id: id.into(), who: "ada@laptop".into(), operation: "apply".into(), since: Timestamp::UNIX_EPOCH }
}

/// An object of about 500 bytes.
pub fn object(address: &str) -> StoredObject {
    StoredObject { address: address.into(), deposed: String::new(), external_id: "id".into(), body: "x".repeat(500) }
}

/// A change that writes an object.
pub fn put(address: &str) -> StoreChange {
    StoreChange { mutations: vec![Mutation::PutObject(object(address))], ..StoreChange::default() }
}
