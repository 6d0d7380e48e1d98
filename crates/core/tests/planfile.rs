//! Saved plans come back whole, to their own stack only, and tell nothing.
mod values;

use std::collections::BTreeMap;
use std::sync::Arc;

use ampere_core::address::{Address, InstanceKey, ResourceName};
use ampere_core::identity::{AddressHash, ExternalId, Marker, StackId};
use ampere_core::inventory::Depth;
use ampere_core::plan::{
    Action, Change, CheckStatus, Deferred, Drift, Looked, Mode, Operation, OutputChange, Plan, Precondition, Reason,
    Step, Target,
};
use ampere_core::planfile::{PlanFileError, SavedPlan, read, write};
use ampere_core::retention::{Cause, Departure, Owner};
use ampere_core::vault::{CodecError, Vault};
use ampere_lang::diagnostic::{Diagnostic, Diagnostics};
use ampere_lang::source::{FileId, Pos, Span};
use ampere_lang::value::{Marks, Path, Step as PathStep, Type, Value};
use proptest::prelude::*;
use values::{identical, value, vault};

const CANARY: &str = "sk-ant-EXAMPLE-canary";

fn address(key: Option<InstanceKey>) -> Address {
    Address::new("ampere_account", "ada").with_key(key)
}

fn marker() -> Marker {
    Marker { stack: StackId("0123456789abcdef".into()), address: AddressHash("ab".repeat(16).into()) }
}

fn change(n: usize, reason: Option<Reason>, value: &Value) -> Change {
    Change {
        address: address(Some(InstanceKey::Index(n as u64))),
        deposed: n.is_multiple_of(3).then(|| "0a1b2c3d".into()),
        previous_address: n.is_multiple_of(2).then(|| address(Some(InstanceKey::Key("old \"name\"".into())))),
        action: [
            Action::NoOp,
            Action::Create,
            Action::Read,
            Action::Update,
            Action::DeleteThenCreate,
            Action::CreateThenDelete,
            Action::Delete,
            Action::Forget,
        ][n % 8],
        reason,
        id: n.is_multiple_of(2).then(|| ExternalId::from("uid-1")),
        before: (!n.is_multiple_of(3)).then(|| value.clone()),
        after: (n % 3 != 1).then(|| value.clone()),
        replace_paths: vec![Path(vec![
            PathStep::Attribute("a".into()),
            PathStep::Index(3),
            PathStep::Key("k\"".into()),
        ])],
        importing: n.is_multiple_of(5).then(|| ExternalId::from("imported")),
        deadline: n.is_multiple_of(4).then(|| "2026-02-03T04:05:06.789Z".parse().unwrap()),
        loss: Some("the bot's memory on this server is lost".into()),
    }
}

fn steps(value: &Value) -> Vec<Step> {
    let id = ExternalId::from("srv-1");
    let operations = [
        Operation::Create,
        Operation::Update { id: id.clone() },
        Operation::Delete { id: id.clone(), before: value.clone(), marker: marker() },
        Operation::Depose { key: "0a1b2c3d".into(), id: id.clone(), before: value.clone(), marker: marker() },
        Operation::Record { id: id.clone(), attributes: value.clone(), moved_from: Some(address(None)) },
        Operation::Record { id, attributes: value.clone(), moved_from: None },
        Operation::Forget,
        Operation::Join,
    ];
    let step = |(n, operation): (usize, Operation)| Step {
        index: n as u32,
        address: address(None),
        deposed: (n == 2).then(|| "0a1b2c3d".into()),
        operation,
        after: (0..n as u32).collect(),
        precondition: (n == 0).then(|| Precondition {
            attribute: "subscription".into(),
            kind: "ampere_subscription".into(),
            target_attribute: "status".into(),
            accepted: vec!["active".into(), "trialing".into()],
            waiting: "it waits for its first payment".into(),
            url_attribute: "payment_url".into(),
        }),
        key: format!("step-{n}"),
    };
    operations.into_iter().enumerate().map(step).collect()
}

fn diagnostics() -> Diagnostics {
    let pos = |n| Pos { line: n, column: 2 * n, byte: 3 * n };
    let mut all = Diagnostics::new();
    let span = Span { file: FileId(1), start: pos(4), end: pos(5) };
    let warning = Diagnostic::warning("Deprecated", "It is deprecated.").at(span).about("ampere_account.ada");
    all.push(warning.of_attribute(Path::attribute("email")).concealed());
    all.push(Diagnostic::error("Literal key", "Use a variable.").for_promise("S1"));
    all
}

