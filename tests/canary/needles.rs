//! What is looked for: every window of twelve bytes of every canary, in every usual form.
use aho_corasick::{AhoCorasick, AhoCorasickKind};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// So many bytes of a secret are a leak.
pub const WINDOW: usize = 12;

/// A value that must not be found.
#[derive(Clone)]
pub struct Canary {
    /// What it stands for, for reports.
    pub name: String,
    /// The value itself.
    pub value: String,
}

/// All patterns, and which canary and form each belongs to.
pub struct Needles {
    machine: AhoCorasick,
    meaning: Vec<(usize, &'static str)>,
    names: Vec<String>,
}

/// A window in one of its forms.
type Form = (&'static str, fn(&[u8]) -> Vec<u8>);

/// How a part of a secret can look. Base64 of twelve bytes is sixteen letters wherever in a text they begin on a multiple of
/// three, and some window does: all three alignments are covered.
const FORMS: [Form; 13] = [
    ("as it is", |window| window.to_vec()),
    ("base64", |window| STANDARD_NO_PAD.encode(window).into_bytes()),
    ("base64, URL-safe", |window| URL_SAFE_NO_PAD.encode(window).into_bytes()),
    ("hex", |window| hex(window, false)),
    ("hex, upper case", |window| hex(window, true)),
    ("UTF-16, little endian", |window| window.iter().flat_map(|b| [*b, 0]).collect()),
    ("UTF-16, big endian", |window| window.iter().flat_map(|b| [0, *b]).collect()),
    ("URL escapes", |window| percent(window, false, true)),
    ("URL escapes, lower case", |window| percent(window, false, false)),
    ("URL escapes throughout", |window| percent(window, true, true)),
    ("JSON", |window| json(window)),
    ("JSON, escaped throughout", |window| window.iter().flat_map(|b| format!("\\u{b:04x}").into_bytes()).collect()),
    ("reversed", |window| window.iter().rev().copied().collect()),
];

impl Needles {
    /// The patterns of these canaries.
    pub fn new(canaries: &[Canary]) -> Needles {
        let (mut patterns, mut meaning) = (Vec::new(), Vec::new());
        for (number, canary) in canaries.iter().enumerate() {
            let bytes = canary.value.as_bytes();
            for window in bytes.windows(WINDOW.min(bytes.len())) {
                for (name, form) in FORMS {
                    patterns.push(form(window));
                    meaning.push((number, name));
                }
            }
        }
        let machine = AhoCorasick::builder().kind(Some(AhoCorasickKind::ContiguousNFA)).build(&patterns);
        let names = canaries.iter().map(|canary| canary.name.clone()).collect();
        Needles { machine: machine.expect("the patterns fit"), meaning, names }
    }

    /// How many patterns there are.
    pub fn count(&self) -> usize {
        self.meaning.len()
    }

    /// What is found: canary and form, each once.
    pub fn find(&self, bytes: &[u8]) -> Vec<(String, &'static str)> {
        let mut found: Vec<(usize, &'static str)> =
            self.machine.find_overlapping_iter(bytes).map(|hit| self.meaning[hit.pattern().as_usize()]).collect();
        found.sort_unstable();
        found.dedup();
        found.into_iter().map(|(number, form)| (self.names[number].clone(), form)).collect()
    }
}

fn hex(bytes: &[u8], upper: bool) -> Vec<u8> {
    let digits = bytes.iter().map(|b| if upper { format!("{b:02X}") } else { format!("{b:02x}") });
    digits.collect::<String>().into_bytes()
}

fn percent(bytes: &[u8], all: bool, upper: bool) -> Vec<u8> {
    let escaped = bytes.iter().map(|b| match b {
        b if !all && (b.is_ascii_alphanumeric() || b"-._~".contains(b)) => (*b as char).to_string(),
        b if upper => format!("%{b:02X}"),
        b => format!("%{b:02x}"),
    });
    escaped.collect::<String>().into_bytes()
}

fn json(bytes: &[u8]) -> Vec<u8> {
    let text = serde_json::Value::from(String::from_utf8_lossy(bytes).into_owned()).to_string();
    text.as_bytes()[1..text.len() - 1].to_vec()
}
