//! Looks through bytes and files, and unpacks what it finds packed there.
use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::Path;

use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use flate2::read::{DeflateDecoder, GzDecoder, ZlibDecoder};

use crate::needles::Needles;

/// So deep is packed in packed: gzip in base64 in gzip.
const DEEPEST: usize = 3;
/// Unpacked, one piece is no longer: who hides more than that hides it from everybody.
const LONGEST: u64 = 64 << 20;
/// The shortest base64 or hex text that is decoded.
const SHORTEST_RUN: usize = 24;

/// A canary that was found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hit {
    /// Where.
    pub place: String,
    /// Which.
    pub canary: String,
    /// In which form, with what it was packed in.
    pub form: String,
}

/// What was looked through.
pub struct Scan<'n> {
    needles: &'n Needles,
    /// Places by kind: how many, and how many bytes.
    pub looked: BTreeMap<&'static str, (usize, u64)>,
    /// What was found.
    pub hits: Vec<Hit>,
}

impl<'n> Scan<'n> {
    /// Nothing looked through yet.
    pub fn new(needles: &'n Needles) -> Scan<'n> {
        Scan { needles, looked: BTreeMap::new(), hits: Vec::new() }
    }

    /// Looks through bytes that are no memory image: packed parts are unpacked.
    pub fn bytes(&mut self, kind: &'static str, place: &str, bytes: &[u8]) {
        self.note(kind, bytes.len());
        self.look(place, bytes, "", 0);
    }

    /// Looks through an image of memory: what is packed in it is whatever it is.
    pub fn image(&mut self, kind: &'static str, place: &str, bytes: &[u8]) {
        self.note(kind, bytes.len());
        self.look(place, bytes, "", DEEPEST);
    }

    /// Looks through every file below a directory, but for those whose name is one of these.
    pub fn files(&mut self, kind: &'static str, directory: &Path, but: &[&str]) {
        let mut waiting = vec![directory.to_path_buf()];
        while let Some(directory) = waiting.pop() {
            for entry in fs::read_dir(&directory).expect("a directory") {
                let path = entry.expect("an entry").path();
                let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
                if path.is_dir() {
                    waiting.push(path);
                } else if path.is_file() && !but.contains(&name.as_str()) {
                    let bytes = fs::read(&path).expect("readable");
                    self.bytes(kind, &path.display().to_string(), &bytes);
                    self.bytes("names of files", "the name of a file", path.as_os_str().as_encoded_bytes());
                }
            }
        }
    }

    fn note(&mut self, kind: &'static str, length: usize) {
        let (count, bytes) = self.looked.entry(kind).or_default();
        *count += 1;
        *bytes += length as u64;
    }

    fn look(&mut self, place: &str, bytes: &[u8], packing: &str, depth: usize) {
        for (canary, form) in self.needles.find(bytes) {
            let form = if packing.is_empty() { form.to_owned() } else { format!("{form}, in {packing}") };
            self.hits.push(Hit { place: place.to_owned(), canary, form });
        }
        if depth >= DEEPEST {
            return;
        }
        for (packing, content) in unpacked(bytes) {
            self.look(place, &content, packing, depth + 1);
        }
    }
}

/// Everything that is packed in these bytes.
fn unpacked(bytes: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let mut found = Vec::new();
    for (at, pair) in bytes.windows(2).enumerate() {
        let rest = &bytes[at..];
        match pair {
            [0x1f, 0x8b] => found.extend(inflated(GzDecoder::new(rest)).map(|content| ("gzip", content))),
            [0x78, 0x01 | 0x5e | 0x9c | 0xda] => {
                found.extend(inflated(ZlibDecoder::new(rest)).map(|content| ("zlib", content)));
            }
            _ => {}
        }
    }
    if found.is_empty() && bytes.len() < 1 << 16 {
        found.extend(inflated(DeflateDecoder::new(bytes)).map(|content| ("deflate", content)));
    }
    found.extend(runs(bytes, is_base64).into_iter().flat_map(from_base64).map(|content| ("base64", content)));
    found.extend(runs(bytes, |b| b.is_ascii_hexdigit()).into_iter().flat_map(from_hex).map(|content| ("hex", content)));
    found
}

fn inflated(reader: impl Read) -> Option<Vec<u8>> {
    let mut content = Vec::new();
    // Cut or damaged: what came out before counts.
    drop(reader.take(LONGEST).read_to_end(&mut content));
    (content.len() >= 8).then_some(content)
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+/-_".contains(&byte)
}

fn runs(bytes: &[u8], belongs: impl Fn(u8) -> bool) -> Vec<&[u8]> {
    bytes.split(|byte| !belongs(*byte)).filter(|run| run.len() >= SHORTEST_RUN).collect()
}

/// A run decoded from each of four letters on, since nobody knows where the text began.
fn from_base64(run: &[u8]) -> Vec<Vec<u8>> {
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let engine = GeneralPurpose::new(&base64::alphabet::STANDARD, config);
    let standard = run.iter().map(|b| match b {
        b'-' => b'+',
        b'_' => b'/',
        other => *other,
    });
    let standard: Vec<u8> = standard.collect();
    let decoded = (0..4).filter_map(|skip| {
        let text = &standard[skip..];
        let whole = if text.len() % 4 == 1 { text.len() - 1 } else { text.len() };
        engine.decode(&text[..whole]).ok()
    });
    decoded.collect()
}

fn from_hex(run: &[u8]) -> Vec<Vec<u8>> {
    let digit = |b: u8| (b as char).to_digit(16).unwrap_or_default() as u8;
    (0..2)
        .map(|skip| run[skip..].as_chunks::<2>().0.iter().map(|[a, b]| digit(*a) << 4 | digit(*b)).collect())
        .collect()
}
