//! Clients that others wrote list the sandbox after `ampere apply`, and see what the sandbox holds.
//!
//! Each goes through a tap, so that what the sandbox answers them is held against the published documents, too. Google's client
//! for Firestore is not here: it speaks gRPC, and the sandbox REST alone; the Firestore emulator stands for it.
use std::collections::BTreeMap;
use std::process::Command;

use ampere_tests::programs::tool;
use ampere_tests::{Cloud, Lab, project_root};
use ampere_tests_clouds::{Bases, Recording, Tap};
use serde_json::{Value as Json, json};

/// How a client's comparison ended.
pub type Comparison = (String, Result<usize, String>);

/// What a client sees: its objects by kind.
type Seen = BTreeMap<String, Vec<Json>>;

/// A client: its name, and how it is asked.
type Client = (&'static str, fn(&Environment) -> Result<Seen, String>);

const CLIENTS: [Client; 5] = [
    ("Debian hcloud-cli", hcloud_cli),
    ("PyPI hcloud", |e| python(e, "python_hcloud.py")),
    ("npm @stripe/cli", stripe_cli),
    ("PyPI stripe", |e| python(e, "python_stripe.py")),
    ("PyPI firebase-admin", |e| python(e, "python_firebase.py")),
];

/// What every command is given.
type Environment = BTreeMap<&'static str, String>;

/// Applies, changes and destroys the quickstart example through a tap; in between, each client looks.
pub async fn run(recording: &Recording) -> Vec<Comparison> {
    let opened = tokio::task::spawn_blocking(|| Lab::new().with_example("quickstart")).await;
    let lab = opened.expect("a directory and a cloud");
    let given: Environment = lab.cloud().environment().into_iter().collect();
    let urls = BTreeMap::from([
        ("hetzner", given["HCLOUD_ENDPOINT"].clone()),
        ("stripe", given["STRIPE_API_BASE"].clone()),
        ("identity_toolkit", given["AMPERE_IDENTITY_TOOLKIT_ENDPOINT"].clone()),
        ("firestore", given["AMPERE_FIRESTORE_ENDPOINT"].clone()),
    ]);
    let bases = Bases { urls, dialect: None, recording: Some(recording.clone()), access: None };
    let (ours, theirs) = (Tap::open(&bases, "ampere").await, Tap::open(&bases, "client").await);
    tokio::task::spawn_blocking(move || look(lab, &ours, &theirs, given)).await.unwrap_or_else(|failed| {
        let said = failed.into_panic();
        let text = said.downcast_ref::<String>().cloned().unwrap_or_else(|| "it panicked".to_owned());
        vec![("the main job".to_owned(), Err(text))]
    })
}

fn look(mut lab: Lab, ours: &Tap, theirs: &Tap, mut environment: Environment) -> Vec<Comparison> {
    for (variable, cloud) in [
        ("HCLOUD_ENDPOINT", "hetzner"),
        ("STRIPE_API_BASE", "stripe"),
        ("AMPERE_IDENTITY_TOOLKIT_ENDPOINT", "identity_toolkit"),
        ("AMPERE_FIRESTORE_ENDPOINT", "firestore"),
    ] {
        environment.insert(variable, theirs.url(cloud));
        lab.set(variable, &ours.url(cloud));
    }
    environment.insert("ROOT", theirs.root().to_owned());
    let mut found = Vec::new();
    lab.ampere("apply -auto-approve").exits(0);
    found.extend(compare(lab.cloud(), &environment, "after apply"));
    lab.ampere("plan -detailed-exitcode").exits(0);
    lab.edit("main.tf", "cx23", "cx33");
    lab.ampere("apply -auto-approve").exits(0);
    lab.ampere("destroy -auto-approve").exits(0);
    found.extend(compare(lab.cloud(), &environment, "after destroy"));
    found
}

fn compare(cloud: &Cloud, environment: &Environment, when: &str) -> Vec<Comparison> {
    let compared = CLIENTS.iter().map(|(name, client)| {
        let outcome = client(environment).and_then(|seen| same(cloud, seen));
        (format!("{name}, {when}"), outcome)
    });
    compared.collect()
}

/// How many objects a client saw, if they are those that the sandbox holds.
fn same(cloud: &Cloud, seen: Seen) -> Result<usize, String> {
    let mut count = 0;
    for (kind, mut seen) in seen {
        let mut held = held(cloud, &kind);
        held.sort_by_key(|object| object["id"].to_string());
        seen.sort_by_key(|object| object["id"].to_string());
        if held != seen {
            return Err(format!("{kind}: the sandbox holds\n    {}\n  it saw\n    {}", json!(held), json!(seen)));
        }
        count += seen.len();
    }
    Ok(count)
}

/// What the sandbox holds of a kind, in the words that clients are asked to answer in.
fn held(cloud: &Cloud, kind: &str) -> Vec<Json> {
    let of = match kind {
        "customers" | "subscriptions" => "stripe",
        "accounts" => "identity_toolkit",
        _ => "hetzner",
    };
    let mut objects = cloud.objects(of, kind);
    objects.retain(|object| object["deleted"] != json!(true));
    if kind == "servers" {
        // The address is an object of its own.
        let addresses = cloud.objects("hetzner", "primary_ips");
        for server in &mut objects {
            let id = server["public_net"]["ipv4"].clone();
            let address = addresses.iter().find(|address| address["id"] == id || address["id"] == id["id"]);
            server["public_net"] = json!({"ipv4": {"ip": address.map(|address| address["ip"].clone())}});
        }
    }
    objects.iter().map(|object| told(kind, object)).collect()
}

/// An object as a client tells of it: what a person would look at.
fn told(kind: &str, object: &Json) -> Json {
    match kind {
        "servers" => json!({
            "id": object["id"], "name": object["name"], "status": object["status"], "labels": object["labels"],
            "server_type": object["server_type"]["name"].as_str().or(object["server_type"].as_str()),
            "ipv4": object["public_net"]["ipv4"]["ip"],
        }),
        "firewalls" => json!({
            "id": object["id"], "name": object["name"], "labels": object["labels"],
            "rules": object["rules"].as_array().map_or(0, Vec::len),
        }),
        "ssh_keys" => json!({"id": object["id"], "name": object["name"], "labels": object["labels"]}),
        "customers" => json!({"id": object["id"], "email": object["email"], "metadata": object["metadata"]}),
        "subscriptions" => json!({
            "id": object["id"], "status": object["status"], "customer": object["customer"], "metadata": object["metadata"],
        }),
        _ => json!({
            "id": object["localId"], "email": object["email"],
            "claims": serde_json::from_str::<Json>(object["customAttributes"].as_str().unwrap_or("null")).unwrap_or(Json::Null),
            "disabled": object["disabled"].as_bool().unwrap_or(false),
        }),
    }
}

fn hcloud_cli(environment: &Environment) -> Result<Seen, String> {
    let mut seen = Seen::new();
    for (noun, kind) in [("server", "servers"), ("firewall", "firewalls"), ("ssh-key", "ssh_keys")] {
        let mut command = Command::new("hcloud");
        let listed = output(command.args([noun, "list", "-o", "json"]), environment)?;
        let objects = listed.as_array().cloned().unwrap_or_default();
        seen.insert(kind.to_owned(), objects.iter().map(|object| told(kind, object)).collect());
    }
    // What people look up before they write a configuration.
    for noun in ["server-type", "location", "primary-ip", "volume"] {
        output(Command::new("hcloud").args([noun, "list", "-o", "json"]), environment)?;
    }
    Ok(seen)
}

fn stripe_cli(environment: &Environment) -> Result<Seen, String> {
    let mut seen = Seen::new();
    for kind in ["customers", "subscriptions"] {
        let mut command = Command::new(tool("npm/node_modules/.bin/stripe"));
        command.args([kind, "list", "--limit", "100", "--api-base", &environment["ROOT"]]);
        if kind == "subscriptions" {
            command.args(["--status", "all"]);
        }
        let listed = output(&mut command, environment)?;
        let objects = listed["data"].as_array().cloned().ok_or("it printed no list")?;
        seen.insert(kind.to_owned(), objects.iter().map(|object| told(kind, object)).collect());
    }
    Ok(seen)
}

fn python(environment: &Environment, script: &str) -> Result<Seen, String> {
    let mut command = Command::new(tool("python/bin/python"));
    command.arg(project_root().join("tests/clouds/clients").join(script));
    let seen = output(&mut command, environment)?;
    serde_json::from_value(seen).map_err(|error| error.to_string())
}

/// The JSON that a command prints.
fn output(command: &mut Command, environment: &Environment) -> Result<Json, String> {
    let home = tempfile::tempdir().map_err(|error| error.to_string())?;
    command.env_clear().envs(environment).env("HOME", home.path()).env("NO_COLOR", "1");
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    let host = environment["ROOT"].trim_start_matches("http://");
    command.env("FIREBASE_AUTH_EMULATOR_HOST", host).env("STRIPE_CLI_TELEMETRY_OPTOUT", "1");
    let output =
        command.stdin(std::process::Stdio::null()).output().map_err(|error| format!("{command:?}: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let failed = || format!("{text}{}", String::from_utf8_lossy(&output.stderr));
    if !output.status.success() {
        return Err(failed());
    }
    serde_json::from_str(&text).map_err(|_| failed())
}
