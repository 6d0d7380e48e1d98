//! How large the agent may be.
use std::fs;
use std::path::{Path, PathBuf};

/// "Small enough to audit in one sitting": lines of code that the agent is built of, bundle format included. Not counted are
/// OpenClaw's settings, and how bundles are made (`issue`), which no box does.
const MOST_LINES: usize = 1500;

fn sources(below: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(below).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true if path.ends_with("openclaw") || path.ends_with("issue") => {}
            false if path.ends_with("issue.rs") => {}
            true => found.extend(sources(&path)),
            false => found.push(path),
        }
    }
    found
}

/// Lines that are neither blank nor comment nor test.
fn code(text: &str) -> usize {
    let product = text.split("#[cfg(test)]\nmod tests").next().unwrap_or(text);
    product.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//")).count()
}

#[test]
fn the_agent_can_be_read_in_one_sitting() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut files = sources(&crates.join("agent/src"));
    let own = files.len();
    files.extend(sources(&crates.join("bundle/src")));
    assert!(own >= 10 && files.len() >= own + 9, "{own} and {} files", files.len());
    let lines: usize = files.iter().map(|path| code(&fs::read_to_string(path).unwrap())).sum();
    println!("{lines} lines");
    assert!(lines < MOST_LINES, "{lines} lines");
}

/// A fixed function: no program is started, no network listened on.
#[test]
fn it_starts_nothing_and_listens_on_no_network() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for path in sources(&source) {
        let text = fs::read_to_string(&path).unwrap();
        for word in ["process::Command", "Command::new", "TcpListener", "UdpSocket", "/bin/sh"] {
            assert!(!text.contains(word), "{}: {word}", path.display());
        }
    }
}
