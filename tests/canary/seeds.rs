//! The scanner proves itself first: leaks are put into every kind of place in every form, and each must be found.
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode};
use sqlx::{ConnectOptions, SqliteConnection};

use crate::needles::{Canary, Needles};
use crate::process;
use crate::scan::Scan;

/// With fewer leaks found the proof is void.
pub const FEWEST: usize = 25;

/// Seeds leaks of a canary one by one and returns how many there were; panics at the first that is missed.
pub fn all_are_found(canary: &Canary) -> usize {
    let needles = Needles::new(std::slice::from_ref(canary));
    let quiet = noise(4096);
    assert!(found(&needles, &quiet).is_empty(), "the scanner finds what is not there");
    let mut count = 0;
    let mut expect = |what: &str, hits: usize| {
        assert!(hits > 0, "the seeded leak {what:?} was missed: the proof is void");
        count += 1;
    };
    for (what, leak) in texts(&canary.value) {
        let mut bytes = quiet.clone();
        bytes.splice(1000..1000, leak);
        expect(what, found(&needles, &bytes).len());
    }
    let directory = tempfile::tempdir().expect("a directory");
    for (what, file) in files(directory.path(), &canary.value) {
        let mut scan = Scan::new(&needles);
        scan.files("seeds", &file, &[]);
        expect(what, scan.hits.len());
    }
    for (what, bytes) in processes(directory.path(), &canary.value) {
        let mut scan = Scan::new(&needles);
        scan.image("seeds", what, &bytes);
        expect(what, scan.hits.len());
    }
    count
}

fn found(needles: &Needles, bytes: &[u8]) -> Vec<crate::scan::Hit> {
    let mut scan = Scan::new(needles);
    scan.bytes("seeds", "a seed", bytes);
    scan.hits
}

/// Bytes that look like nothing, the same in every run.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    (0..length).map(|_| next()).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}

fn each(text: &str, form: impl Fn(u8) -> String) -> Vec<u8> {
    text.bytes().map(form).collect::<String>().into_bytes()
}

/// A leak in each of the forms, as it would stand in a file or a body.
fn texts(value: &str) -> Vec<(&'static str, Vec<u8>)> {
    let raw = value.as_bytes();
    let middle = raw.len() / 2;
    let json = serde_json::json!({ "a": format!("\"{value}\\") }).to_string();
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::best());
    zlib.write_all(format!("log line: {value}").as_bytes()).expect("memory takes it");
    let wrapped: Vec<u8> = STANDARD.encode(format!("{}{value}", "x".repeat(50))).into_bytes();
    let wrapped = wrapped.chunks(64).collect::<Vec<_>>().join(&b'\n');
    let utf16 = |form: fn(u16) -> [u8; 2]| value.encode_utf16().flat_map(form).collect::<Vec<u8>>();
    vec![
        ("the whole value", raw.to_vec()),
        ("twelve bytes of the middle", raw[middle - 6..middle + 6].to_vec()),
        ("the first twelve bytes", raw[..12].to_vec()),
        ("the last twelve bytes", raw[raw.len() - 12..].to_vec()),
        ("base64 from the first letter", STANDARD_NO_PAD.encode(raw).into_bytes()),
        ("base64 after one letter", STANDARD_NO_PAD.encode(format!("x{value}")).into_bytes()),
        ("base64 after two letters", STANDARD_NO_PAD.encode(format!("xy{value}")).into_bytes()),
        ("URL-safe base64", URL_SAFE_NO_PAD.encode(format!("token={value}&x=1")).into_bytes()),
        ("base64 in lines of 64", wrapped),
        ("base64 of base64", STANDARD.encode(STANDARD.encode(format!("user:{value}"))).into_bytes()),
        ("hex", each(value, |b| format!("{b:02x}"))),
        ("hex in upper case", each(value, |b| format!("{b:02X}"))),
        ("UTF-16, little endian", utf16(u16::to_le_bytes)),
        ("UTF-16, big endian", utf16(u16::to_be_bytes)),
        ("a URL's query", each(value, |b| escaped(b, true))),
        ("a URL's query, lower case", each(value, |b| escaped(b, false))),
        ("every byte as a URL escape", each(value, |b| format!("%{b:02X}"))),
        ("a JSON text", json.clone().into_bytes()),
        ("a JSON text, escaped throughout", each(value, |b| format!("\\u{b:04x}"))),
        ("a Debug text", format!("{:?}", Some(value)).into_bytes()),
        ("reversed", raw.iter().rev().copied().collect()),
        ("gzip", gzip(format!("a log line\nkey={value}\n").as_bytes())),
        ("zlib", zlib.finish().expect("memory takes it")),
        ("gzip in base64", STANDARD.encode(gzip(json.as_bytes())).into_bytes()),
        ("gzip in hex", gzip(raw).iter().map(|b| format!("{b:02x}")).collect::<String>().into_bytes()),
        ("gzip in gzip", gzip(&gzip(raw))),
        ("gzip that was cut off", {
            let whole = gzip(format!("{value}{}", String::from_utf8_lossy(&noise(3000))).as_bytes());
            whole[..whole.len() / 2].to_vec()
        }),
    ]
}

