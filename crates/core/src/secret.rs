//! A value that has no way out but one.
use zeroize::Zeroizing;

/// A secret text. It has no `Debug`, `Display`, `Serialize` or `Clone` (invariant 5 of the design), and is wiped when dropped.
pub struct Secret(Zeroizing<Box<str>>);

impl Secret {
    /// Takes a text in.
    pub fn new(text: impl Into<Box<str>>) -> Secret {
        Secret(Zeroizing::new(text.into()))
    }

    /// The text. Every call of this is a place to look at in a review.
    pub fn expose(&self) -> &str {
        &self.0
    }
}