/// A plan with every variant of everything in it.
fn plan(value: &Value) -> Plan {
    let reasons = [
        None,
        Some(Reason::CannotUpdate),
        Some(Reason::Tainted),
        Some(Reason::Requested),
        Some(Reason::Triggered),
        Some(Reason::NoResourceConfig),
        Some(Reason::EachKey),
        Some(Reason::CountIndex),
        Some(Reason::WrongRepetition),
        Some(Reason::NoMoveTarget),
        Some(Reason::Orphan),
        Some(Reason::Ended { why: "the subscription has ended".into() }),
        Some(Reason::Missing),
        Some(Reason::PartsMissing(vec!["firewall".into(), "document".into()])),
    ];
    let checks = [CheckStatus::Pass, CheckStatus::Fail, CheckStatus::Error, CheckStatus::Unknown];
    let output = |action, before: bool, after: bool| OutputChange {
        action,
        before: before.then(|| value.clone()),
        after: after.then(|| value.clone()),
        sensitive: after,
    };
    Plan {
        id: "f00d".repeat(16),
        mode: Mode::Destroy,
        base: u64::MAX,
        made_at: "2026-01-02T03:04:05.123456789Z".parse().unwrap(),
        looked: Looked { depth: Some(Depth::Objects), parts_at: Some("2026-01-02T03:00:00Z".parse().unwrap()) },
        changes: reasons.into_iter().enumerate().map(|(n, reason)| change(n, reason, value)).collect(),
        drift: vec![
            Drift { address: address(None), before: value.clone(), after: Some(value.clone()) },
            Drift { address: address(None), before: value.clone(), after: None },
        ],
        departures: vec![Departure {
            owner: Owner("0123456789abcdef".into()),
            members: vec![AddressHash("ab".repeat(16).into())],
            cause: Cause::Refunded,
            since: "2026-01-02T03:04:05Z".parse().unwrap(),
        }],
        deferred: vec![
            Deferred {
                address: address(None),
                reason: "unpaid".into(),
                url: Some("https://example.com/pay".into()),
                ended: false,
            },
            Deferred { address: address(None), reason: "unpaid".into(), url: None, ended: true },
        ],
        outputs: [("a".into(), output(Action::Create, false, true)), ("b".into(), output(Action::Delete, true, false))]
            .into(),
        steps: steps(value),
        checks: checks.into_iter().enumerate().map(|(n, status)| (format!("check.c{n}"), status)).collect(),
        targets: vec![
            Target::Resource(ResourceName { resource_type: "ampere_account".into(), name: "ada".into() }),
            Target::Instance(address(Some(InstanceKey::Key("k".into())))),
        ],
        diagnostics: diagnostics(),
    }
}

fn sources() -> Vec<(String, String)> {
    vec![("main.tf".into(), "locals {}\n".into()), ("sub/ü.tf.json".into(), "{}\r\n".into())]
}

fn variables(value: &Value) -> BTreeMap<Arc<str>, Value> {
    let ephemeral = Value::string(CANARY).with_marks(Marks::EPHEMERAL);
    BTreeMap::from([
        ("kept".into(), value.clone()),
        ("token".into(), ephemeral.clone()),
        ("nested".into(), Value::object([("inside", Value::list(Type::String, [ephemeral]))])),
    ])
}

fn save(value: &Value, vault: &Vault) -> Vec<u8> {
    write(&plan(value), &sources(), &variables(value), vault).unwrap()
}

/// Every value of a plan, in order.
fn values_of(plan: &Plan) -> Vec<&Value> {
    let steps = plan.steps.iter().filter_map(|step| match &step.operation {
        Operation::Delete { before, .. } | Operation::Depose { before, .. } => Some(before),
        Operation::Record { attributes, .. } => Some(attributes),
        _ => None,
    });
    let changes = plan.changes.iter().flat_map(|c| c.before.iter().chain(&c.after));
    let drift = plan.drift.iter().flat_map(|d| std::iter::once(&d.before).chain(&d.after));
    let outputs = plan.outputs.values().flat_map(|o| o.before.iter().chain(&o.after));
    changes.chain(drift).chain(outputs).chain(steps).collect()
}

