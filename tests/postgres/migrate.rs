//! `ampere state migrate`: there, back, from Terraform, and killed in the middle.
use std::time::Duration;

use ampere_core::store::PostgresStore;
use ampere_tests::Lab;

use crate::command::{RESOURCES, is_done, lab};
use crate::kit::{administrator, new_schema, options, server};

/// A directory whose state is in a file, with everything applied.
fn applied() -> Lab {
    let lab = lab("");
    lab.ampere("apply -auto-approve").exits(0).says("3 added");
    lab
}

/// The command with arguments that may hold spaces.
fn run(lab: &Lab, arguments: &[&str]) -> (i32, String) {
    let output = lab.command(arguments.iter().copied()).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&text).into_owned())
}

/// The log as the command shows it, hashes and all.
fn log(lab: &Lab) -> Vec<String> {
    let text = lab.ampere("audit log -json").exits(0).stdout;
    text.lines().map(str::to_owned).collect()
}

#[test]
fn a_state_goes_to_a_database_and_back_with_its_log() {
    let mut lab = applied();
    let (schema, before) = (new_schema(), log(&lab));
    let to = format!("-to={}", server().url());
    let arguments = ["state", "migrate", "-from=sqlite:.ampere/state.db", &to, "-to-schema", &schema];
    let (code, text) = run(&lab, &arguments);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("Moved 3 objects, 1 outputs"), "{text}");
    is_done(&lab);
    assert_eq!(log(&lab), before, "the source is as it was");

    lab.set("AMPERE_STATE_URL", &server().url());
    lab.set("PG_SCHEMA_NAME", &schema);
    is_done(&lab);
    lab.ampere("audit verify").exits(0);
    let there = log(&lab);
    assert_eq!(there[..before.len()], before[..], "the log goes along, and goes on");
    assert_eq!(there.len(), before.len() + 1);
    let (code, text) = run(&lab, &arguments);
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("holds a state"), "{text}");
    assert_eq!(log(&lab), there, "it was left as it is");

    lab.edit("main.tf", "\"one\"", "\"two\"");
    lab.ampere("apply -auto-approve").exits(0);
    lab.ampere(&format!("state migrate -from={} -to=sqlite:back/state.db", server().url())).exits(0);
    lab.set("AMPERE_STATE_URL", "sqlite:back/state.db");
    is_done(&lab);
    lab.ampere("audit verify").exits(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_in_the_middle_leaves_the_source_whole_and_the_target_visibly_unfinished() {
    let mut lab = applied();
    let schema = new_schema();
    lab.set("PG_SCHEMA_NAME", &schema);
    PostgresStore::open(options(&server().url(), &schema)).await.unwrap();
    let mut admin = administrator(&server().url(), &schema).await;
    // Somebody who looks at the log of the target holds the migration up before its last table.
    sqlx::raw_sql("BEGIN; LOCK TABLE audit IN SHARE MODE").execute(&mut admin).await.unwrap();
    let migrate = format!("state migrate -from=.ampere/state.db -to={}", server().url());
    let running = lab.start(&migrate);
    let waits = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'INSERT INTO audit%')";
    let mut watch = administrator(&server().url(), &schema).await;
    while !sqlx::query_scalar::<_, bool>(waits).fetch_one(&mut watch).await.unwrap() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    running.kill();
    sqlx::raw_sql("ROLLBACK").execute(&mut admin).await.unwrap();

    is_done(&lab);
    lab.set("AMPERE_STATE_URL", &server().url());
    lab.ampere("plan -lock-timeout=60s").exits(1).says("Unfinished migration");
    lab.ampere("apply -auto-approve -lock-timeout=60s").exits(1).says("state migrate");
    lab.ampere(&format!("{migrate} -lock-timeout=60s")).exits(0).says("Moved 3 objects");
    is_done(&lab);
    lab.ampere("audit verify").exits(0);
}

