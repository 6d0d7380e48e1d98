//! Crypto-shredding: who has every byte that was ever written, and all keys that are alive after the next epoch, opens
//! nothing of an account that was erased, and everything that the others have (S1, R2, R3).
//!
//! After each operation of a life of four accounts every file is copied and every document fetched. In the end all sealed
//! texts in all of that are tried with all keys that are left, at every place that they could have been sealed for.
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::Arc;

use ampere_core::clock::{Clock, NoRandomness, Random};
use ampere_core::secret::Secret;
use ampere_core::store::{SqliteStore, Store, StoredKey, StoredSnapshot};
use ampere_core::vault::{RootKey, STACK, SealContext, SealError, Sealed, Sealer, Vault};
use ampere_tests::Lab;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use regex::bytes::Regex;
use serde_json::{Value as Json, json};

const CONFIGURATION: &str = r#"
variable "people" { type = map(object({ email = string, name = string })) }
variable "keys" {
  type      = map(string)
  ephemeral = true
}
resource "ampere_account" "all" {
  for_each = var.people
  email    = each.value.email
  name     = each.value.name
}
resource "ampere_secret" "model" {
  for_each = var.people
  account  = ampere_account.all[each.key].id
  kind     = "anthropic"
  value_wo = var.keys[each.key]
}
resource "ampere_secret" "channel" {
  for_each = var.people
  account  = ampere_account.all[each.key].id
  kind     = "telegram"
  value_wo = "${var.keys[each.key]}-channel"
}
"#;

/// The accounts; the second is erased.
const PEOPLE: [&str; 4] = ["p1", "p2", "p3", "p4"];
const ERASED: &str = "p2";

struct Machine;

impl Random for Machine {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), NoRandomness> {
        getrandom::fill(buffer).map_err(|_| NoRandomness)
    }
}

impl Clock for Machine {
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::now()
    }
}

/// All that is there at one moment.
struct Moment {
    what: String,
    /// Every file of the data directory, but for the root key.
    files: BTreeMap<String, Vec<u8>>,
    documents: String,
    rows: StoredSnapshot,
}

struct Life {
    lab: Lab,
    moments: Vec<Moment>,
    runtime: tokio::runtime::Runtime,
}

impl Life {
    fn new() -> Life {
        let lab = Lab::new();
        lab.write("main.tf", CONFIGURATION);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        Life { lab, moments: Vec::new(), runtime }
    }

    /// What the configuration is given: names and secrets of that generation.
    fn give(&mut self, generation: usize, people: &[&str]) {
        let person = |name: &&str| (name.to_string(), json!({ "email": email(name, generation), "name": full(name) }));
        let map: serde_json::Map<String, Json> = people.iter().map(person).collect();
        self.lab.set("TF_VAR_people", &Json::Object(map).to_string());
        let keys: BTreeMap<&str, String> = people.iter().map(|name| (*name, secret(name, generation))).collect();
        self.lab.set("TF_VAR_keys", &json!(keys).to_string());
    }

    /// Runs a command and keeps what is there after it.
    fn run(&mut self, arguments: &str, code: i32) {
        self.lab.ampere(arguments).exits(code);
        let mut files = BTreeMap::new();
        collect(&self.lab.path().join(".ampere"), &mut files);
        files.remove("key");
        let documents = json!(self.lab.cloud().objects("firestore", "documents")).to_string();
        let rows = self.runtime.block_on(rows(&files));
        self.moments.push(Moment { what: arguments.to_owned(), files, documents, rows });
    }
}

fn email(name: &str, generation: usize) -> String {
    format!("{name}.canary.{generation}@example.com")
}

fn full(name: &str) -> String {
    format!("Canary Name Of {name}")
}

fn secret(name: &str, generation: usize) -> String {
    format!("sk-ant-EXAMPLE-canary-{name}-{generation}")
}

fn collect(directory: &Path, files: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().and_then(|name| name.to_str()).expect("a name").to_owned();
        files.insert(name, fs::read(&path).expect("readable"));
    }
}

/// The rows of a copied state, its write-ahead log included.
async fn rows(files: &BTreeMap<String, Vec<u8>>) -> StoredSnapshot {
    let directory = tempfile::tempdir().expect("a directory");
    for (name, bytes) in files.iter().filter(|(name, _)| name.starts_with("state.db") && !name.ends_with("-shm")) {
        fs::write(directory.path().join(name), bytes).expect("written");
    }
    let store = SqliteStore::open(&directory.path().join("state.db"), Arc::new(Machine)).await.expect("a state");
    store.load().await.expect("rows")
}

/// Who tries to open what was kept.
struct Attacker {
    root: RootKey,
    /// The epochs that are alive.
    epochs: String,
    vaults: Vec<Vault>,
}

