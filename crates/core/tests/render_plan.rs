//! Plans as text: the same layout as Terraform's, recorded from Terraform 1.11.4 where it has the case.
use std::collections::BTreeMap;

use ampere_core::address::{Address, InstanceKey};
use ampere_core::inventory::Depth;
use ampere_core::kind::Kinds;
use ampere_core::lang::diagnostic::Diagnostics;
use ampere_core::lang::value::{Marks, Path, Type, Value};
use ampere_core::plan::{Action, Change, Deferred, Drift, Looked, Mode, OutputChange, Plan, Reason};
use ampere_core::render::json;
use ampere_core::render::plan::{Notes, PlanDocument};

fn empty() -> Plan {
    Plan {
        id: "0".repeat(64),
        mode: Mode::Normal,
        base: 1,
        made_at: "2026-11-22T10:00:00Z".parse().unwrap(),
        looked: Looked { depth: Some(Depth::Parts), parts_at: Some("2026-11-22T10:00:00Z".parse().unwrap()) },
        changes: Vec::new(),
        drift: Vec::new(),
        deferred: Vec::new(),
        outputs: BTreeMap::new(),
        steps: Vec::new(),
        departures: Vec::new(),
        checks: BTreeMap::new(),
        targets: Vec::new(),
        diagnostics: Diagnostics::new(),
    }
}

fn change(address: Address, action: Action, before: Option<Value>, after: Option<Value>) -> Change {
    Change {
        address,
        deposed: None,
        previous_address: None,
        action,
        reason: None,
        id: None,
        before,
        after,
        replace_paths: Vec::new(),
        importing: None,
        deadline: None,
        loss: None,
    }
}

fn text(plan: &Plan) -> String {
    PlanDocument { plan, kinds: &Kinds::new() }.to_text(&Notes::default()).to_string()
}

fn strings(items: &[&str]) -> Value {
    Value::tuple(items.iter().map(Value::string))
}

fn data(id: Value, input: Value, output: Value) -> Value {
    Value::object([("id", id), ("input", input), ("output", output), ("triggers_replace", Value::null(Type::Dynamic))])
}

#[test]
fn a_create_shows_every_attribute_that_is_set() {
    let input = Value::object([
        ("l", Value::tuple([Value::number(1)])),
        ("m", Value::string("x\ny\n")),
        ("s p", Value::bool(true)),
    ]);
    let after = data(Value::unknown(Type::String), input, Value::unknown(Type::Dynamic));
    let mut plan = empty();
    plan.changes.push(change(Address::new("terraform_data", "b"), Action::Create, None, Some(after)));
    let want = r#"
  # terraform_data.b will be created
  + resource "terraform_data" "b" {
      + id     = (known after apply)
      + input  = {
          + l     = [
              + 1,
            ]
          + m     = <<-EOT
                x
                y
            EOT
          + "s p" = true
        }
      + output = (known after apply)
    }

Plan: 1 to add, 0 to change, 0 to destroy.
"#;
    let text = text(&plan);
    assert!(text.ends_with(want), "{text}");
    assert!(text.contains("  + create\n"), "{text}");
}

