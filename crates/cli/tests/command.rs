//! The command as scripts and people meet it: arguments, exit codes, output. No cloud is needed here.
mod hardening;
mod kit;
mod limits;
mod redaction;

use std::io::{BufRead, BufReader, Read, Write};
use std::process::Stdio;

use kit::{Lab, Run};

const ONE: &str = r#"variable "v" {
  default = "1"
}

resource "terraform_data" "a" {
  input = "a${var.v}"
}

output "o" {
  value = terraform_data.a.output
}
"#;

#[test]
fn a_stack_lives_from_plan_to_destroy() {
    let lab = Lab::with(ONE);
    let planned = lab.run(&["plan", "-detailed-exitcode"]).exits(2);
    assert!(planned.stdout.contains("Plan: 1 to add, 0 to change, 0 to destroy."), "{}", planned.stdout);
    let applied = lab.run(&["apply", "-auto-approve"]).exits(0);
    assert!(
        applied.stdout.contains("Apply complete! Resources: 1 added, 0 changed, 0 destroyed."),
        "{}",
        applied.stdout
    );
    let again = lab.run(&["plan", "-detailed-exitcode"]).exits(0);
    assert!(again.stdout.contains("No changes. Your infrastructure matches the configuration."), "{}", again.stdout);
    assert_eq!(lab.run(&["output", "-raw", "o"]).exits(0).stdout, "a1");
    assert_eq!(lab.run(&["state", "list"]).exits(0).stdout, "terraform_data.a\n");
    lab.run(&["destroy", "-auto-approve"]).exits(0);
    assert_eq!(lab.run(&["state", "list"]).exits(0).stdout, "");
    assert!(!lab.path().join(".ampere/sandbox").exists(), "terraform_data needs no sandbox");
}

#[test]
fn only_yes_is_a_yes() {
    let lab = Lab::with(ONE);
    let refused = lab.run_with(&["apply"], "y\n").exits(1);
    assert!(refused.stdout.contains("Apply cancelled."), "{}", refused.stdout);
    assert_eq!(lab.run(&["state", "list"]).stdout, "");
    lab.run(&["apply", "-input=false"]).exits(1);
    lab.run_with(&["apply"], "yes\n").exits(0);
}

#[test]
fn a_saved_plan_is_applied_as_it_is_and_once() {
    let lab = Lab::with(ONE);
    lab.run(&["plan", "-out=p.plan", "-var=v=2"]).exits(0);
    // What the files say now does not matter any more.
    lab.write("main.tf", "");
    let json = lab.run(&["show", "-json", "p.plan"]).exits(0).json();
    assert_eq!(json["resource_changes"][0]["change"]["after"]["input"], "a2");
    lab.run(&["apply", "p.plan"]).exits(0);
    assert_eq!(lab.run(&["output", "-raw", "o"]).stdout, "a2");
    let stale = lab.run(&["apply", "p.plan"]).exits(4);
    assert!(stale.stderr.contains("Saved plan is stale"), "{}", stale.stderr);
    lab.write("cut.plan", "ampere-plan 1");
    lab.run(&["apply", "cut.plan"]).exits(1);
}

#[test]
fn streams_are_json_lines() {
    let lab = Lab::with(ONE);
    let messages = lab.run(&["plan", "-json"]).exits(0).messages();
    let types: Vec<&str> = messages.iter().filter_map(|m| m["type"].as_str()).collect();
    assert_eq!(types, ["version", "log", "planned_change", "change_summary", "outputs"]);
    let messages = lab.run(&["apply", "-json", "-auto-approve"]).exits(0).messages();
    let of = |name: &str| messages.iter().find(|m| m["type"] == name).unwrap_or_else(|| panic!("no {name}"));
    assert_eq!(of("apply_complete")["hook"]["resource"]["addr"], "terraform_data.a");
    assert_eq!(messages.last().unwrap()["outputs"]["o"]["value"], "a1");
    lab.write("main.tf", "resource \"terraform_data\" \"a\" {\n  input = nope.x\n}\n");
    let messages = lab.run(&["plan", "-json"]).exits(1).messages();
    let finding = messages.iter().find(|m| m["type"] == "diagnostic").unwrap();
    assert_eq!(finding["diagnostic"]["range"]["start"]["line"], 2);
}

