//! The marker on objects, and names made from it.
use std::sync::Arc;

use ampere_core::identity::{AddressHash, Marker, StackId};

/// How often a name is varied when an object that must not be taken over holds it.
pub(crate) const GENERATIONS: u32 = 16;

/// A marker from its two texts.
pub(crate) fn marker(stack: &str, address: &str) -> Marker {
    Marker { stack: StackId(Arc::from(stack)), address: AddressHash(Arc::from(address)) }
}

/// The marker of an object that bears none (it is being imported): equal to no real one.
pub(crate) fn none() -> Marker {
    marker("", "")
}

/// A name for the object of a marker: the same for the same marker, so that a create whose answer was lost finds its work
/// again. Later generations serve when the first name is held by an object that was moved to another address, or that is
/// being replaced and still there.
pub(crate) fn name(prefix: &str, marker: &Marker, generation: u32) -> String {
    match generation {
        0 => format!("{prefix}-{}-{}", marker.stack, marker.address),
        n => format!("{prefix}-{}-{}-{n}", marker.stack, marker.address),
    }
}

/// The marker in a name that [`name`] made.
pub(crate) fn of_name(prefix: &str, name: &str) -> Option<Marker> {
    let mut parts = name.strip_prefix(prefix)?.strip_prefix('-')?.splitn(3, '-');
    let (stack, address) = (parts.next()?, parts.next()?);
    let hex = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_hexdigit());
    (hex(stack) && hex(address)).then(|| marker(stack, address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_gives_its_marker_back() {
        let ours = marker("00112233aabbccdd", "0123456789abcdef0123456789abcdef");
        for generation in 0..3 {
            assert_eq!(of_name("ampere", &name("ampere", &ours, generation)), Some(ours.clone()));
        }
        assert_eq!(of_name("ampere", "kX9u2"), None);
        assert_eq!(of_name("ampere", "ampere-person-x"), None);
    }
}
