//! What an object says of itself.
use jiff::Timestamp;

/// What an object that can speak says of itself: no attribute of it, and nothing that a customer wrote.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Status {
    /// How far it has come, in one word.
    pub state: String,
    /// When it last spoke; none if it never did.
    pub heard_at: Option<Timestamp>,
    /// Facts, in the order a person reads them.
    pub facts: Vec<Fact>,
    /// What is not as it should be, as sentences without a period.
    pub faults: Vec<String>,
}

/// One fact.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Fact {
    /// What it is about, e.g. `OpenClaw`.
    pub name: &'static str,
    /// What is the case.
    pub value: String,
}
