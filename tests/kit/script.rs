//! Scenarios as text: commands, and below each what it says.
//!
//! ```text
//! # A comment.
//! > write main.tf
//! | resource "terraform_data" "a" {}
//! > edit main.tf "cx23" "cx33"
//! > remove outputs.tf
//! > ampere apply -auto-approve
//! …what it says, normalised; a last line `[exit N]` unless N is 0…
//! > setup apply -auto-approve
//! > remove .ampere/state.db*
//! > cloud DELETE /objects/hetzner/servers/{0}
//! ```
//!
//! `setup` runs a command that must succeed and is not what the script is about: nothing is said. `{0}` in a control path is the id of the first object of that kind. With `BLESS=1` in the environment the scripts are
//! rewritten to what was said; read the difference before you commit it.
use std::path::Path;

use crate::{Lab, normal};

/// Plays a script; panics where it says something else than written.
pub fn play(path: &Path) {
    let script = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let played = perform(&script);
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(path, &played).expect("the script is writable");
        return;
    }
    if played != script {
        let first = script.lines().zip(played.lines()).position(|(a, b)| a != b);
        let line = first.unwrap_or_else(|| script.lines().count().min(played.lines().count()));
        panic!(
            "{}:{} differs:\n- {}\n+ {}\n--- all that was said:\n{played}",
            path.display(),
            line + 1,
            script.lines().nth(line).unwrap_or("(end)"),
            played.lines().nth(line).unwrap_or("(end)"),
        );
    }
}

/// The script as it should stand: its commands, comments and files, and what the commands said.
fn perform(script: &str) -> String {
    let mut lab = Lab::new();
    let mut played = String::new();
    let mut lines = script.lines().peekable();
    while let Some(line) = lines.next() {
        let Some(command) = line.strip_prefix("> ") else {
            if line.starts_with('#') {
                played.push_str(&format!("{line}\n"));
            }
            continue;
        };
        played.push_str(&format!("{line}\n"));
        let mut file = String::new();
        while let Some(text) = lines.next_if(|l| l.starts_with('|')) {
            played.push_str(&format!("{text}\n"));
            file.push_str(text.strip_prefix("| ").unwrap_or(""));
            file.push('\n');
        }
        let said = run(&mut lab, command, &file);
        if !said.is_empty() {
            played.push_str(&escape(said.trim_end()));
            played.push('\n');
        }
        played.push('\n');
    }
    played.truncate(played.trim_end().len());
    played.push('\n');
    played
}

/// Lines that a script would take for its own are set apart.
fn escape(said: &str) -> String {
    let lines = said.lines().map(|l| if l.starts_with(['#', '>', '|']) { format!(" {l}") } else { l.to_owned() });
    lines.collect::<Vec<_>>().join("\n")
}

fn run(lab: &mut Lab, command: &str, file: &str) -> String {
    let (verb, rest) = command.split_once(' ').unwrap_or((command, ""));
    match verb {
        "ampere" => {
            let run = lab.ampere(rest);
            let exit = if run.code == 0 { String::new() } else { format!("[exit {}]", run.code) };
            format!("{}\n{exit}", normal(&run.text()).trim_end())
        }
        "write" => {
            lab.write(rest, file);
            String::new()
        }
        "setup" => {
            lab.ampere(rest).exits(0);
            String::new()
        }
        "remove" => {
            lab.remove(rest);
            String::new()
        }
        "edit" => {
            let parts: Vec<_> = rest.split('"').collect();
            lab.edit(parts[0].trim(), parts[1], parts[3]);
            String::new()
        }
        "set" => {
            let (name, value) = rest.split_once(' ').expect("set NAME VALUE");
            lab.set(name, value);
            String::new()
        }
        "cloud" => cloud(lab, rest),
        _ => panic!("a script knows no {verb:?}"),
    }
}

/// `METHOD PATH [JSON]`; the answer of a GET is said.
fn cloud(lab: &Lab, call: &str) -> String {
    let mut words = call.splitn(3, ' ');
    let method = words.next().expect("a method");
    let mut path = words.next().expect("a path").to_owned();
    if let (Some(at), Some(end)) = (path.find("/{"), path.find('}')) {
        let index: usize = path[at + 2..end].parse().expect("a number in braces");
        let mut kind = path[..at].rsplit('/');
        let (kind, cloud) = (kind.next().expect("a kind"), kind.next().expect("a cloud"));
        let object = &lab.cloud().objects(cloud, kind)[index];
        let id = ["id", "localId", "name"].iter().find_map(|k| object.get(k)).expect("an object has an id");
        let id = id.as_str().map_or_else(|| id.to_string(), |s| s.replace('/', "%2F"));
        path.replace_range(at + 1..=end, &id);
    }
    let body = words.next().map(|json| serde_json::from_str(json).expect("JSON"));
    let answer = lab.cloud().control(method, &path, body);
    match method {
        "GET" => normal(&serde_json::to_string_pretty(&answer).expect("JSON")),
        _ => String::new(),
    }
}