impl Attacker {
    /// All keys that are left, with the rows of every moment in turn.
    fn new(root: &str, epochs: &str, moments: &[Moment]) -> Attacker {
        let root = RootKey::parse(root).expect("a root key");
        let mut attacker = Attacker { root, epochs: epochs.to_owned(), vaults: Vec::new() };
        let mut seen = BTreeSet::new();
        for moment in moments {
            let rows: Vec<(String, Vec<u8>)> =
                moment.rows.keys.iter().map(|key| (key.id.clone(), key.wrapped.clone())).collect();
            if seen.insert(rows) {
                let vault = attacker.vault(&moment.rows.keys, &moments[moments.len() - 1].rows.keys);
                attacker.vaults.push(vault);
            }
        }
        attacker
    }

    /// A vault with these rows. The stack's own, by which a state is known, is taken from elsewhere if need be: an attacker is
    /// not bound to the order that our own code keeps.
    fn vault(&self, rows: &[StoredKey], newest: &[StoredKey]) -> Vault {
        let open =
            |rows: &[StoredKey]| Vault::open_with(&self.root, "default", Some(&self.epochs), rows, Arc::new(Machine));
        if let Ok(vault) = open(rows) {
            return vault;
        }
        let own = open(newest).expect("the last state opens").key_id(STACK);
        let mut mixed: Vec<StoredKey> = rows.iter().filter(|row| row.id != own).cloned().collect();
        mixed.extend(newest.iter().filter(|row| row.id == own).cloned());
        open(&mixed).expect("the stack's own row opens")
    }

    /// The text, if any key opens it at any of these places.
    fn open(&self, sealed: &Sealed, places: &[Place]) -> Option<Secret> {
        let id = key_id(sealed)?;
        for vault in &self.vaults {
            let mine = places.iter().filter(|place| vault.key_id(&place.account) == id);
            for Place { account, address, attribute, version } in mine {
                let context = SealContext { account, address, attribute, version: *version };
                match vault.open_sealed(&context, sealed) {
                    Ok(secret) => return Some(secret),
                    Err(SealError::DoesNotOpen | SealError::NoKey | SealError::EpochGone) => {}
                    Err(other) => panic!("a text that was found is not one: {other}"),
                }
            }
        }
        None
    }
}

/// The id of the key that a text names.
fn key_id(sealed: &Sealed) -> Option<String> {
    let bytes = URL_SAFE_NO_PAD.decode(sealed.0.strip_prefix("amp1.")?).ok()?;
    let end = bytes.iter().position(|byte| *byte == b'.')?;
    String::from_utf8(bytes[..end].to_vec()).ok()
}

/// Where a text could have been sealed for.
struct Place {
    account: String,
    address: String,
    attribute: String,
    version: u64,
}

/// Every place of an account: its documents in all versions, and its rows.
fn places(name: &str, uid: &str, moments: &[Moment]) -> Vec<Place> {
    let mut places = Vec::new();
    let mut add = |address: &str, attribute: &str, version| {
        let (account, address, attribute) = (uid.to_owned(), address.to_owned(), attribute.to_owned());
        places.push(Place { account, address, attribute, version });
    };
    let mut ids = BTreeSet::new();
    let rows = moments.iter().flat_map(|moment| &moment.rows.objects);
    for row in rows.filter(|row| row.address.contains(&format!("[\"{name}\"]"))) {
        add(&row.address, "", 0);
        ids.insert(row.external_id.clone());
    }
    for id in ids {
        for version in 1..6 {
            add(&format!("ampere/{id}"), "value_wo", version);
        }
        add(&format!("ampere/{id}"), "email", 1);
        add(&format!("ampere/{id}"), "name", 1);
    }
    places
}

/// Every sealed text in all that was ever there: in files as they are, in rows, in documents.
fn texts(moments: &[Moment]) -> BTreeSet<String> {
    let pattern = Regex::new(r"amp1\.[A-Za-z0-9_-]{40,}").expect("a pattern");
    let mut texts = BTreeSet::new();
    for moment in moments {
        let rows = moment.rows.objects.iter().map(|row| row.body.as_bytes());
        let files = moment.files.values().map(Vec::as_slice);
        for bytes in rows.chain(files).chain([moment.documents.as_bytes()]) {
            let found = pattern.find_iter(bytes).map(|found| String::from_utf8_lossy(found.as_bytes()).into_owned());
            texts.extend(found);
        }
    }
    texts
}

