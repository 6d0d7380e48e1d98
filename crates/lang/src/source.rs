//! Where a piece of configuration stands: files, positions and spans.
use std::sync::Arc;

/// A place in a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pos {
    /// Line, from 1.
    pub line: u32,
    /// Column in grapheme clusters, from 1 (as Terraform counts).
    pub column: u32,
    /// Offset in bytes from the start of the file, from 0.
    pub byte: u32,
}

/// Names a file of a [`SourceMap`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(pub u32);

/// A stretch of a file, the end exclusive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// First byte.
    pub start: Pos,
    /// One past the last byte.
    pub end: Pos,
}

impl Span {
    /// The smallest span that covers both; they must lie in one file.
    pub fn to(self, other: Span) -> Span {
        Span { file: self.file, start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// A span of no file, for trees that were built and not parsed.
    pub const BUILT: Span = Span {
        file: FileId(u32::MAX),
        start: Pos { line: 0, column: 0, byte: 0 },
        end: Pos { line: 0, column: 0, byte: 0 },
    };

    /// Whether the span points into a file at all.
    pub fn is_built(&self) -> bool {
        self.file.0 == u32::MAX
    }
}

/// One file: the name as people know it (relative to the configuration directory) and the text.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// Name shown in diagnostics, e.g. `main.tf`.
    pub name: String,
    /// The whole text.
    pub text: Arc<str>,
}

/// The files of a configuration, by [`FileId`].
#[derive(Clone, Debug, Default)]
pub struct SourceMap {
    files: Vec<SourceFile>,
}

impl SourceMap {
    /// Adds a file and returns its id.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<Arc<str>>) -> FileId {
        self.files.push(SourceFile { name: name.into(), text: text.into() });
        FileId(self.files.len() as u32 - 1)
    }

    /// The file of that id, if it is one of this map.
    pub fn get(&self, id: FileId) -> Option<&SourceFile> {
        self.files.get(id.0 as usize)
    }

    /// All files with their ids, in the order they were added.
    pub fn iter(&self) -> impl Iterator<Item = (FileId, &SourceFile)> {
        self.files.iter().enumerate().map(|(i, f)| (FileId(i as u32), f))
    }
}