#[test]
fn validate_reports_everything_at_once() {
    let lab = Lab::with("output \"a\" {\n  value = local.x\n}\noutput \"b\" {\n  value = var.y\n}\n");
    let report = lab.run(&["validate", "-json"]).exits(1).json();
    assert_eq!((&report["valid"], &report["error_count"]), (&false.into(), &2.into()));
    let text = lab.run(&["validate"]).exits(1);
    assert!(text.stderr.contains("on main.tf line 2, in output \"a\":"), "{}", text.stderr);
    assert!(text.stdout.is_empty());
}

#[test]
fn the_command_line_is_terraforms() {
    let lab = Lab::with(ONE);
    for (args, code) in [
        (&["frobnicate"][..], 1),
        (&["plan", "-nope"], 1),
        (&["plan", "extra"], 1),
        (&["plan", "-destroy", "-refresh-only"], 1),
        (&["plan", "-target=!"], 1),
        (&["sandbox", "-nope"], 64),
        (&["completions", "cmd"], 64),
        (&[], 64),
    ] {
        let run = lab.run(args).exits(code);
        assert!(!run.stderr.contains("--"), "{}", run.stderr);
    }
    let help = lab.run(&["plan", "-help"]).exits(0).stdout;
    assert!(help.contains("\n      -out=FILE\n") && !help.contains("--out") && help.contains("Examples:"), "{help}");
    assert_eq!(lab.run(&["-chdir=/nowhere", "plan"]).exits(1).stdout, "");
    let version = lab.run(&["version", "-json"]).exits(0).json();
    assert_eq!(version["terraform_version"], "1.11.4");
    assert!(lab.run(&["-version"]).exits(0).stdout.starts_with("Ampere v"));
}

#[test]
fn the_console_prints_the_last_value_and_stops_at_an_error() {
    let lab = Lab::with(ONE);
    lab.run(&["apply", "-auto-approve"]).exits(0);
    assert_eq!(lab.run_with(&["console"], "1 + 1\nterraform_data.a.input\n").exits(0).stdout, "\"a1\"\n");
    let failed = lab.run_with(&["console"], "nope.x\n1\n").exits(1);
    assert_eq!(failed.stdout, "");
}

#[test]
fn fmt_checks_and_writes() {
    let lab = Lab::with("locals {\na=1\n}\n");
    let checked = lab.run(&["fmt", "-check", "-diff"]).exits(3);
    assert!(checked.stdout.starts_with("main.tf\n") && checked.stdout.contains("+  a = 1"), "{}", checked.stdout);
    assert_eq!(lab.run(&["fmt"]).exits(0).stdout, "main.tf\n");
    assert_eq!(lab.run(&["fmt", "-check"]).exits(0).stdout, "");
    assert_eq!(lab.run_with(&["fmt", "-"], "a=1\n").exits(0).stdout, "a = 1\n");
    lab.write("main.tf", "locals {");
    lab.run(&["fmt"]).exits(2);
}

#[test]
fn instances_are_tainted_renamed_and_forgotten() {
    let lab = Lab::with(ONE);
    lab.run(&["apply", "-auto-approve"]).exits(0);
    lab.run(&["taint", "terraform_data.a"]).exits(0);
    let plan = lab.run(&["plan"]).exits(0).stdout;
    assert!(plan.contains("terraform_data.a is tainted, so must be replaced"), "{plan}");
    lab.run(&["untaint", "terraform_data.a"]).exits(0);
    lab.run(&["untaint", "terraform_data.a"]).exits(1);
    lab.run(&["taint", "terraform_data.b"]).exits(1);
    lab.run(&["state", "mv", "terraform_data.a", "terraform_data.b"]).exits(0);
    assert!(lab.run(&["state", "show", "terraform_data.b"]).exits(0).stdout.contains("input  = \"a1\""));
    lab.run(&["state", "rm", "terraform_data.b"]).exits(0);
    lab.run(&["state", "rm", "terraform_data.b"]).exits(1);
    let log = lab.run(&["audit", "log"]).exits(0).stdout;
    for action in ["taint", "untaint", "move", "forget"] {
        assert!(log.contains(action), "{log}");
    }
    lab.run(&["audit", "verify"]).exits(0);
}

#[test]
fn a_head_that_was_noted_down_proves_a_cut_log() {
    let lab = Lab::with(ONE);
    lab.run(&["apply", "-auto-approve"]).exits(0);
    let head = format!("-head=999:{}", "0".repeat(64));
    lab.run(&["audit", "verify", &head]).exits(5);
}

