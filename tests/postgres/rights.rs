//! docs/postgres.md, carried out: the least rights are enough, and no more than that can be done with them.
use ampere_core::store::{PostgresStore, Store};
use ampere_tests::project_root;

use crate::command::{RESOURCES, is_done};
use crate::kit::{administrator, options, server};

/// The blocks of SQL in the page.
fn statements() -> Vec<String> {
    let page = std::fs::read_to_string(project_root().join("docs/postgres.md")).unwrap();
    let blocks = page.split("```sql\n").skip(1);
    blocks.map(|block| block.split("```").next().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_role_of_the_page_can_work_and_cannot_touch_the_log() {
    let mut admin = administrator(&server().url(), "public").await;
    // The page makes a database of its own; its owner makes the tables, the other role works with them.
    let [make, grant] = &statements()[..] else { panic!("the page has two blocks of SQL") };
    for statement in make.split_inclusive(";\n") {
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement.to_owned())).execute(&mut admin).await.unwrap();
    }
    let url = |user: &str| format!("postgres://{user}@127.0.0.1:{}/ampere?sslmode=disable", server().port());
    PostgresStore::open(options(&url("ampere_owner"), "ampere")).await.unwrap();
    let mut owner = administrator(&url("ampere_owner"), "ampere").await;
    sqlx::raw_sql(sqlx::AssertSqlSafe(grant.clone())).execute(&mut owner).await.unwrap();

    let mut lab = ampere_tests::Lab::embedded();
    lab.write("main.tf", RESOURCES);
    lab.set("AMPERE_STATE_URL", &url("ampere"));
    lab.set("PG_SCHEMA_NAME", "ampere");
    lab.ampere("apply -auto-approve").exits(0).says("3 added");
    is_done(&lab);
    lab.edit("main.tf", "\"one\"", "\"two\"");
    lab.ampere("apply -auto-approve").exits(0);
    lab.ampere("state rm terraform_data.a").exits(0);
    lab.ampere("destroy -auto-approve").exits(0);
    lab.ampere("audit verify").exits(0);

    let mut role = administrator(&url("ampere"), "ampere").await;
    for forbidden in [
        "UPDATE audit SET event = ''",
        "DELETE FROM audit",
        "TRUNCATE audit",
        "ALTER TABLE audit DISABLE TRIGGER ALL",
        "DROP TABLE audit",
        "DELETE FROM state",
        "INSERT INTO state SELECT * FROM state",
        "CREATE TABLE ampere.more (n int)",
        "CREATE TABLE public.more (n int)",
        "CREATE SCHEMA more",
    ] {
        let refused = sqlx::raw_sql(forbidden).execute(&mut role).await.unwrap_err();
        let code = refused.as_database_error().and_then(|e| e.code()).unwrap_or_default().into_owned();
        assert_eq!(code, "42501", "{forbidden}: {refused}");
    }
    // A role that lacks a right is told, and where to read of it.
    sqlx::raw_sql("REVOKE INSERT ON audit FROM ampere").execute(&mut owner).await.unwrap();
    lab.ampere("apply -auto-approve").exits(1).says("lacks a right").says("docs/postgres.md");
    let store = PostgresStore::open(options(&url("ampere"), "ampere").creating(false, false)).await.unwrap();
    store.load().await.unwrap();
}
