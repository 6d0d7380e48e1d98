//! Marks: what must be remembered about where a value came from.
use std::ops::{BitOr, BitOrAssign};

/// A set of marks. Operations hand on the union of the marks of their arguments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Marks(u8);

impl Marks {
    /// No mark.
    pub const NONE: Marks = Marks(0);
    /// Not to be shown (`sensitive = true`, `sensitive()`).
    pub const SENSITIVE: Marks = Marks(1);
    /// Not to be stored, neither in a plan nor in the state (`ephemeral = true`, `ephemeralasnull()` takes it off).
    pub const EPHEMERAL: Marks = Marks(2);

    /// Whether there is no mark.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether the value must not be shown.
    pub fn sensitive(self) -> bool {
        self.0 & 1 != 0
    }

    /// Whether the value must not be stored.
    pub fn ephemeral(self) -> bool {
        self.0 & 2 != 0
    }

    /// These marks without those.
    pub fn without(self, other: Marks) -> Marks {
        Marks(self.0 & !other.0)
    }
}

impl BitOr for Marks {
    type Output = Marks;
    fn bitor(self, other: Marks) -> Marks {
        Marks(self.0 | other.0)
    }
}

impl BitOrAssign for Marks {
    fn bitor_assign(&mut self, other: Marks) {
        self.0 |= other.0;
    }
}