fn escaped(byte: u8, upper: bool) -> String {
    match byte {
        b if b.is_ascii_alphanumeric() || b"-._~".contains(&b) => (b as char).to_string(),
        b if upper => format!("%{b:02X}"),
        b => format!("%{b:02x}"),
    }
}

/// Directories with a leak in a file, or in its name.
fn files(directory: &Path, value: &str) -> Vec<(&'static str, std::path::PathBuf)> {
    let place = |name: &str| {
        let path = directory.join(name);
        fs::create_dir_all(&path).expect("made");
        path
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let named = place("named");
    fs::write(named.join(format!("backup-{}.txt", &value[value.len() - 16..])), b"nothing").expect("written");
    let deep = place("deep/er");
    fs::write(deep.join(".swp"), [noise(100_000), value.as_bytes().to_vec()].concat()).expect("written");
    let deflated = place("deflated");
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(value.as_bytes()).expect("memory takes it");
    fs::write(deflated.join("body"), encoder.finish().expect("memory takes it")).expect("written");
    let (row, deleted, log) = (place("row"), place("deleted"), place("log"));
    runtime.block_on(async {
        let (rollback, ahead) = (SqliteJournalMode::Delete, SqliteJournalMode::Wal);
        drop(database(&row, rollback, value, &[]).await);
        // What is deleted stays in the pages unless SQLite is told otherwise.
        drop(database(&deleted, rollback, value, &["PRAGMA secure_delete = OFF", "DELETE FROM t"]).await);
        let open = database(&log, ahead, value, &["DELETE FROM t"]).await;
        // While it is open the log is there.
        fs::copy(log.join("state.db-wal"), log.join("copied")).expect("a write-ahead log");
        drop(open);
    });
    drop(fs::remove_file(log.join("state.db")));
    vec![
        ("in the name of a file", named),
        ("in a hidden file further down", directory.join("deep")),
        ("in a deflated body", deflated),
        ("in a row of SQLite", row),
        ("in a deleted row of SQLite", deleted),
        ("in the write-ahead log", log),
    ]
}

async fn database(directory: &Path, mode: SqliteJournalMode, value: &str, then: &[&'static str]) -> SqliteConnection {
    let path = directory.join("state.db");
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(true).journal_mode(mode);
    let mut connection = options.connect().await.expect("a database");
    sqlx::raw_sql("CREATE TABLE t (x TEXT)").execute(&mut connection).await.expect("a table");
    sqlx::query("INSERT INTO t VALUES (?)").bind(value).execute(&mut connection).await.expect("a row");
    for sql in then {
        sqlx::raw_sql(*sql).execute(&mut connection).await.expect("done");
    }
    connection
}

/// What is read of a process that has it in its environment, on its command line, in its memory.
fn processes(directory: &Path, value: &str) -> Vec<(&'static str, Vec<u8>)> {
    let mut given = Command::new("sleep").arg("60").env("SEEDED", value).spawn().expect("sleep runs");
    // `sh` keeps its arguments; the last are not used.
    let mut told =
        Command::new("sh").args(["-c", "read x", "sh", value]).stdin(Stdio::piped()).spawn().expect("sh runs");
    // A shell variable is on the heap of the shell alone.
    let mut holding =
        Command::new("sh").args(["-c", "read key; read x"]).stdin(Stdio::piped()).spawn().expect("sh runs");
    let pipe = holding.stdin.as_mut().expect("piped");
    writeln!(pipe, "{value}").expect("written");
    pipe.flush().expect("written");
    std::thread::sleep(std::time::Duration::from_millis(300));
    let environment = process::environment(given.id()).expect("it runs");
    let line = process::command_line(told.id()).expect("it runs");
    let memory = process::memory(holding.id(), directory);
    for child in [&mut given, &mut told, &mut holding] {
        child.kill().expect("it runs");
        child.wait().expect("it ended");
    }
    vec![("in an environment", environment), ("on a command line", line), ("in memory", memory)]
}
