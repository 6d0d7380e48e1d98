//! The answer of each changing call is lost once: the next run finds what became of it. Nothing twice, nothing left out.
use ampere_tests::Lab;
use serde_json::{Value, json};

/// One of each kind.
const CUSTOMER: &str = r#"variable "key" {
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

resource "ampere_secret" "key" {
  account  = ampere_account.ada.id
  kind     = "anthropic"
  value_wo = var.key
}

resource "ampere_instance" "ada" {
  account      = ampere_account.ada.id
  subscription = ampere_subscription.ada.id
  location     = "nbg1"
  server_type  = "cx23"
  model        = "anthropic/claude-sonnet-4-6"
  secrets      = [ampere_secret.key.id]
}
"#;

/// The same with something changed in each of them.
fn changed() -> String {
    CUSTOMER
        .replace("email = \"ada@example.com\"", "email = \"ada@example.com\"\n  name  = \"Ada\"")
        .replace("cx23", "cx33")
        .replace("monthly", "yearly")
}

fn lab(applied: bool) -> Lab {
    let lab = Lab::new();
    lab.write("main.tf", CUSTOMER);
    lab.write("key.auto.tfvars", "key = \"sk-ant-EXAMPLE-one\"\n");
    if applied {
        lab.ampere("apply -auto-approve").exits(0);
    }
    lab
}

/// How many objects there are of each kind.
fn kinds(lab: &Lab) -> Vec<(String, usize)> {
    lab.cloud().holdings().into_iter().map(|(kind, objects)| (kind, objects.len())).collect()
}

/// Strikes the nth changing call of a method; whether there was one is told by [`was_struck`].
fn strike(lab: &Lab, method: &str, nth: u32, effect: &str) {
    // Queries are POST calls too, and change nothing.
    let path = "~(accounts(:update|:delete)?|:commit|/v1/[^:]*|/documents/[^:]*)$";
    lab.cloud().fault(json!({ "method": method, "path": path, "nth": nth, "effect": effect }));
}

fn was_struck(lab: &Lab) -> bool {
    let faults = lab.cloud().control("GET", "/faults", None);
    let faults = faults.as_array().or(faults["faults"].as_array()).expect("a list of faults").clone();
    faults.iter().any(|fault| fault["struck"].as_u64().is_some_and(|times| times > 0))
}

/// Runs a command once for each changing call it makes, with the answer of that call lost; then what `ends` says must hold.
fn for_each_call(
    methods: &[&str],
    effect: &str,
    applied: bool,
    prepare: impl Fn(&Lab),
    command: &str,
    ends: impl Fn(&Lab, &str),
) {
    let mut struck = 0;
    for method in methods {
        for nth in 1.. {
            let lab = lab(applied);
            prepare(&lab);
            strike(&lab, method, nth, effect);
            let run = lab.ampere(command);
            if !was_struck(&lab) {
                break;
            }
            struck += 1;
            let place = format!("{effect} of {method} call {nth}\n{}", run.text());
            assert!([0, 1, 3].contains(&run.code), "{place}");
            ends(&lab, &place);
        }
    }
    assert!(struck >= 5, "only {struck} calls were struck");
}

/// All is as if nothing had happened: the same objects, nothing to do, and nothing left after destroy.
fn is_whole(lab: &Lab, expected: &[(String, usize)], place: &str) {
    let run = lab.ampere("apply -auto-approve");
    assert_eq!(run.code, 0, "the second run fails after {place}\n{}", run.text());
    let run = lab.ampere("plan -detailed-exitcode");
    assert_eq!(run.code, 0, "something is left to do after {place}\n{}", run.text());
    assert_eq!(kinds(lab), expected, "after {place}");
    lab.ampere("audit verify").exits(0);
}

#[test]
fn of_creation() {
    let expected = kinds(&lab(true));
    let nothing = |_: &Lab| {};
    for effect in ["lose_response", "reset_after"] {
        for_each_call(&["POST", "PATCH", "PUT"], effect, false, nothing, "apply -auto-approve", |lab, place| {
            is_whole(lab, &expected, place);
        });
    }
}

#[test]
fn of_change() {
    let expected = kinds(&lab(true));
    let change = |lab: &Lab| {
        lab.write("main.tf", &changed());
        lab.write("key.auto.tfvars", "key = \"sk-ant-EXAMPLE-two\"\n");
    };
    for_each_call(&["POST", "PATCH", "PUT"], "lose_response", true, change, "apply -auto-approve", |lab, place| {
        is_whole(lab, &expected, place);
        let server: &Value = &lab.cloud().objects("hetzner", "servers")[0];
        assert_eq!(server["status"], "running", "after {place}");
        assert!(server["server_type"].to_string().contains("cx33"), "after {place}: {server}");
    });
}

#[test]
fn of_deletion() {
    for_each_call(
        &["DELETE", "POST", "PATCH"],
        "lose_response",
        true,
        |_| {},
        "destroy -auto-approve",
        |lab, place| {
            let run = lab.ampere("destroy -auto-approve");
            assert_eq!(run.code, 0, "the second run fails after {place}\n{}", run.text());
            assert!(lab.cloud().ours().is_empty(), "left after {place}: {:#?}", lab.cloud().ours());
            assert_eq!(lab.ampere("state list").exits(0).stdout, "", "after {place}");
        },
    );
}