#[test]
fn a_log_that_does_not_verify_goes_nowhere() {
    let lab = applied();
    let tampered = "import sqlite3; db = sqlite3.connect('.ampere/state.db'); db.execute('DROP TRIGGER audit_not_changed'); \
                    db.execute(\"UPDATE audit SET event = replace(event, 'create', 'delete') WHERE sequence = 2\"); db.commit()";
    let done = std::process::Command::new("python3").args(["-c", tampered]).current_dir(lab.path()).status().unwrap();
    assert!(done.success());
    lab.ampere("state migrate -from=.ampere/state.db -to=sqlite:other.db").exits(5).says("does not verify");
}

const TERRAFORM: &str = r#"{
  "version": 4, "terraform_version": "1.11.4", "serial": 7, "lineage": "3f0c3b1a-0000-0000-0000-000000000000",
  "outputs": { "last": { "value": "one 1", "type": "string" } },
  "resources": [
    { "mode": "managed", "type": "terraform_data", "name": "a", "provider": "provider[\"terraform.io/builtin/terraform\"]",
      "instances": [ { "schema_version": 0, "sensitive_attributes": [], "attributes": {
        "id": "11111111-1111-1111-1111-111111111111", "triggers_replace": null,
        "input": { "value": "one", "type": "string" }, "output": { "value": "one", "type": "string" } } } ] },
    { "mode": "managed", "type": "terraform_data", "name": "b", "provider": "provider[\"terraform.io/builtin/terraform\"]",
      "instances": [
        { "index_key": 0, "schema_version": 0, "sensitive_attributes": [], "dependencies": ["terraform_data.a"], "attributes": {
          "id": "22222222-2222-2222-2222-222222222222", "triggers_replace": null,
          "input": { "value": "one 0", "type": "string" }, "output": { "value": "one 0", "type": "string" } } },
        { "index_key": 1, "schema_version": 0, "sensitive_attributes": [], "dependencies": ["terraform_data.a"], "attributes": {
          "id": "33333333-3333-3333-3333-333333333333", "triggers_replace": null,
          "input": { "value": "one 1", "type": "string" }, "output": { "value": "one 1", "type": "string" } } } ] }
  ]
}"#;

#[test]
fn a_state_of_terraform_is_taken_over_as_far_as_it_has_a_place_here() {
    let mut lab = Lab::embedded();
    lab.write("main.tf", RESOURCES);
    lab.set("PG_SCHEMA_NAME", &new_schema());
    lab.set("AMPERE_STATE_URL", &server().url());
    let account = r#""resources": [ { "mode": "managed", "type": "ampere_account", "name": "ada", "instances": [ {
        "schema_version": 0, "attributes": { "id": "uid-1", "email": "EXAMPLE@example.com" } } ] },"#;
    lab.write("mixed.tfstate", &TERRAFORM.replace("\"resources\": [", account));
    lab.ampere("state migrate -from=mixed.tfstate")
        .exits(1)
        .says("to = ampere_account.ada")
        .says("id = \"uid-1\"")
        .keeps_quiet_about("EXAMPLE");
    lab.write("old.tfstate", "{ \"version\": 3, \"modules\": [] }");
    lab.ampere("state migrate -from=old.tfstate -lock-timeout=60s").exits(1).says("version 3");
    lab.write("broken.tfstate", "{ \"version\": 4, EXAMPLE }");
    lab.ampere("state migrate -from=broken.tfstate").exits(1).says("line 1").keeps_quiet_about("EXAMPLE");
    lab.write("terraform.tfstate", TERRAFORM);
    lab.ampere("state migrate -from=terraform.tfstate").exits(0).says("Moved 3 objects, 1 outputs and 0 entries");
    is_done(&lab);
    lab.ampere("state show terraform_data.a").exits(0).says("11111111-1111-1111-1111-111111111111");
    lab.ampere("audit verify").exits(0);
}