fn assert_comes_back(value: &Value) {
    let vault = vault(1, "prod");
    let before = plan(value);
    let SavedPlan { plan: after, sources: files, variables, ephemeral } = read(&save(value, &vault), &vault).unwrap();
    // Debug shows everything but what is inside sensitive values, which is compared on its own.
    assert_eq!(format!("{before:?}"), format!("{after:?}"));
    let (before, after) = (values_of(&before), values_of(&after));
    assert_eq!(before.len(), after.len());
    assert!(before.iter().zip(&after).all(|(a, b)| identical(a, b)));
    assert_eq!(files, sources());
    assert_eq!(variables.keys().map(|k| &**k).collect::<Vec<_>>(), ["kept"]);
    assert!(identical(&variables["kept"], value));
    assert_eq!(ephemeral, ["nested".into(), "token".into()] as [Arc<str>; 2]);
}

fn example() -> Value {
    Value::object([
        ("email", Value::string("ada@example.com")),
        ("token", Value::string(CANARY).with_marks(Marks::SENSITIVE)),
        ("id", Value::unknown(Type::String)),
    ])
}

#[test]
fn every_part_of_a_plan_comes_back() {
    assert_comes_back(&example());
}

#[test]
fn the_file_tells_nothing() {
    let vault = vault(1, "prod");
    let file = save(&example(), &vault);
    let text = String::from_utf8_lossy(&file);
    for needle in [CANARY, "canary", "ada@example.com", "ampere_account", "locals"] {
        assert!(!text.contains(needle), "{needle}");
    }
    assert!(text.starts_with(&format!("ampere-plan 1 {} ", vault.stack_id())));
}

#[test]
fn a_plan_of_another_stack_or_key_is_told() {
    let file = save(&example(), &vault(1, "prod"));
    assert_eq!(read(&file, &vault(1, "test")).err(), Some(PlanFileError::OtherStack));
    assert_eq!(read(&file, &vault(2, "prod")).err(), Some(PlanFileError::OtherStack));
    // The line made to fit does not help.
    let own = vault(2, "prod");
    let line = format!("ampere-plan 1 {}", own.stack_id());
    let mut forged = file;
    forged.splice(..line.len(), line.bytes());
    assert_eq!(read(&forged, &own).err(), Some(PlanFileError::Changed));
}

#[test]
fn other_files_are_told() {
    let vault = vault(1, "prod");
    let file = save(&example(), &vault);
    for other in [
        "",
        "\n",
        "ampere-plan ",
        "ampere-plan x y z\n",
        "ampere-plan 1\n",
        "{\"format_version\": \"1.2\"}\n",
        "PK\u{3}\u{4}",
    ] {
        assert_eq!(read(other.as_bytes(), &vault).err(), Some(PlanFileError::NotAPlan), "{other:?}");
    }
    let newer = [b"ampere-plan 2", &file[b"ampere-plan 1".len()..]].concat();
    assert_eq!(read(&newer, &vault).err(), Some(PlanFileError::Newer { found: 2, known: 1 }));
    let longer = [&file[..], b"x"].concat();
    assert_eq!(read(&longer, &vault).err(), Some(PlanFileError::Changed));
}

#[test]
fn a_file_that_was_cut_is_told() {
    let vault = vault(1, "prod");
    let file = save(&example(), &vault);
    let line = file.iter().position(|b| *b == b'\n').unwrap() + 1;
    for length in (0..file.len()).step_by(7).chain([line - 1, line, file.len() - 1]) {
        let expected = if length < line {
            PlanFileError::NotAPlan
        } else {
            PlanFileError::Truncated { expected: file.len() - line, found: length - line }
        };
        assert_eq!(read(&file[..length], &vault).err(), Some(expected));
    }
}

#[test]
fn an_ephemeral_value_in_the_plan_itself_is_refused() {
    let vault = vault(1, "prod");
    let value = Value::object([("a", Value::string(CANARY).with_marks(Marks::EPHEMERAL))]);
    let refused = write(&plan(&value), &[], &BTreeMap::new(), &vault).unwrap_err();
    assert_eq!(refused, PlanFileError::Value(CodecError::Ephemeral { path: Path::attribute("a") }));
    assert!(!format!("{refused:?}").contains("canary"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn a_plan_of_any_values_comes_back(value in value()) {
        assert_comes_back(&value);
    }

    #[test]
    fn a_changed_file_is_never_read(at in any::<prop::sample::Index>(), bit in 0u32..8) {
        let vault = vault(1, "prod");
        let mut file = save(&example(), &vault);
        let at = at.index(file.len());
        file[at] ^= 1 << bit;
        prop_assert!(read(&file, &vault).is_err());
    }
}
