//! What a secret may be for.

/// Model providers that OpenClaw is configured for, by its own names: <https://docs.openclaw.ai/concepts/model-providers>.
pub(crate) use ampere_bundle::openclaw::MODEL_PROVIDERS;

/// Messaging channels (promise F1).
pub(crate) const CHANNELS: &[&str] = &["discord", "imessage", "signal", "telegram", "whatsapp"];

/// Anything else, with a name of its own.
pub(crate) const GENERIC: &str = "generic";

/// By which name OpenClaw asks for a secret of a kind.
pub(crate) fn name_on_box(kind: &str, name: Option<&str>) -> String {
    match name.filter(|_| kind == GENERIC) {
        Some(name) => format!("{GENERIC}/{name}"),
        None => kind.to_owned(),
    }
}

/// Whether it is one of the kinds.
pub(crate) fn is_known(kind: &str) -> bool {
    kind == GENERIC || MODEL_PROVIDERS.contains(&kind) || CHANNELS.contains(&kind)
}

/// The known kind that a mistyped one is nearest to, if one is near.
pub(crate) fn nearest(kind: &str) -> Option<&'static str> {
    let known = MODEL_PROVIDERS.iter().chain(CHANNELS).chain([&GENERIC]);
    let nearest = known.map(|known| (distance(kind, known), *known)).min()?;
    (nearest.0 <= 2).then_some(nearest.1)
}

/// Levenshtein's edit distance.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().take(40).enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_pen_is_recognised() {
        assert_eq!(nearest("antropic"), Some("anthropic"));
        assert_eq!(nearest("telegramm"), Some("telegram"));
        assert_eq!(nearest("my-own-thing"), None);
    }
}
