//! Values as JSON and back, exactly: types, unknowns, infinities and marks included, sensitive parts concealed.
//!
//! A document is `{"type": …, "value": …}`, the type in cty's JSON form. In the value, `null`, scalars, arrays and objects
//! stand for themselves; what JSON cannot say is an object with a key that begins with one `$` (keys of maps that begin
//! so get one `$` more):
//!
//! | | |
//! |---|---|
//! | `{"$unknown": {…}}` | known only after apply, with what is known of it |
//! | `{"$infinity": "+"}` | an infinity |
//! | `{"$type": T, "$value": …}` | a value where the type says `dynamic` |
//! | `{"$sensitive": document}` | a sensitive part, in a text that is sealed as a whole |
//! | `{"$sealed": "amp1.…"}` | a sensitive part, sealed: the text is its document |
//!
//! The type of a sensitive part is part of what is concealed. An ephemeral value is refused: it is never written (S1).
mod read;
mod write;

pub(crate) use read::read;
pub(crate) use write::write;

use ampere_lang::value::Path;
use serde_json::{Value as Json, json};

use super::{SealContext, SealError, Sealed, Sealer, Vault};
use crate::secret::Secret;

/// What becomes of sensitive parts.
pub(crate) trait Conceal {
    /// The node that stands for the document of a sensitive part.
    fn conceal(&self, path: &Path, document: Json) -> Result<Json, SealError>;
    /// Whether what repeats a sensitive part without being marked (`terraform_data.output` repeats `input`) is concealed,
    /// too. It is not marked by that.
    fn conceals_repeats(&self) -> bool {
        false
    }

    /// The document that was sealed.
    fn reveal(&self, path: &Path, sealed: &Sealed) -> Result<Json, SealError>;
}

/// Seals every sensitive part for its place.
pub(crate) struct Sealing<'a> {
    pub(crate) vault: &'a Vault,
    pub(crate) account: &'a str,
    pub(crate) address: &'a str,
}

impl Conceal for Sealing<'_> {
    fn conceal(&self, path: &Path, document: Json) -> Result<Json, SealError> {
        let sealed = self.vault.seal(&self.context(&path.to_string()), &Secret::new(document.to_string()))?;
        Ok(json!({ "$sealed": sealed.0 }))
    }

    fn conceals_repeats(&self) -> bool {
        true
    }

    fn reveal(&self, path: &Path, sealed: &Sealed) -> Result<Json, SealError> {
        let text = self.vault.open_sealed(&self.context(&path.to_string()), sealed)?;
        serde_json::from_str(text.expose()).map_err(|_| SealError::NotSealed)
    }
}

impl Sealing<'_> {
    /// Values are not versioned: a newer one has another salt and takes the older one's place.
    fn context<'a>(&'a self, attribute: &'a str) -> SealContext<'a> {
        SealContext { account: self.account, address: self.address, attribute, version: 0 }
    }
}

/// Marks sensitive parts and leaves them readable: for texts that are sealed as a whole.
pub(crate) struct Marking;

impl Conceal for Marking {
    fn conceal(&self, _: &Path, document: Json) -> Result<Json, SealError> {
        Ok(json!({ "$sensitive": document }))
    }

    fn reveal(&self, _: &Path, _: &Sealed) -> Result<Json, SealError> {
        Err(SealError::NotSealed)
    }
}

/// Why a value cannot be written or read. No variant holds any of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// An ephemeral value was to be written.
    #[error("{path}: an ephemeral value may not be stored")]
    Ephemeral {
        /// Where.
        path: Path,
    },
    /// It is nested more deeply than can be read back.
    #[error("the value is nested more than {limit} levels deep")]
    TooDeep {
        /// The limit.
        limit: usize,
    },
    /// The text is not one that was written so.
    #[error("{path}: not a stored value")]
    Damaged {
        /// Where.
        path: Path,
    },
    /// A sensitive part could not be sealed or opened.
    #[error("{path}: the sensitive value cannot be sealed or opened")]
    Seal {
        /// Where.
        path: Path,
        /// Why.
        source: SealError,
    },
}

/// Levels a value may be nested: serde_json reads back 128 levels of JSON, a type takes two for one of its value, and the
/// texts around a document add a few.
const MAX_DEPTH: usize = 56;