#[test]
fn a_null_key_is_recomputed_and_compared() {
    let lab = Lab::with("");
    let key = lab.run(&["audit", "null-key", "ampere-example"]).exits(0).stdout;
    assert!(key.starts_with("ssh-ed25519 "), "{key}");
    lab.run_with(&["audit", "null-key", "ampere-example", "-check=-"], &key).exits(0);
    lab.run_with(&["audit", "null-key", "ampere-other", "-check=-"], &key).exits(5);
}

#[test]
fn init_makes_the_key_once_and_a_backend_needs_it() {
    let lab = Lab::with("terraform {\n  backend \"local\" {\n    path = \"here/state.db\"\n  }\n}\n");
    let refused = lab.run(&["plan"]).exits(1);
    assert!(refused.stderr.contains("Backend initialization required"), "{}", refused.stderr);
    assert!(lab.run(&["init"]).exits(0).stdout.contains("A new root key was made"));
    assert!(!lab.run(&["init", "-upgrade", "-reconfigure"]).exits(0).stdout.contains("root key"));
    lab.run(&["apply", "-auto-approve"]).exits(0);
    assert!(lab.path().join("here/state.db").exists());
}

#[test]
fn two_runs_do_not_meet() {
    let lab = Lab::with(ONE);
    // The first waits for an answer and holds the lock meanwhile.
    let mut first = lab.command(&["apply"]).spawn().unwrap();
    let mut said = Vec::new();
    let mut output = first.stdout.take().unwrap();
    while !said.ends_with(b"Enter a value: ") {
        let mut byte = [0];
        assert_eq!(output.read(&mut byte).unwrap(), 1, "it did not ask");
        said.push(byte[0]);
    }
    let second = lab.run(&["apply", "-auto-approve"]).exits(4);
    assert!(second.stderr.contains("Error acquiring the state lock"), "{}", second.stderr);
    let waiting = lab.command(&["apply", "-auto-approve", "-lock-timeout=30s"]).spawn().unwrap();
    first.stdin.take().unwrap().write_all(b"no\n").unwrap();
    assert_eq!(first.wait().unwrap().code(), Some(1));
    Run::of(waiting.wait_with_output().unwrap()).exits(0);
}

#[test]
fn colours_go_to_terminals_only() {
    let mut lab = Lab::with("output \"a\" {\n  value = local.x\n}\n");
    let run = lab.run(&["validate"]).exits(1);
    assert!(!run.stderr.contains('\u{1b}') && run.stderr.contains('╷'), "{}", run.stderr);
    lab.set("NO_COLOR", "1");
    let run = lab.run(&["validate"]).exits(1);
    assert!(!run.stderr.contains('╷') && run.stderr.contains("^^^"), "{}", run.stderr);
}

#[test]
fn an_ephemeral_value_is_found_nowhere() {
    let mut lab = Lab::with(
        "variable \"token\" {\n  ephemeral = true\n}\n\nresource \"terraform_data\" \"a\" {\n  input = nonsensitive(length(ephemeralasnull(var.token) == null ? \"\" : \"x\"))\n}\n",
    );
    lab.set("TF_VAR_token", "EXAMPLE-canary-7");
    lab.set("TF_LOG", "trace");
    let mut seen = String::new();
    for args in [&["plan", "-out=p.plan"][..], &["apply", "p.plan"], &["show", "-json"], &["show", "-json", "p.plan"]] {
        let run = lab.run(args);
        seen.push_str(&run.stdout);
        seen.push_str(&run.stderr);
    }
    assert!(!seen.contains("EXAMPLE-canary-7"), "{seen}");
    for file in ["p.plan", ".ampere/state.db", ".ampere/state.db-wal", ".ampere/key"] {
        let bytes = std::fs::read(lab.path().join(file)).unwrap_or_default();
        assert!(!bytes.windows(16).any(|w| w == b"EXAMPLE-canary-7"), "{file}");
    }
}

/// A customer with an instance that is given a key.
const WITH_INSTANCE: &str = r#"
variable "key" {
  type      = string
  ephemeral = true
}
resource "ampere_account" "ada" {
  email = "ada@example.com"
}
resource "ampere_subscription" "ada" {
  account    = ampere_account.ada.id
  price      = "price_hosting_monthly"
  trial_days = 14
}
resource "ampere_secret" "ada" {
  account  = ampere_account.ada.id
  kind     = "anthropic"
  value_wo = var.key
}
resource "ampere_instance" "ada" {
  account          = ampere_account.ada.id
  subscription     = ampere_subscription.ada.id
  location         = "nbg1"
  server_type      = "cx23"
  openclaw_version = "2026.9.6"
  model            = "anthropic/claude-sonnet-4-6"
  secrets          = [ampere_secret.ada.id]
}
output "sealed" {
  value = ampere_instance.ada.sealed
}
"#;

