//! How a value shows itself while debugging.
use std::fmt;

use super::{Data, Value};

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.marks.is_empty() {
            return f.write_str("(concealed)");
        }
        match &self.data {
            Data::Null => write!(f, "null"),
            Data::Unknown(_) => write!(f, "(unknown)"),
            Data::Bool(b) => write!(f, "{b}"),
            Data::Number(n) => write!(f, "{n:?}"),
            Data::String(s) => write!(f, "{s:?}"),
            Data::Sequence(items) => f.debug_list().entries(items.iter()).finish(),
            Data::Mapping(items) => f.debug_map().entries(items.iter()).finish(),
        }
    }
}
