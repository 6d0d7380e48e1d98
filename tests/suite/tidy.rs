//! The rules of the house that no compiler knows: layers, file sizes, who may print.
use std::fs;
use std::path::{Path, PathBuf};

use ampere_tests::project_root;
use regex::Regex;

/// No source file is longer: past that it holds more than one idea.
const MOST_LINES: usize = 600;

/// Source files below a directory of the project.
fn sources(below: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut look = vec![project_root().join(below)];
    while let Some(directory) = look.pop() {
        for entry in fs::read_dir(&directory).unwrap_or_else(|e| panic!("{}: {e}", directory.display())) {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                look.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let text = fs::read_to_string(&path).expect("a source file is readable");
                found.push((path, text));
            }
        }
    }
    assert!(!found.is_empty(), "{below} holds no source");
    found
}

/// The part before the tests of a file.
fn product(text: &str) -> &str {
    text.split("#[cfg(test)]\nmod tests").next().unwrap_or(text)
}

/// Panics with every place in `below` whose product code matches, unless its path ends with one of `but`.
fn forbid(below: &str, pattern: &str, but: &[&str], why: &str) {
    let pattern = Regex::new(pattern).expect("a pattern");
    let mut places = String::new();
    for (path, text) in sources(below) {
        if but.iter().any(|end| path.to_string_lossy().contains(end)) {
            continue;
        }
        for (n, line) in product(&text).lines().enumerate() {
            if !line.trim_start().starts_with("//") && pattern.is_match(line) {
                places.push_str(&format!("\n  {}:{}: {}", path.display(), n + 1, line.trim()));
            }
        }
    }
    assert!(places.is_empty(), "{why}{places}");
}

#[test]
fn files_are_short() {
    for below in ["crates", "tests", "examples"] {
        for (path, text) in sources(below) {
            let lines = text.lines().count();
            assert!(lines <= MOST_LINES, "{}: {lines} lines; split it by idea", path.display());
        }
    }
}

#[test]
fn core_and_lang_ask_the_machine_for_nothing() {
    let asks = r"std::env|std::process|SystemTime::now|Instant::now|Timestamp::now|Zoned::now|thread_rng|OsRng|getrandom|\bprintln!|\beprintln!";
    forbid("crates/lang/src", asks, &[], "the language is a pure function of its arguments");
    forbid("crates/core/src", asks, &["core/src/store"], "core is given clock, chance and environment (invariant 8)");
    forbid("crates/lang/src", r"std::fs|std::net|tokio", &[], "the language does no I/O");
}

#[test]
fn planning_is_pure() {
    for below in ["crates/core/src/plan", "crates/core/src/evaluate", "crates/core/src/audit"] {
        forbid(below, r"\basync\b|tokio|std::fs|std::net", &[], "planning is pure and synchronous (invariant 2)");
    }
}

#[test]
fn only_the_command_prints() {
    for below in ["crates/lang/src", "crates/core/src", "crates/provider/src", "crates/sandbox/src"] {
        forbid(below, r"\b(println|eprintln|print|eprint|dbg)!", &[], "only crates/cli speaks to a person");
    }
}

#[test]
fn each_library_has_its_place() {
    forbid(
        "crates/core/src",
        r"\bsqlx\b",
        &["store/sqlite", "store/postgres"],
        "sqlx lives in store::{sqlite, postgres}",
    );
    forbid("crates/core/src", r"\breqwest\b|\bclap\b|\bhyper\b", &[], "core knows no cloud and no command line");
    forbid(
        "crates/lang/src",
        r"\breqwest\b|\bclap\b|\bsqlx\b|ampere_core|ampere_provider",
        &[],
        "the language knows nobody",
    );
    forbid("crates/core/src", r"ampere_provider|ampere_sandbox|ampere_cli", &[], "core is below provider and cli");
    forbid("crates/sandbox/src", r"ampere_core|ampere_provider|ampere_lang", &[], "the sandbox owns its wire types");
    forbid("crates/provider/src", r"ampere_sandbox|\bclap\b", &[], "a provider does not know the sandbox");
}

#[test]
fn the_agent_knows_nobody_and_starts_nothing() {
    let others = r"ampere_(core|lang|provider|sandbox|cli)|\btokio\b";
    forbid("crates/agent/src", others, &[], "the agent knows the bundle format alone");
    forbid(
        "crates/agent/src",
        r"process::Command|Command::new|TcpListener|UdpSocket",
        &[],
        "it starts and listens to nothing",
    );
    forbid("crates/bundle/src", others, &[], "the bundle format knows nobody");
    let asks = r"std::(fs|net|env|process)|SystemTime|Instant::now|getrandom|OsRng";
    forbid("crates/bundle/src", asks, &[], "bundles are pure functions; chance and time are arguments");
}

#[test]
fn core_stays_in_its_layers() {
    let below: &[(&str, &str)] = &[
        ("crates/core/src/schema", r"crate::(plan|apply|store|provider|render|engine|snapshot|inventory)"),
        ("crates/core/src/evaluate", r"crate::(plan|apply|store|provider|render|engine)\b"),
        ("crates/core/src/plan", r"crate::(apply|store|provider|render|engine)\b"),
        ("crates/core/src/audit", r"crate::(apply|store|provider|render|engine)\b"),
        ("crates/core/src/render", r"crate::(apply|engine)\b"),
        ("crates/core/src/store", r"crate::(apply|engine|render|plan)\b"),
    ];
    for (directory, above) in below {
        forbid(directory, above, &[], "a module of core uses only its own layer or a lower one (see core/src/lib.rs)");
    }
}

/// Verbs that we promise not to have (N3, N4, S5): they are no call of the provider.
#[test]
fn no_verb_exists_for_what_we_promise_not_to_do() {
    let verbs = r#"(enable_rescue|create_image|enable_backup|request_console|/rebuild|actions/rebuild|reset_password|attach_iso)"#;
    forbid(
        "crates/provider/src",
        verbs,
        &[],
        "rescue, snapshot, backup, console, rebuild, reset_password, ISO: N3, N4",
    );
}

#[test]
fn nothing_is_left_open() {
    for below in ["crates", "examples", "tests/kit"] {
        forbid(below, r"\b(todo|unimplemented)!\(|#\[ignore|allow\(dead_code\)|FIXME|XXX", &[], "left open");
    }
}

#[test]
fn no_module_is_a_drawer() {
    for (path, _) in sources("crates") {
        let name = Path::new(&path).file_stem().and_then(|n| n.to_str()).expect("a name");
        assert!(
            !["utils", "util", "helpers", "common", "manager", "misc"].contains(&name),
            "{}: name the idea",
            path.display()
        );
    }
}