#[cfg(target_os = "linux")]
/// The processes that live in boxes below a directory.
fn boxes_below(directory: &std::path::Path) -> usize {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let here =
        processes.filter(|p| std::fs::read_link(p.path().join("cwd")).is_ok_and(|cwd| cwd.starts_with(directory)));
    let commands = here.filter_map(|process| std::fs::read_to_string(process.path().join("cmdline")).ok());
    commands.filter(|command| command.contains("sandbox\0box")).count()
}

#[cfg(target_os = "linux")]
#[test]
fn boxes_of_the_sandbox_run_the_real_agent_and_end_with_the_command() {
    let mut lab = Lab::with(WITH_INSTANCE);
    let log = |lab: &Lab| {
        let boxes = std::fs::read_dir(lab.path().join(".ampere/sandbox/boxes")).unwrap().flatten();
        boxes
            .filter_map(|root| std::fs::read_to_string(root.path().join("var/log/ampere-agent.log")).ok())
            .collect::<String>()
    };
    lab.set("TF_VAR_key", "sk-ant-EXAMPLE-1");
    lab.run(&["apply", "-auto-approve"]).exits(0);
    assert_eq!(lab.run(&["output", "sealed"]).exits(0).stdout.trim(), "true");
    let first = log(&lab).lines().count();
    lab.set("TF_VAR_key", "sk-ant-EXAMPLE-2");
    // The sandbox listens on another port now, and the box finds it.
    lab.run(&["apply", "-auto-approve"]).exits(0);
    assert!(log(&lab).lines().count() > first, "{}", log(&lab));
    assert_eq!(boxes_below(lab.path()), 0);

    // A killed sandbox takes its boxes along, though it cannot end them.
    let mut sandbox = lab.command(&["sandbox"]).spawn().unwrap();
    let soon = |wanted: usize| {
        let reached = (0..500).any(|_| {
            std::thread::sleep(std::time::Duration::from_millis(20));
            boxes_below(lab.path()) == wanted
        });
        assert!(reached, "{} boxes live", boxes_below(lab.path()));
    };
    soon(1);
    sandbox.kill().unwrap();
    sandbox.wait().unwrap();
    soon(0);
}

#[cfg(target_os = "linux")]
#[test]
fn an_apply_that_waits_for_a_box_says_so_can_be_stopped_and_is_gone_on_with() {
    let mut lab = Lab::with(WITH_INSTANCE);
    lab.set("TF_VAR_key", "sk-ant-EXAMPLE-1");
    let mut sandbox = lab.command(&["sandbox", "-json"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(sandbox.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let control = line.split('"').find(|part| part.ends_with("/_sandbox")).expect("where it is controlled").to_owned();
    let order = |method: &str, fault: &str| {
        let (host, path) = control.strip_prefix("http://").unwrap().split_once('/').unwrap();
        let mut stream = std::net::TcpStream::connect(host).unwrap();
        let head = format!("{method} /{path}/boxes/faults HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n");
        write!(stream, "{head}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{fault}", fault.len())
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 20"), "{answer}");
    };
    order("POST", r#"{"no_network": true}"#);
    let apply = lab.command(&["apply", "-auto-approve"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    std::thread::sleep(std::time::Duration::from_secs(13));
    let kill = std::process::Command::new("kill").args(["-INT", &apply.id().to_string()]).status().unwrap();
    assert!(kill.success());
    let run = Run::of(apply.wait_with_output().unwrap()).exits(3);
    assert!(run.stdout.contains("elapsed] waiting: the box has not enrolled yet"), "{}", run.stdout);
    assert!(run.stdout.contains("the next run goes on from there"), "{}", run.stdout);
    assert!(!run.stdout.contains("sealed = true"), "nobody knows that yet: {}", run.stdout);

    order("DELETE", "");
    let run = lab.run(&["apply", "-auto-approve"]).exits(0);
    assert!(run.stdout.contains("0 added, 1 changed, 0 destroyed"), "the server is not made anew: {}", run.stdout);
    assert_eq!(lab.run(&["output", "sealed"]).exits(0).stdout.trim(), "true");
    assert!(lab.run(&["instance", "status"]).exits(0).stdout.contains("sealed"));
    lab.run(&["plan", "-detailed-exitcode"]).exits(0);
    sandbox.kill().unwrap();
    sandbox.wait().unwrap();
}
