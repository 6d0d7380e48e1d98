//! The difference of two values as a tree, and its text in Terraform's form.
mod compare;
mod sequence;
mod string;
mod write;

pub use compare::{Attribute, Pair, attributes, compare};
pub use string::quoted;
pub use write::{Options, block_body, entry, key, value as write};

/// What happens to a part of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It stays.
    NoOp,
    /// It comes.
    Create,
    /// It changes.
    Update,
    /// It goes.
    Delete,
}

/// A part of a value and what happens to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// What happens.
    pub action: Action,
    /// Whether the change forces a replacement.
    pub replace: bool,
    /// What it is.
    pub body: Body,
}

/// What a part of a value is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// A single word: number, bool, null, one-line string. Both as text; one is missing when it comes or goes.
    Word {
        /// Before.
        before: Option<String>,
        /// After.
        after: Option<String>,
    },
    /// A string of several lines: each line, and what happens to it.
    Lines(Vec<(Action, String)>),
    /// A string that holds JSON.
    Json {
        /// The difference of the decoded values.
        inner: Box<Node>,
        /// The values are the same, only the text is not.
        only_spaces: bool,
    },
    /// An object or a map.
    Mapping {
        /// Its entries in order; keys as they are written.
        entries: Vec<(String, Node)>,
        /// What hidden entries are called: `attribute` or `element`.
        noun: &'static str,
    },
    /// A list, a tuple or a set.
    Sequence {
        /// Its elements.
        items: Vec<Node>,
        /// Whether neighbours of a change are shown, because the order matters.
        ordered: bool,
    },
    /// A value of another shape takes the place.
    Other {
        /// What goes.
        before: Box<Node>,
        /// What comes.
        after: Box<Node>,
    },
    /// Known only after apply.
    Unknown {
        /// What was there.
        before: Option<Box<Node>>,
    },
    /// Not shown.
    Sensitive {
        /// What changes about its being shown, to be said in front.
        notice: Option<String>,
    },
    /// Given and never kept.
    WriteOnly,
}
