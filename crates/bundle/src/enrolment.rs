//! A box's first word: its keys, and where it stands.
use serde::{Deserialize, Serialize};

use crate::signed::{self, Parts, What};
use crate::{BoxKeys, BoxPublic, Rejected, mailbox};

/// A box's first word. Signed with the key that it names: proof that the box holds the secret half.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enrolment {
    /// Which instance it says it is.
    pub instance: String,
    /// Hetzner's number of the server, as the metadata service told the box.
    pub server: String,
    /// Its IPv4 address, likewise.
    pub ipv4: Option<String>,
    /// Its IPv6 address, likewise.
    pub ipv6: Option<String>,
    /// Its keys.
    pub keys: BoxPublic,
}

impl Enrolment {
    /// The signed text. `keys` are those whose public half it names.
    pub fn sign(&self, keys: &BoxKeys) -> String {
        signed::sign(What::Enrolment, self, &keys.signing)
    }

    /// The enrolment that `text` is, of `instance`.
    ///
    /// # Errors
    /// [`Rejected`] when it is too long, malformed, another instance's, or not signed with the key it names.
    pub fn open(text: &str, instance: &str) -> Result<Enrolment, Rejected> {
        let parts = Parts::split(text, mailbox::LONGEST_SIGNED)?;
        let enrolment: Enrolment = parts.parse()?;
        parts.verify(What::Enrolment, &enrolment.keys.signing)?;
        if enrolment.instance != instance {
            return Err(Rejected::Instance);
        }
        Ok(enrolment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Receipt;

    fn enrolment(keys: &BoxKeys) -> Enrolment {
        Enrolment {
            instance: "ampere-3f2a".into(),
            server: "4711".into(),
            ipv4: Some("192.0.2.7".into()),
            ipv6: None,
            keys: keys.public(),
        }
    }

    #[test]
    fn it_proves_possession_of_the_keys_it_names() {
        let (keys, others) = (BoxKeys::generate(&[2; 64]), BoxKeys::generate(&[5; 64]));
        let text = enrolment(&keys).sign(&keys);
        assert_eq!(Enrolment::open(&text, "ampere-3f2a"), Ok(enrolment(&keys)));
        assert_eq!(Enrolment::open(&text, "ampere-9999"), Err(Rejected::Instance));
        // Somebody else's key, named without having it.
        assert_eq!(Enrolment::open(&enrolment(&keys).sign(&others), "ampere-3f2a"), Err(Rejected::Signature));
        assert_eq!(Enrolment::open(&"A".repeat(mailbox::LONGEST_SIGNED + 1), "ampere-3f2a"), Err(Rejected::TooLong));
        assert_eq!(Receipt::open(&text, &keys.public()), Err(Rejected::Signature), "no receipt");
    }

    #[test]
    fn the_same_randomness_makes_the_same_keys() {
        let keys = BoxKeys::generate(&[2; 64]).public();
        assert_eq!(BoxKeys::generate(&[2; 64]).public(), keys);
        let mut other = [2; 64];
        for at in [0, 32] {
            other[at] = 3;
            assert_ne!(BoxKeys::generate(&other).public().fingerprint(), keys.fingerprint());
            other[at] = 2;
        }
    }
}
