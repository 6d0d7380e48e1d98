//! What passes for an email address before any cloud is asked.

/// Why a text is not an email address that Firebase would keep as it is; none if it is one.
pub(crate) fn fault(email: &str) -> Option<&'static str> {
    let Some((local, domain)) = email.split_once('@') else { return Some("it has no @") };
    if domain.contains('@') {
        return Some("it has more than one @");
    }
    if email.len() > 254 || local.len() > 64 {
        return Some("it is too long (254 bytes at most, 64 before the @)");
    }
    if local.is_empty() || local.starts_with('.') || local.ends_with('.') || local.contains("..") {
        return Some("the part before the @ is empty or has a misplaced dot");
    }
    if !local.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&b)) {
        return Some("the part before the @ has a character that may not stand there");
    }
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    if !domain.contains('.') || !domain.split('.').all(label) {
        return Some("the part after the @ is not a domain name");
    }
    if email.bytes().any(|b| b.is_ascii_uppercase()) {
        return Some("it has upper-case letters, and Firebase keeps addresses in lower case; write lower(…)");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::fault;

    #[test]
    fn addresses_are_told_from_other_texts() {
        for good in ["ada@example.com", "ada.lovelace+bot@mail.example.co.uk", "o'hara@xn--bcher-kva.example"] {
            assert_eq!(fault(good), None, "{good}");
        }
        for bad in [
            "",
            "ada",
            "@example.com",
            "ada@",
            "ada@example",
            "a@b@example.com",
            "ada @example.com",
            "ada@exa mple.com",
            ".ada@example.com",
            "ada..l@example.com",
            "ada@-example.com",
            "ada@example..com",
            "Ada@example.com",
            "ada@example.com\n",
            "ada@[127.0.0.1]",
        ] {
            assert!(fault(bad).is_some(), "{bad:?}");
        }
    }
}