#[test]
fn an_update_shows_what_changes_and_counts_the_rest() {
    let before = Value::object([
        ("dq", Value::tuple([1, 2, 3, 4].map(Value::number))),
        ("l2", strings(&["a", "b", "c", "d", "e", "f"])),
        ("js", Value::string(r#"{"a":1,"b":[1,2]}"#)),
        ("n", Value::null(Type::Dynamic)),
        ("same", Value::string("x")),
        ("sens", Value::string("v").with_marks(Marks::SENSITIVE)),
        ("multi", Value::string("a\nb\nc")),
        ("t2l", Value::string("str")),
    ]);
    let after = Value::object([
        ("dq", Value::tuple([2, 3, 4].map(Value::number))),
        ("l2", strings(&["a", "b", "X", "d", "e", "f", "g"])),
        ("js", Value::string(r#"{"a":2,"b":[1,2,3]}"#)),
        ("n", Value::number(1)),
        ("same", Value::string("x")),
        ("sens", Value::string("w").with_marks(Marks::SENSITIVE)),
        ("multi", Value::string("a\nB\nc")),
        ("t2l", Value::tuple([Value::number(1)])),
    ]);
    let id = Value::string("9e07");
    let before = data(id.clone(), before, Value::string("o"));
    let after = data(id, after, Value::unknown(Type::Dynamic));
    let mut plan = empty();
    plan.changes.push(change(Address::new("terraform_data", "a"), Action::Update, Some(before), Some(after)));
    let want = r#"
  # terraform_data.a will be updated in-place
  ~ resource "terraform_data" "a" {
        id     = "9e07"
      ~ input  = {
          ~ dq    = [
              - 1,
                2,
                # (2 unchanged elements hidden)
            ]
          ~ js    = jsonencode(
              ~ {
                  ~ a = 1 -> 2
                  ~ b = [
                        # (1 unchanged element hidden)
                        2,
                      + 3,
                    ]
                }
            )
          ~ l2    = [
                # (1 unchanged element hidden)
                "b",
              - "c",
              + "X",
                "d",
                # (1 unchanged element hidden)
                "f",
              + "g",
            ]
          ~ multi = <<-EOT
                a
              - b
              + B
                c
            EOT
          ~ n     = null -> 1
          ~ sens  = (sensitive value)
          ~ t2l   = "str" -> [
              + 1,
            ]
            # (1 unchanged attribute hidden)
        }
      ~ output = "o" -> (known after apply)
    }

Plan: 0 to add, 1 to change, 0 to destroy.
"#;
    let text = text(&plan);
    assert!(text.ends_with(want), "{text}");
}

#[test]
fn a_destruction_says_why_until_when_and_what_is_lost() {
    let before = data(Value::string("8158"), Value::number(1), Value::number(1));
    let address = Address::new("terraform_data", "cnt").with_key(Some(InstanceKey::Index(1)));
    let mut gone = change(address, Action::Delete, Some(before), None);
    gone.reason = Some(Reason::CountIndex);
    gone.deadline = Some("2026-11-23T10:00:00Z".parse().unwrap());
    gone.loss = Some("The bot's memory on this server is lost.".to_owned());
    let mut plan = empty();
    plan.changes.push(gone);
    plan.outputs.insert(
        "gone".into(),
        OutputChange { action: Action::Delete, before: Some(Value::string("bye")), after: None, sensitive: false },
    );
    let want = r#"
  # terraform_data.cnt[1] will be destroyed
  # (because index [1] is out of range for count)
  # Must be done by 2026-11-23T10:00:00Z.
  # The bot's memory on this server is lost.
  - resource "terraform_data" "cnt" {
      - id     = "8158" -> null
      - input  = 1 -> null
      - output = 1 -> null
    }

Plan: 0 to add, 0 to change, 1 to destroy.

Changes to Outputs:
  - gone = "bye" -> null
"#;
    let text = text(&plan);
    assert!(text.ends_with(want), "{text}");
}

#[test]
fn a_replacement_marks_what_forces_it() {
    let object = |trigger: i64, id: Value| {
        Value::object([("id", id), ("input", Value::number(1)), ("triggers_replace", Value::number(trigger))])
    };
    let before = object(1, Value::string("f894"));
    let mut replaced = change(
        Address::new("terraform_data", "r"),
        Action::CreateThenDelete,
        Some(before),
        Some(object(2, Value::unknown(Type::String))),
    );
    replaced.replace_paths = vec![Path::attribute("triggers_replace")];
    replaced.reason = Some(Reason::CannotUpdate);
    let mut plan = empty();
    plan.changes.push(replaced);
    let want = r#"
  # terraform_data.r must be replaced
+/- resource "terraform_data" "r" {
      ~ id               = "f894" -> (known after apply)
      ~ triggers_replace = 1 -> 2 # forces replacement
        # (1 unchanged attribute hidden)
    }

Plan: 1 to add, 0 to change, 1 to destroy.
"#;
    let text = text(&plan);
    assert!(text.ends_with(want), "{text}");
}

#[test]
fn what_waits_and_what_drifted_have_their_own_sections() {
    let mut plan = empty();
    let address = Address::new("ampere_instance", "bot");
    let url = Some("https://pay.example.com/1".to_owned());
    let reason = "the first payment has not come".to_owned();
    plan.deferred.push(Deferred { address: address.clone(), reason, url, ended: false });
    let object = |name: &str| Value::object([("id", Value::string("1")), ("status", Value::string(name))]);
    plan.drift.push(Drift { address, before: object("running"), after: Some(object("off")) });
    let text = text(&plan);
    for part in [
        "Note: Objects have changed outside of Ampere\n",
        "  # ampere_instance.bot has changed\n  ~ resource \"ampere_instance\" \"bot\" {\n        id     = \"1\"\n      ~ status = \"running\" -> \"off\"\n    }\n",
        "  # ampere_instance.bot waits\n  # (the first payment has not come)\n  # → https://pay.example.com/1\n",
        "\nPlan: 0 to add, 0 to change, 0 to destroy. 1 deferred.\n",
    ] {
        assert!(text.contains(part), "{part}\nis not in\n{text}");
    }
}

#[test]
fn nothing_to_do_is_said_in_one_sentence() {
    let text = text(&empty());
    assert!(text.starts_with("\nNo changes. Your infrastructure matches the configuration.\n"), "{text}");
}

#[test]
fn json_withholds_what_is_sensitive_in_our_kinds() {
    let object = Value::object([
        ("id", Value::string("1")),
        ("token", Value::string("EXAMPLE-canary").with_marks(Marks::SENSITIVE)),
        ("later", Value::unknown(Type::String)),
    ]);
    let mut plan = empty();
    plan.changes.push(change(Address::new("ampere_account", "a"), Action::Create, None, Some(object.clone())));
    let output = OutputChange { action: Action::Create, before: None, after: object.get("token"), sensitive: true };
    plan.outputs.insert("t".into(), output);
    let document = PlanDocument { plan: &plan, kinds: &Kinds::new() };
    let variables = BTreeMap::from([("v".into(), Value::string("EXAMPLE-canary").with_marks(Marks::SENSITIVE))]);
    let json = json::plan(&document, &variables, "1.11.4");
    assert!(!json.to_string().contains("canary"), "{json}");
    let change = &json["resource_changes"][0]["change"];
    assert_eq!(change["after_unknown"], serde_json::json!({ "later": true }));
    assert_eq!(change["after_sensitive"], serde_json::json!({ "token": true }));
    assert_eq!(json["applyable"], true);
}

#[test]
fn a_plan_that_looked_at_objects_alone_says_when_parts_were_last_looked_at() {
    let mut plan = empty();
    assert!(!text(&plan).contains("-thorough"));
    plan.looked.depth = Some(Depth::Objects);
    for (at, ago) in [
        ("2026-11-22T09:59:01Z", "less than a minute ago"),
        ("2026-11-22T09:58:59Z", "1 minute ago"),
        ("2026-11-22T09:48:00Z", "12 minutes ago"),
    ] {
        plan.looked.parts_at = Some(at.parse().unwrap());
        let want = format!(
            "\nFirewall rules, refunds and leftovers were last looked at {ago};\n-thorough looks now.\n\nNo changes."
        );
        assert!(text(&plan).starts_with(&want), "{}", text(&plan));
    }
    let document = PlanDocument { plan: &plan, kinds: &Kinds::new() };
    let object = json::plan(&document, &BTreeMap::new(), "1.11.4");
    assert_eq!(object["ampere"]["refresh"]["depth"], "objects");
    assert_eq!(object["ampere"]["refresh"]["parts_listed_at"], "2026-11-22T09:48:00Z");
}
