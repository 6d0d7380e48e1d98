//! A model and a messenger beyond the box: `tests/box/outside`.
use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Child, Command};
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};

use crate::lab::{Lab, MESSENGER, MODEL, run};

/// Whom the bot answers.
const OWNER: u64 = 123_456_789;

/// The stand-ins, as long as this value lives.
pub struct Outside {
    directory: PathBuf,
    child: Child,
    written: AtomicU64,
}

impl Outside {
    /// Starts both, with a certificate of their own.
    pub fn start(lab: &Lab) -> Outside {
        let directory = lab.scratch.clone();
        // What was said to the box of another test would be said to this one, too.
        for left in ["inbox", "sent", "turns"] {
            match std::fs::remove_file(directory.join(left)) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => panic!("{left}: {error}"),
                _ => {}
            }
        }
        let pem = directory.join("outside.pem");
        run(&format!(
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=lab \
             -addext subjectAltName=DNS:api.anthropic.com,DNS:api.telegram.org -keyout {} -out {}",
            directory.join("outside.key").display(),
            pem.display()
        ));
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/outside");
        let child =
            Command::new("python3").arg(script).arg(&directory).args([MODEL, MESSENGER]).spawn().expect("python3 runs");
        Outside { directory, child, written: AtomicU64::new(100_000) }
    }

    /// Has the bot's owner write to it; `number` counts from 1.
    pub fn write(&self, number: u64, text: &str) {
        let message = json!({
            "message_id": number, "date": 1_800_000_000 + number, "text": text,
            "chat": {"id": OWNER, "type": "private", "first_name": "Ada"},
            "from": {"id": OWNER, "is_bot": false, "first_name": "Ada"},
        });
        let mut inbox =
            OpenOptions::new().append(true).create(true).open(self.directory.join("inbox")).expect("opened");
        writeln!(inbox, "{}", json!({"update_id": number, "message": message})).expect("written");
    }

    /// Has the bot's owner write to it, with a number that no other message has.
    pub fn write_next(&self, text: &str) {
        self.write(self.written.fetch_add(1, Ordering::Relaxed), text);
    }

    /// What the model was asked: `key` and `bytes`.
    pub fn turns(&self) -> Vec<Value> {
        self.lines("turns")
    }

    /// What the bot sent.
    pub fn sent(&self) -> Vec<Value> {
        self.lines("sent")
    }

    fn lines(&self, name: &str) -> Vec<Value> {
        let text = std::fs::read_to_string(self.directory.join(name)).unwrap_or_default();
        // The last line may still be being written.
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }
}

impl Drop for Outside {
    fn drop(&mut self) {
        // It ends with the namespace at the latest.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}
