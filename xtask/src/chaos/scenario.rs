//! What is done to a customer while the blows fall.
use serde_json::Value;

use super::rig::{Rig, RigError};

/// The files of `examples/quickstart`: one customer, each of the four kinds.
const QUICKSTART: [(&str, &str); 4] = [
    (MAIN, include_str!("../../../examples/quickstart/main.tf")),
    ("variables.tf", include_str!("../../../examples/quickstart/variables.tf")),
    ("outputs.tf", include_str!("../../../examples/quickstart/outputs.tf")),
    ("keys.auto.tfvars", include_str!("../../../examples/quickstart/example-keys.auto.tfvars")),
];
const MAIN: &str = "main.tf";

/// One step at a time, so that points have the same numbers in every run.
const APPLY: &str = "apply -auto-approve -parallelism=1";
const RECONCILE: &str = "reconcile -once -parallelism=1";
const PLAN: &str = "plan -detailed-exitcode";

/// Writes files, runs commands, changes things at the clouds.
pub type Prepare<'a> = dyn Fn(&Rig) -> Result<(), RigError> + Sync + 'a;

/// Something that is done to a customer.
pub struct Scenario<'a> {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it is.
    pub about: &'static str,
    /// Brings about the state of things before it.
    pub prepare: &'a Prepare<'a>,
    /// The command that is struck.
    pub command: &'static str,
    /// The commands after it: without a person's help they must bring about what it was to do.
    pub again: &'static [&'static str],
    /// Whether every object of before must be the same one afterwards.
    pub keeps: bool,
    /// Whether there is somebody in its servers.
    pub boxes: bool,
    /// How many steps may be in flight.
    pub parallelism: usize,
    /// The command that succeeds if nothing is left to do.
    pub idle: &'static str,
}

/// All of them.
pub const ALL: &[Scenario<'static>] = &[
    scenario("create", "all four kinds, in an empty directory", APPLY, &|rig| configuration(rig, &[])),
    scenario("update", "in place, all four kinds", APPLY, &|rig| {
        applied(rig)?;
        configuration(rig, &[("Ada Lovelace", "Ada King"), ("cx23", "cx33"), ("monthly", "yearly"), NEW_KEY])
    })
    .keeping(),
    scenario("rotate", "a secret's new value, sealed and delivered to the box", APPLY, &|rig| {
        applied(rig)?;
        configuration(rig, &[NEW_KEY])
    })
    .keeping(),
    scenario(
        "replace-account",
        "destroyed, then created, and all that hangs on it",
        "apply -auto-approve -parallelism=1 -replace=ampere_account.ada",
        &applied,
    ),
    scenario(
        "replace-subscription",
        "destroyed, then created",
        "apply -auto-approve -parallelism=1 -replace=ampere_subscription.ada",
        &applied,
    ),
    scenario(
        "replace-secret",
        "destroyed, then created",
        "apply -auto-approve -parallelism=1 -replace=ampere_secret.telegram",
        &applied,
    ),
    scenario(
        "replace-instance",
        "destroyed, then created",
        "apply -auto-approve -parallelism=1 -replace=ampere_instance.ada",
        &applied,
    ),
    // Not an account: an address has one user at a time, so that a second one cannot be made first.
    scenario(
        "create-first-subscription",
        "create_before_destroy",
        "apply -auto-approve -parallelism=1 -replace=ampere_subscription.ada",
        &applied_create_first,
    ),
    scenario(
        "create-first-secret",
        "create_before_destroy",
        "apply -auto-approve -parallelism=1 -replace=ampere_secret.telegram",
        &applied_create_first,
    ),
    scenario(
        "create-first-instance",
        "create_before_destroy",
        "apply -auto-approve -parallelism=1 -replace=ampere_instance.ada",
        &applied_create_first,
    )
    .without_boxes(),
    scenario("delete", "what left the configuration: all but the account", APPLY, &|rig| {
        applied(rig)?;
        rig.write("outputs.tf", "")?;
        rig.write(MAIN, &only(&["account"]))
    }),
    scenario("adopt", "objects of ours that the state has lost", APPLY, &|rig| {
        applied(rig)?;
        rig.prepare(&format!("state rm {}", ADDRESSES.join(" "))).map(drop)
    })
    .keeping(),
    scenario("forget", "`removed` blocks: the objects stay and lose their marks", APPLY, &|rig| {
        applied(rig)?;
        rig.write("outputs.tf", "")?;
        rig.write(MAIN, &removed())
    })
    .keeping(),
    scenario("import", "`import` blocks: objects without a mark, all four kinds", APPLY, &|rig| {
        applied(rig)?;
        let imports = imports(rig)?;
        rig.write("outputs.tf", "")?;
        rig.write(MAIN, &removed())?;
        rig.prepare(APPLY)?;
        configuration(rig, &[])?;
        rig.write("imports.tf", &imports)
    })
    .keeping(),
    Scenario {
        name: "destroy",
        about: "everything",
        prepare: &applied,
        command: "destroy -auto-approve -parallelism=1",
        again: &["destroy -auto-approve -parallelism=1"],
        keeps: false,
        boxes: true,
        parallelism: 1,
        idle: "plan -destroy -detailed-exitcode",
    },
    Scenario {
        name: "reconcile",
        about: "a customer whose subscription has ended: deleted, looked for again, written down",
        prepare: &|rig| {
            applied(rig)?;
            let subscriptions = rig.control("GET", "/objects/stripe/subscriptions", None)?;
            let id = subscriptions[0]["id"].as_str().unwrap_or_default();
            rig.control("POST", &format!("/stripe/subscriptions/{id}/end"), None).map(drop)
        },
        command: RECONCILE,
        again: &[RECONCILE, RECONCILE],
        keeps: false,
        boxes: true,
        parallelism: 1,
        idle: PLAN,
    },
];

