//! What is told when a database cannot be used, and what is made when it can.
use ampere_core::secret::Secret;
use ampere_core::store::postgres::PostgresOptions;
use ampere_core::store::{PostgresStore, Store, StoreChange, StoreError};

use crate::kit::{administrator, fresh, holder, new_schema, options, put, server};

async fn refusal(options: PostgresOptions) -> String {
    match PostgresStore::open(options).await.err() {
        Some(StoreError::Io { what, .. } | StoreError::Corrupt { what, .. }) => what,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_is_wrong_is_told_without_credentials() {
    let server = server();
    let url = |text: &str| options(text, "s");
    let port = server.port();
    let absent = format!("postgres://ada:EXAMPLE-pw@127.0.0.1:{port}/absent?sslmode=disable");
    assert!(refusal(url(&absent)).await.contains("refuses this user"), "there is no user ada");
    let database = format!("postgres://postgres@127.0.0.1:{port}/absent?sslmode=disable");
    assert!(refusal(url(&database)).await.contains("no database of that name"));
    let nobody = "postgres://postgres:EXAMPLE-pw@127.0.0.1:1/x?sslmode=disable";
    assert!(refusal(url(nobody)).await.contains("nobody answers"));
    let tls = server.url_for("postgres", "");
    assert!(
        refusal(url(&tls)).await.contains("TLS could not be set up"),
        "TLS is demanded unless somebody says otherwise"
    );
    for text in [&*absent, nobody] {
        let shown = format!("{:?}", PostgresStore::open(url(text)).await.err());
        assert!(!shown.contains("EXAMPLE") && !shown.contains("ada"), "{shown}");
    }
}

#[tokio::test]
async fn a_schema_is_made_once_by_many_and_not_where_it_must_not() {
    let named = options(&server().url(), &new_schema());
    assert!(refusal(named.clone().creating(false, true)).await.contains("skip_schema_creation"));
    assert!(PostgresStore::existing(named.clone()).await.unwrap().is_none(), "looking makes nothing");
    let all = (0..8).map(|_| tokio::spawn(PostgresStore::open(named.clone())));
    for opened in all.collect::<Vec<_>>() {
        opened.await.unwrap().unwrap();
    }
    PostgresStore::open(named.clone().creating(false, false)).await.unwrap();
    assert!(PostgresStore::existing(named).await.unwrap().is_some());
}

#[tokio::test]
async fn a_schema_of_others_is_left_alone() {
    let schema = new_schema();
    let named = options(&server().url(), &schema);
    let mut connection = administrator(&server().url(), &schema).await;
    let execute = |sql: String| sqlx::raw_sql(sqlx::AssertSqlSafe(sql));
    let quoted = format!("\"{}\"", schema.replace('"', "\"\""));
    execute(format!("CREATE SCHEMA {quoted}; CREATE TABLE states (id int, name text, data text)"))
        .execute(&mut connection)
        .await
        .unwrap();
    assert!(refusal(named.clone()).await.contains("Terraform itself"));
    execute("DROP TABLE states; CREATE TABLE state (song text)".into()).execute(&mut connection).await.unwrap();
    assert!(refusal(named).await.contains("another program"));
}

#[tokio::test]
async fn a_state_of_a_newer_version_is_told_and_left_alone() {
    let (_, options) = fresh().await;
    let mut connection = administrator(&server().url(), options.schema_name()).await;
    sqlx::query("UPDATE state SET version = 99").execute(&mut connection).await.unwrap();
    let newer = PostgresStore::open(options).await.err().unwrap();
    assert!(matches!(newer, StoreError::Newer { found: 99, .. }), "{newer:?}");
}

#[tokio::test]
async fn the_log_is_append_only_and_its_end_is_missed() {
    let (store, options) = fresh().await;
    let lease = store.lock(holder("a"), std::time::Duration::ZERO).await.unwrap();
    let event = ampere_core::audit::Event {
        at: jiff::Timestamp::UNIX_EPOCH,
        actor: "ada".into(),
        action: "create".into(),
        address: None,
        outcome: ampere_core::audit::Outcome::Succeeded,
        details: [].into(),
    };
    store.commit(&lease, StoreChange { event: Some(event), ..put("x.a") }).await.unwrap();
    let mut connection = administrator(&server().url(), options.schema_name()).await;
    for sql in [
        "UPDATE audit SET event = ''",
        "DELETE FROM audit",
        "TRUNCATE audit",
        "INSERT INTO audit VALUES (7, '', '', '')",
        "INSERT INTO audit VALUES (1, '', '', '')",
    ] {
        let refused = sqlx::raw_sql(sql).execute(&mut connection).await.unwrap_err();
        assert!(refused.to_string().contains("append-only"), "{sql}: {refused}");
    }
    for sql in ["ALTER TABLE audit DISABLE TRIGGER ALL", "DELETE FROM audit"] {
        sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    }
    assert!(refusal(options).await.contains("entries are missing at the end"));
}

#[tokio::test]
async fn a_database_that_cannot_keep_every_text_is_refused() {
    let server = server();
    let mut connection = administrator(&server.url(), "public").await;
    sqlx::raw_sql("CREATE DATABASE ascii ENCODING 'SQL_ASCII' TEMPLATE template0")
        .execute(&mut connection)
        .await
        .unwrap();
    let url = format!("postgres://postgres@127.0.0.1:{}/ascii?sslmode=disable", server.port());
    let options = PostgresOptions::parse(&Secret::new(url)).unwrap();
    assert!(refusal(options).await.contains("SQL_ASCII"));
}