#[test]
#[expect(clippy::print_stdout, reason = "figures are for people, who read what a test prints")]
fn s1_r3_nothing_of_an_erased_account_opens_after_the_next_epoch_and_everything_of_the_others_does() {
    let mut life = Life::new();
    life.give(1, &PEOPLE);
    life.run("apply -auto-approve", 0);
    life.give(2, &PEOPLE);
    life.run("apply -auto-approve", 0);
    life.run("secret rotate-keys", 0);
    let refusal = json!({ "status": { "code": 400 } });
    let fault = json!({ "cloud": "firestore", "path": "~:commit$", "effect": refusal, "times": 3 });
    life.lab.cloud().fault(fault);
    life.give(3, &PEOPLE);
    life.run("apply -auto-approve -parallelism=1", 3);
    life.run("apply -auto-approve", 0);
    life.run("reconcile -once", 0);
    let uids: BTreeMap<&str, String> = PEOPLE.map(|name| (name, uid(&life, name))).into();
    life.run(&format!("erase ampere_account.all[\"{ERASED}\"] -auto-approve -now"), 0);
    let (stale, before_epoch) = (life.moments[life.moments.len() - 2].files["epochs"].clone(), life.moments.len());
    life.run("reconcile -once -retention-only", 0);
    life.run("secret rotate-keys", 0);
    let others: Vec<&str> = PEOPLE.into_iter().filter(|name| *name != ERASED).collect();
    life.give(3, &others);
    life.run("apply -auto-approve", 0);

    let moments = &life.moments;
    let root = fs::read_to_string(life.lab.path().join(".ampere/key")).expect("a root key");
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("a text");
    let last = text(&moments[moments.len() - 1].files["epochs"]);
    let everything = texts(moments);
    let count = |attacker: &Attacker, name: &str| {
        let places = places(name, &uids[name], moments);
        everything.iter().filter_map(|text| attacker.open(&Sealed(text.clone()), &places)).count()
    };

    let attacker = Attacker::new(&root, &last, moments);
    let opened: BTreeMap<&str, usize> = PEOPLE.map(|name| (name, count(&attacker, name))).into();
    assert_eq!(opened[ERASED], 0, "of the erased account something opens: {opened:?}");
    for name in &others {
        current(&attacker, name, &uids[name], moments);
    }
    // The same attempts succeed with an epoch that should have been destroyed: the places are right, and it is the epoch that
    // keeps them shut.
    let with_stale = Attacker::new(&root, &text(&stale), &moments[..before_epoch - 1]);
    let teeth = count(&with_stale, ERASED);
    assert!(teeth >= 5, "the attempts are blunt: {teeth}");
    in_the_clear(moments);
    println!(
        "shredding: {} moments, {} sealed texts, opened of the others {:?}, of the erased one {} ({teeth} with the epoch before)",
        moments.len(),
        everything.len(),
        others.iter().map(|name| opened[name]).collect::<Vec<_>>(),
        opened[ERASED],
    );
}

fn uid(life: &Life, name: &str) -> String {
    let rows = &life.moments[life.moments.len() - 1].rows.objects;
    let row = rows.iter().find(|row| row.address == format!("ampere_account.all[\"{name}\"]")).expect("an account");
    row.external_id.clone()
}

/// Everything that an account has now opens.
fn current(attacker: &Attacker, name: &str, uid: &str, moments: &[Moment]) {
    let last = &moments[moments.len() - 1];
    let places = places(name, uid, moments);
    let of_account = |row: &&ampere_core::store::StoredObject| row.address.contains(&format!("[\"{name}\"]"));
    let rows: Vec<String> = last.rows.objects.iter().filter(of_account).map(|row| row.body.clone()).collect();
    assert_eq!(rows.len(), 3);
    let documents: Vec<Json> = serde_json::from_str(&last.documents).expect("documents");
    let of_account = |document: &&Json| document.to_string().contains(uid);
    let documents: Vec<String> = documents.iter().filter(of_account).map(Json::to_string).collect();
    let pattern = Regex::new(r"amp1\.[A-Za-z0-9_-]{40,}").expect("a pattern");
    let mut values = BTreeSet::new();
    let mut texts = 0;
    for text in rows.iter().chain(&documents).flat_map(|text| pattern.find_iter(text.as_bytes())) {
        let sealed = Sealed(String::from_utf8_lossy(text.as_bytes()).into_owned());
        let opened = attacker.open(&sealed, &places).unwrap_or_else(|| panic!("a text of {name} does not open"));
        values.insert(opened.expose().to_owned());
        texts += 1;
    }
    // Three rows, two secrets in rows and documents, email and name.
    assert!(texts >= 9, "{texts}");
    let expected = [secret(name, 3), format!("{}-channel", secret(name, 3)), email(name, 3), full(name)];
    assert!(expected.iter().all(|value| values.contains(value)), "what opened is what was given");
}

/// No value of anybody stands in the clear in any file or document.
fn in_the_clear(moments: &[Moment]) {
    for moment in moments {
        let files = moment.files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice()));
        for (place, bytes) in files.chain([("documents", moment.documents.as_bytes())]) {
            for value in ["canary", "Canary Name", "sk-ant"] {
                let found = bytes.windows(value.len()).any(|window| window == value.as_bytes());
                assert!(!found, "after {:?} {place} holds {value:?}", moment.what);
            }
        }
    }
}