/// One that is struck in an apply, and gone on with by the same.
const fn scenario(
    name: &'static str,
    about: &'static str,
    command: &'static str,
    prepare: &'static Prepare<'static>,
) -> Scenario<'static> {
    Scenario { name, about, prepare, command, again: &[APPLY], keeps: false, boxes: true, parallelism: 1, idle: PLAN }
}

impl<'a> Scenario<'a> {
    /// One that makes and deletes nothing.
    const fn keeping(self) -> Scenario<'a> {
        Scenario { keeps: true, ..self }
    }

    /// One with nobody in its servers.
    const fn without_boxes(self) -> Scenario<'a> {
        Scenario { boxes: false, ..self }
    }
}

/// Another key of the model provider.
const NEW_KEY: (&str, &str) = ("sk-ant-EXAMPLE-not-a-real-key", "sk-ant-EXAMPLE-another-key");

impl Scenario<'_> {
    /// Brings about the state of things before the command.
    ///
    /// # Errors
    /// The preparation fails.
    pub fn prepare(&self, rig: &Rig) -> Result<(), RigError> {
        (self.prepare)(rig)
    }
}

/// The scenario of that name.
pub fn find(name: &str) -> Option<&'static Scenario<'static>> {
    ALL.iter().find(|scenario| scenario.name == name)
}

/// Writes quickstart's files with these texts replaced.
fn configuration(rig: &Rig, replaced: &[(&str, &str)]) -> Result<(), RigError> {
    for (name, text) in QUICKSTART {
        let text = replaced.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to));
        rig.write(name, &text)?;
    }
    Ok(())
}

/// Quickstart's blocks of these kinds alone.
fn only(kinds: &[&str]) -> String {
    let (_, text) = QUICKSTART[0];
    let wanted = |block: &&str| {
        !block.contains("resource \"")
            || kinds.iter().any(|kind| block.contains(&format!("resource \"ampere_{kind}\"")))
    };
    text.split_inclusive("\n}\n").filter(wanted).collect()
}

/// The addresses in quickstart.
const ADDRESSES: [&str; 6] = [
    "ampere_account.ada",
    "ampere_subscription.ada",
    "ampere_secret.anthropic",
    "ampere_secret.telegram",
    "ampere_secret.discord",
    "ampere_instance.ada",
];

/// Quickstart with each resource let go.
fn removed() -> String {
    let block =
        |address: &str| format!("removed {{\n  from = {address}\n  lifecycle {{\n    destroy = false\n  }}\n}}\n\n");
    only(&[]) + &ADDRESSES.map(block).concat()
}

/// Blocks that import quickstart's objects as they are now.
fn imports(rig: &Rig) -> Result<String, RigError> {
    let mut text = String::new();
    let mut import = |address: &str, id: &Value| {
        let id = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
        text.push_str(&format!("import {{\n  to = {address}\n  id = \"{id}\"\n}}\n\n"));
    };
    let accounts = rig.control("GET", "/objects/identity_toolkit/accounts", None)?;
    let account = accounts.as_array().into_iter().flatten().find(|account| account["email"].is_string());
    import("ampere_account.ada", &account.unwrap_or(&Value::Null)["localId"]);
    import("ampere_subscription.ada", &rig.control("GET", "/objects/stripe/subscriptions", None)?[0]["id"]);
    import("ampere_instance.ada", &rig.control("GET", "/objects/hetzner/servers", None)?[0]["id"]);
    let documents = rig.control("GET", "/objects/firestore/documents", None)?;
    for document in documents.as_array().into_iter().flatten() {
        let field = |name: &str| document["fields"][name]["stringValue"].as_str().unwrap_or_default();
        if field("ampereKind") == "secret" {
            let id = document["name"].as_str().and_then(|name| name.rsplit('/').next());
            import(&format!("ampere_secret.{}", field("kind")), &Value::from(id));
        }
    }
    Ok(text)
}

/// Quickstart, applied.
fn applied(rig: &Rig) -> Result<(), RigError> {
    configuration(rig, &[])?;
    rig.prepare("apply -auto-approve").map(drop)
}

/// The same with `create_before_destroy` everywhere.
fn applied_create_first(rig: &Rig) -> Result<(), RigError> {
    applied(rig)?;
    let first = "  lifecycle {\n    create_before_destroy = true\n  }\n}\n";
    let (_, text) = QUICKSTART[0];
    let blocks = text.split_inclusive("\n}\n").map(|block| match block.contains("resource \"") {
        true => block.strip_suffix("}\n").unwrap_or(block).to_owned() + first,
        false => block.to_owned(),
    });
    rig.write(MAIN, &blocks.collect::<String>())
}
