//! Types that hold secrets cannot be printed, copied or written down: whoever adds a derive finds this file, which no longer compiles.
use std::fmt::{Debug, Display};
use std::ops::Deref;

use ampere_bundle::{BoxKeys, Contents, Issuer};
use ampere_core::secret::Secret;
use ampere_core::vault::{RootKey, Vault};
use ampere_provider::stripe_webhook::WebhookVerifier;
use serde::Serialize;

/// Does not compile if the type has one of the traits: then it is not clear which of two implementations is meant.
macro_rules! has_none_of {
    ($type:ty: $($forbidden:path),+) => {$({
        trait Ambiguous<A> {
            fn chosen() -> bool {
                true
            }
        }
        struct Forbidden;
        impl<T: ?Sized> Ambiguous<()> for T {}
        impl<T: ?Sized + $forbidden> Ambiguous<Forbidden> for T {}
        let _ = Forbidden;
        assert!(<$type as Ambiguous<_>>::chosen());
    })+};
}

#[test]
fn s1_what_holds_secrets_cannot_be_shown_copied_or_written() {
    has_none_of!(Secret: Debug, Display, Clone, Serialize, Deref, AsRef<str>, Into<String>, PartialEq);
    has_none_of!(RootKey: Debug, Display, Clone, Serialize, Deref, AsRef<[u8]>, PartialEq);
    has_none_of!(BoxKeys: Debug, Display, Clone, Serialize, Deref, AsRef<[u8]>, PartialEq);
    has_none_of!(Issuer: Debug, Display, Clone, Serialize, Deref, AsRef<[u8]>, PartialEq);
    // Its `Debug` names the stack.
    has_none_of!(Vault: Display, Clone, Serialize, Deref);
    has_none_of!(WebhookVerifier: Debug, Display, Clone, Serialize);
    // A bundle is made of them, so they are written: sealed, by `seal` alone.
    has_none_of!(Contents: Debug, Display, Deref, AsRef<str>, PartialEq);
}
