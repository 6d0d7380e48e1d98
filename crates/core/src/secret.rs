//! A value that has no way out but one.
use zeroize::Zeroizing;

/// A secret text. It has no `Debug`, `Display`, `Serialize` or `Clone` (invariant 5 of the design), and is wiped when dropped.
///
/// ```compile_fail,E0277
/// println!("{:?}", ampere_core::secret::Secret::new("sk-ant-EXAMPLE"));
/// ```
/// ```compile_fail,E0277
/// println!("{}", ampere_core::secret::Secret::new("sk-ant-EXAMPLE"));
/// ```
/// ```compile_fail,E0599
/// let copy = ampere_core::secret::Secret::new("sk-ant-EXAMPLE").clone();
/// ```
/// ```compile_fail,E0277
/// let text = serde_json::to_string(&ampere_core::secret::Secret::new("sk-ant-EXAMPLE"));
/// ```
/// ```compile_fail,E0308
/// let text: &str = &ampere_core::secret::Secret::new("sk-ant-EXAMPLE");
/// ```
/// The one way out is to be seen where it is taken:
/// ```
/// assert_eq!(ampere_core::secret::Secret::new("sk-ant-EXAMPLE").expose(), "sk-ant-EXAMPLE");
/// ```
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
