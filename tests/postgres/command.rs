//! The command with a state in Postgres.
use std::path::Path;

use ampere_tests::{Lab, Run};

use crate::kit::{new_schema, server};

/// Three resources without a cloud, one after the other.
pub const RESOURCES: &str = r#"
resource "terraform_data" "a" {
  input = "one"
}
resource "terraform_data" "b" {
  count = 2
  input = "${terraform_data.a.output} ${count.index}"
}
output "last" {
  value = terraform_data.b[1].output
}
"#;

pub fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

/// A directory whose configuration is that of [`RESOURCES`], with a backend block before it.
pub fn lab(backend: &str) -> Lab {
    let lab = Lab::embedded();
    lab.write("main.tf", &format!("{backend}\n{RESOURCES}"));
    lab
}

/// Nothing is left to do.
pub fn is_done(lab: &Lab) -> Run {
    lab.ampere("plan -detailed-exitcode").exits(0).says("No changes")
}

#[test]
fn a_backend_block_names_the_database() {
    let url = format!("{}&application_name=EXAMPLE-name", server().url());
    let (with_password, schema) = (url.replace("postgres@", "postgres:EXAMPLE-pw@"), new_schema().replace('"', "'"));
    let lab = lab(&format!(
        "terraform {{\n  backend \"pg\" {{\n    conn_str = \"{with_password}\"\n    schema_name = \"{schema}\"\n  }}\n}}"
    ));
    lab.ampere("plan").exits(1).says("ampere init");
    lab.ampere("init").exits(0);
    let record = read(&lab.path().join(".ampere/backend.json"));
    assert!(record.contains("127.0.0.1") && record.contains(&schema), "{record}");
    assert!(!record.contains("EXAMPLE") && !record.contains("postgres@"), "{record}");

    lab.ampere("apply -auto-approve").exits(0).says("3 added");
    is_done(&lab);
    lab.ampere("state list").exits(0).says("terraform_data.b[1]");
    lab.ampere("audit verify").exits(0);
    assert!(!lab.path().join(".ampere/state.db").exists(), "nothing is kept in a file");

    lab.edit("main.tf", "EXAMPLE-pw", "EXAMPLE-new");
    is_done(&lab);
    lab.edit("main.tf", &schema, "another");
    lab.ampere("plan").exits(1).says("ampere init").keeps_quiet_about("EXAMPLE");
    lab.edit("main.tf", "schema_name", "scheme_name");
    lab.ampere("init").exits(1).says("Unsupported argument").keeps_quiet_about("EXAMPLE");
}

#[test]
fn the_environment_names_the_database_as_it_does_for_terraform() {
    let mut lab = lab("terraform {\n  backend \"pg\" {}\n}");
    lab.ampere("init").exits(0);
    // Where nothing else is said, libpq's own variables count.
    for (name, value) in
        [("PGHOST", "127.0.0.1"), ("PGUSER", "postgres"), ("PGDATABASE", "postgres"), ("PGSSLMODE", "disable")]
    {
        lab.set(name, value);
    }
    lab.set("PGPORT", &server().port().to_string());
    lab.set("PG_SCHEMA_NAME", &new_schema());
    lab.set("PG_SKIP_SCHEMA_CREATION", "true");
    lab.ampere("apply -auto-approve").exits(1).says("skip_schema_creation");
    lab.set("PG_SKIP_SCHEMA_CREATION", "false");
    lab.ampere("apply -auto-approve").exits(0).says("3 added");
    is_done(&lab);
    lab.set("PG_CONN_STR", "postgres://ada:EXAMPLE-pw@127.0.0.1:1/x?sslmode=disable");
    lab.ampere("plan").exits(1).says("nobody answers").keeps_quiet_about("EXAMPLE");
    lab.set("PG_CONN_STR", "ada:EXAMPLE-pw@127.0.0.1");
    lab.ampere("plan").exits(1).says("postgres://").keeps_quiet_about("EXAMPLE");
}

#[test]
fn a_url_wins_over_the_block() {
    let mut lab = lab("terraform {\n  backend \"local\" {\n    path = \"unused.db\"\n  }\n}");
    lab.set("PG_SCHEMA_NAME", &new_schema());
    lab.set("AMPERE_STATE_URL", &server().url());
    lab.ampere("apply -auto-approve").exits(0).says("3 added");
    is_done(&lab);
    lab.set("AMPERE_STATE_URL", "sqlite:here/state.db");
    lab.ampere("plan").exits(0).says("3 to add");
    lab.ampere("init").exits(0);
    lab.set("AMPERE_STATE_URL", "");
    lab.ampere("plan").exits(1).says("the variable is not set now");
    lab.set("AMPERE_STATE_URL", "mysql://ada:EXAMPLE-pw@h/x");
    lab.ampere("plan").exits(1).says("neither postgres://").keeps_quiet_about("EXAMPLE");
    assert!(!lab.path().join("unused.db").exists());
}
