//! `cargo xtask fuzz`: the targets of `fuzz/`, built and run.
//!
//! cargo-fuzz builds everything with a nightly compiler and with coverage: minutes for 400 crates that are not ours. Here the pinned
//! compiler builds our own crates so (`fuzz/rustc`), and takes all others from where the tests have them. The layout is cargo-fuzz's:
//! `cargo fuzz run parser` works, too.
use std::error::Error;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::say::say;

/// Fuzz everything that reads what others wrote
#[derive(clap::Args)]
pub struct Arguments {
    /// How long each target runs
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// One target alone
    #[arg(long, value_name = "NAME")]
    target: Option<String>,
    /// Where inputs are kept that reach something new, and those that fail
    #[arg(long, value_name = "DIRECTORY")]
    keep: Option<PathBuf>,
}

/// Memory that a target may take, in MiB: what it reads is bounded, and so must be what it makes of it.
const MOST_MEMORY: u32 = 2048;
/// Seconds that one input may take. Ours take milliseconds; a machine that is shared may be slow.
const LONGEST: u32 = 60;
/// The longest input, in bytes: long ones are slow, and find little that short ones do not.
const LONGEST_INPUT: u32 = 4096;

/// Runs the command; whether no target failed.
pub fn run(arguments: &Arguments) -> Result<bool, Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or("the workspace has no directory")?;
    let fuzz = root.join("fuzz");
    let all = targets(&fuzz)?;
    let chosen: Vec<&String> = all.iter().filter(|name| arguments.target.as_ref().is_none_or(|t| t == *name)).collect();
    if chosen.is_empty() {
        return Err(format!("there is no such target; there are: {}", all.join(", ")).into());
    }
    let binaries = build(root, &fuzz, arguments.target.as_deref())?;
    let keep = arguments.keep.clone().unwrap_or_else(|| binaries.join("../fuzz"));
    let mut sound = true;
    for name in chosen {
        sound &= fuzz_one(&binaries, &fuzz, &keep, name, arguments.seconds)?;
    }
    Ok(sound)
}

/// The names of the targets.
fn targets(fuzz: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(fuzz.join("fuzz_targets"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            names.extend(path.file_stem().map(|stem| stem.to_string_lossy().into_owned()));
        }
    }
    names.sort_unstable();
    Ok(names)
}

/// Builds the targets beside what the tests have built; gives the directory with the binaries.
fn build(root: &Path, fuzz: &Path, target: Option<&str>) -> Result<PathBuf, Box<dyn Error>> {
    let directory = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    // The versions of the workspace, so that its artifacts fit; what the targets need besides is pinned in their manifest.
    fs::copy(root.join("Cargo.lock"), fuzz.join("Cargo.lock"))?;
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(fuzz).arg("build").env("CARGO_TARGET_DIR", &directory);
    cargo.env("RUSTC_WRAPPER", fuzz.join("rustc")).env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS");
    match target {
        Some(name) => cargo.args(["--bin", name]),
        None => cargo.arg("--bins"),
    };
    if !cargo.status()?.success() {
        return Err(
            "the fuzz targets cannot be built: a C++ compiler (Debian package g++) is needed, and crates.io's \
                    libfuzzer-sys"
                .into(),
        );
    }
    Ok(directory.join("debug"))
}

/// Runs one target with its seeds; whether nothing failed.
fn fuzz_one(binaries: &Path, fuzz: &Path, keep: &Path, name: &str, seconds: u32) -> Result<bool, Box<dyn Error>> {
    let (corpus, failures) = (keep.join("corpus").join(name), keep.join("failures").join(name));
    fs::create_dir_all(&corpus)?;
    fs::create_dir_all(&failures)?;
    seed(fuzz, name, &corpus)?;
    let output = Command::new(binaries.join(name))
        .args([format!("-max_total_time={seconds}"), format!("-timeout={LONGEST}")])
        .args([format!("-rss_limit_mb={MOST_MEMORY}"), format!("-max_len={LONGEST_INPUT}")])
        .arg("-print_final_stats=1")
        .arg(format!("-artifact_prefix={}/", failures.display()))
        .arg(&corpus)
        .output()?;
    let told = String::from_utf8_lossy(&output.stderr);
    let figure = |name: &str| {
        let line = told.lines().find_map(|line| line.strip_prefix("stat::")?.strip_prefix(name)?.strip_prefix(':'));
        line.unwrap_or("?").trim().to_owned()
    };
    let (runs, memory) = (figure("number_of_executed_units"), figure("peak_rss_mb"));
    if output.status.success() {
        say(&format!("{name:12} {runs:>10} inputs in {seconds} s, {memory} MiB"));
        return Ok(true);
    }
    let tail: Vec<&str> = told.lines().filter(|line| !line.starts_with('#')).collect();
    say(&format!("{name:12} failed after {runs} inputs; the input lies in {}", failures.display()));
    say(&tail[tail.len().saturating_sub(40)..].join("\n"));
    Ok(false)
}

/// Puts the seeds into the corpus: files of `seeds/NAME/`, each line of `seeds/NAME.txt`, and texts that lie in the repository
/// anyway.
fn seed(fuzz: &Path, name: &str, corpus: &Path) -> io::Result<()> {
    let mut number = 0;
    let mut put = |bytes: &[u8]| {
        number += 1;
        fs::write(corpus.join(format!("seed-{number}")), bytes)
    };
    for file in files(&fuzz.join("seeds").join(name))? {
        put(&fs::read(file)?)?;
    }
    let lines = |name: &str| fs::read_to_string(fuzz.join("seeds").join(format!("{name}.txt")));
    match name {
        "evaluator" | "functions" => lines(name)?.lines().try_for_each(|line| put(line.as_bytes()))?,
        "parser" | "formatter" | "plan" => {
            for line in lines("evaluator")?.lines() {
                put(format!("locals {{\n  a = {line}\n}}\n").as_bytes())?;
            }
            for directory in ["examples/quickstart", "examples/fleet", "crates/lang/tests/format"] {
                for file in files(&fuzz.join("..").join(directory))? {
                    put(&fs::read(file)?)?;
                }
            }
        }
        _ => {}
    }
    Ok(())
}

/// The files of a directory; none if it is not there.
fn files(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut found: Vec<PathBuf> = entries.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
    found.retain(|path| path.is_file());
    found.sort_unstable();
    Ok(found)
}
