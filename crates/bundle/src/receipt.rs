//! What became of a bundle, in the box's words.
use serde::{Deserialize, Serialize};

use crate::signed::{self, What};
use crate::{BoxKeys, BoxPublic, Rejected, mailbox};

/// What became of a bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Outcome {
    /// It is on disk, and what OpenClaw asks for from now on comes from it.
    Applied,
    /// It was not taken. What was applied before it stays in force.
    Refused {
        /// Why.
        why: Rejected,
    },
}

/// What became of a bundle, signed by the box.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// Whose receipt it is.
    pub instance: String,
    /// The sequence number in force after it; 0 when none is.
    pub sequence: u64,
    /// Which text it is about: its [`digest`](crate::digest).
    pub digest: String,
    /// What became of it.
    pub outcome: Outcome,
    /// When, in seconds since 1970, by the box's clock.
    pub at: i64,
}

impl Receipt {
    /// The signed text.
    pub fn sign(&self, keys: &BoxKeys) -> String {
        signed::sign(What::Receipt, self, &keys.signing)
    }

    /// The receipt that `text` is, of the box with these `keys`.
    ///
    /// # Errors
    /// [`Rejected`] when it is too long, malformed, or not signed by that box.
    pub fn open(text: &str, keys: &BoxPublic) -> Result<Receipt, Rejected> {
        signed::open(What::Receipt, text, mailbox::LONGEST_SIGNED, &keys.signing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_opens_with_the_key_of_the_box_that_signed_it() {
        let keys = BoxKeys::generate(&[2; 64]);
        for outcome in [Outcome::Applied, Outcome::Refused { why: Rejected::Rollback }] {
            let receipt = Receipt { instance: "a".into(), sequence: 3, digest: crate::digest("x"), outcome, at: 1 };
            let text = receipt.sign(&keys);
            assert_eq!(Receipt::open(&text, &keys.public()), Ok(receipt));
            let other = BoxKeys::generate(&[3; 64]).public();
            assert_eq!(Receipt::open(&text, &other), Err(Rejected::Signature));
        }
    }
}
