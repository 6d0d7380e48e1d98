//! The bars of the main job, measured: nothing left, nothing twice, no idle call.
use ampere_tests::{Lab, normal};
use serde_json::{Value, json};

/// Foreign objects of every kind that we make ourselves, some of them named like ours.
fn settle_foreigners(lab: &Lab) {
    let foreign = [
        ("hetzner/servers", json!({ "name": "somebody-elses", "labels": { "team": "web" } })),
        ("hetzner/servers", json!({ "name": "ampere-lookalike", "labels": { "ampere": "yes" } })),
        ("hetzner/firewalls", json!({ "name": "web", "rules": [], "labels": {} })),
        (
            "hetzner/ssh_keys",
            json!({ "name": "laptop", "public_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEXAMPLE ada" }),
        ),
        ("identity_toolkit/accounts", json!({ "email": "grace.hopper@example.com" })),
        ("stripe/customers", json!({ "email": "ada@example.com", "metadata": { "crm": "17" } })),
    ];
    for (kind, object) in foreign {
        lab.cloud().control("POST", &format!("/objects/{kind}"), Some(object));
    }
}

#[test]
fn after_destroy_nothing_of_ours_is_left_and_all_of_others() {
    for example in ["quickstart", "fleet"] {
        let lab = Lab::new().with_example(example);
        settle_foreigners(&lab);
        let before = lab.cloud().holdings();
        assert!(lab.cloud().ours().is_empty());
        lab.ampere("apply -auto-approve").exits(0);
        assert!(lab.cloud().ours().len() >= 4);
        lab.ampere("destroy -auto-approve").exits(0);
        let left = lab.cloud().ours();
        assert!(left.is_empty(), "{example}: {} objects of ours are left: {left:#?}", left.len());
        assert_eq!(lab.cloud().holdings(), before, "{example}: something of others was touched");
        assert_eq!(lab.ampere("state list").exits(0).stdout, "");
        lab.ampere("audit verify").exits(0);
    }
}

/// The id of the plan that `show -json` tells of a plan file.
fn plan_id(lab: &Lab) -> String {
    lab.ampere("plan -out=p.tfplan").exits(0);
    let shown: Value = serde_json::from_str(&lab.ampere("show -json p.tfplan").exits(0).stdout).expect("JSON");
    shown["ampere"]["plan_id"].as_str().unwrap_or_else(|| panic!("no plan id in {}", shown["ampere"])).to_owned()
}

#[test]
fn the_same_question_has_the_same_plan() {
    let lab = Lab::new().with_example("fleet");
    assert_eq!(plan_id(&lab), plan_id(&lab), "of an empty stack");
    lab.ampere("apply -auto-approve").exits(0);
    let unchanged = plan_id(&lab);
    assert_eq!(unchanged, plan_id(&lab), "of a full stack");
    lab.edit("customers.auto.tfvars", "cx33", "cx43");
    let changed = plan_id(&lab);
    assert_ne!(unchanged, changed, "another question, another plan");
    assert_eq!(changed, plan_id(&lab));
    lab.remove("p.tfplan");
    let text = |lab: &Lab| normal(&lab.ampere("plan").exits(0).text());
    assert_eq!(text(&lab), text(&lab));
}

/// `removed` with `destroy = false` lets go: no later plan touches the objects, destroy included.
#[test]
fn what_is_forgotten_stays() {
    let lab = Lab::new().with_example("quickstart");
    lab.ampere("apply -auto-approve").exits(0);
    let count = |lab: &Lab| lab.cloud().holdings().into_iter().map(|(kind, o)| (kind, o.len())).collect::<Vec<_>>();
    let before = count(&lab);
    let addresses = lab.ampere("state list").exits(0).stdout;
    let removed =
        |address: &str| format!("removed {{\n  from = {address}\n  lifecycle {{\n    destroy = false\n  }}\n}}\n");
    let blocks: String = addresses.lines().map(removed).collect();
    lab.remove("outputs.tf");
    lab.write("main.tf", &format!("provider \"ampere\" {{}}\n\n{blocks}"));
    lab.ampere("apply -auto-approve").exits(0).says("6 to forget");
    assert_eq!(lab.ampere("state list").exits(0).stdout, "");
    lab.ampere("plan -detailed-exitcode").exits(0).says("No changes.");
    lab.ampere("destroy -auto-approve").exits(0);
    assert_eq!(count(&lab), before, "something that was let go was touched");
}

/// Calls that list, and nothing else.
const LISTS: [&str; 11] = [
    "servers",
    "firewalls",
    "ssh_keys",
    "primary_ips",
    "volumes",
    "server_types",
    "customers",
    "subscriptions",
    "refunds",
    "accounts:batchGet",
    "documents:runQuery",
];

/// List calls only, and no more of them for more objects: a full page is 50 servers, 100 subscriptions, 1000 users.
#[test]
fn a_plan_without_changes_only_lists() {
    let mut counts = Vec::new();
    for customers in [1, 12] {
        let lab = Lab::new().with_example("fleet");
        let names: Vec<_> = (0..customers).map(|n| format!("c{n}")).collect();
        let entries = |value: &dyn Fn(&String) -> String| {
            names.iter().map(|n| format!("  {n} = {}\n", value(n))).collect::<String>()
        };
        let people = entries(&|n| format!("{{ email = \"{n}@example.com\" }}"));
        lab.write("customers.auto.tfvars", &format!("customers = {{\n{people}}}\n"));
        lab.write(
            "example-keys.auto.tfvars",
            &format!("model_keys = {{\n{}}}\n", entries(&|n| format!("\"sk-ant-EXAMPLE-{n}\""))),
        );
        lab.ampere("apply -auto-approve").exits(0);
        lab.cloud().requests();
        lab.ampere("plan -detailed-exitcode").exits(0);
        let requests = lab.cloud().requests();
        for (request, _) in &requests {
            let last = request.rsplit('/').next().unwrap_or_default();
            assert!(LISTS.contains(&last), "a plan asked {request}");
        }
        counts.push(requests.iter().map(|(_, count)| count).sum::<u64>());
    }
    assert_eq!(counts[0], counts[1], "the number of requests grows with the number of customers");
    assert!(counts[0] <= 10, "{} requests for one plan", counts[0]);
}
