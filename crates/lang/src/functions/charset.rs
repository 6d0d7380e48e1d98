//! Character sets by their IANA names.
use encoding_rs::{Encoding, UTF_16BE, UTF_16LE};

/// A character set.
#[derive(Clone, Copy)]
pub(super) enum Charset {
    /// `UTF-8`
    Utf8,
    /// `UTF-16` with either byte order; without a fixed one, text begins with a byte order mark.
    Utf16 {
        /// Most significant byte first.
        big_endian: bool,
        /// Whether a mark tells the byte order.
        marked: bool,
    },
    /// `US-ASCII`
    Ascii,
    /// `ISO-8859-1`
    Latin1,
    /// One of the others.
    Table(&'static Encoding),
}

impl Charset {
    /// The character set of an IANA name or alias, in any case.
    pub(super) fn by_name(name: &str) -> Option<Charset> {
        /// Names that browsers know and IANA does not.
        const NOT_IANA: [&str; 6] = ["utf8", "ascii", "unicode-1-1-utf-8", "unicode11utf8", "unicode20utf8", "sjis"];
        let lower = name.to_ascii_lowercase();
        Some(match lower.as_str() {
            "utf-8" | "csutf8" => Charset::Utf8,
            "utf-16" | "csutf16" => Charset::Utf16 { big_endian: true, marked: true },
            "utf-16be" | "csutf16be" => Charset::Utf16 { big_endian: true, marked: false },
            "utf-16le" | "csutf16le" => Charset::Utf16 { big_endian: false, marked: false },
            "us-ascii" | "iso-ir-6" | "ansi_x3.4-1968" | "ansi_x3.4-1986" | "iso_646.irv:1991" | "iso646-us" | "us"
            | "ibm367" | "cp367" | "csascii" => Charset::Ascii,
            "iso-8859-1" | "iso_8859-1:1987" | "iso_8859-1" | "iso-ir-100" | "latin1" | "l1" | "ibm819" | "cp819"
            | "csisolatin1" => Charset::Latin1,
            other if NOT_IANA.contains(&other) || other.starts_with("x-") => return None,
            other => Charset::Table(Encoding::for_label_no_replacement(other.as_bytes())?),
        })
    }

    /// The name for messages.
    pub(super) fn name(self) -> &'static str {
        match self {
            Charset::Utf8 => "UTF-8",
            Charset::Utf16 { marked: true, .. } => "UTF-16",
            Charset::Utf16 { big_endian: true, .. } => "UTF-16BE",
            Charset::Utf16 { .. } => "UTF-16LE",
            Charset::Ascii => "US-ASCII",
            Charset::Latin1 => "ISO_8859-1:1987",
            Charset::Table(encoding) => encoding.name(),
        }
    }

    /// The bytes of a text; none if it has a character that the set lacks.
    pub(super) fn encode(self, text: &str) -> Option<Vec<u8>> {
        match self {
            Charset::Utf8 => Some(text.as_bytes().to_vec()),
            Charset::Ascii => text.is_ascii().then(|| text.as_bytes().to_vec()),
            Charset::Latin1 => text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect(),
            Charset::Utf16 { big_endian, marked } => {
                let mark = marked.then_some(0xfeff);
                let units = mark.into_iter().chain(text.encode_utf16());
                Some(units.flat_map(|u| if big_endian { u.to_be_bytes() } else { u.to_le_bytes() }).collect())
            }
            Charset::Table(encoding) => {
                let (bytes, _, unmappable) = encoding.encode(text);
                (!unmappable).then(|| bytes.into_owned())
            }
        }
    }

    /// The text of some bytes; none if they are not of the set.
    pub(super) fn decode(self, bytes: &[u8]) -> Option<String> {
        let with = |encoding: &'static Encoding, bytes: &[u8]| {
            encoding.decode_without_bom_handling_and_without_replacement(bytes).map(|text| text.into_owned())
        };
        match self {
            Charset::Utf8 => String::from_utf8(bytes.to_vec()).ok(),
            Charset::Ascii => bytes.is_ascii().then(|| bytes.iter().copied().map(char::from).collect()),
            Charset::Latin1 => Some(bytes.iter().copied().map(char::from).collect()),
            Charset::Utf16 { marked: true, .. } => match bytes {
                [0xfe, 0xff, rest @ ..] => with(UTF_16BE, rest),
                [0xff, 0xfe, rest @ ..] => with(UTF_16LE, rest),
                _ => None,
            },
            Charset::Utf16 { big_endian: true, .. } => with(UTF_16BE, bytes),
            Charset::Utf16 { .. } => with(UTF_16LE, bytes),
            Charset::Table(encoding) => with(encoding, bytes),
        }
    }
}
