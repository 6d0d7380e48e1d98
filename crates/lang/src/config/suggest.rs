//! What a misspelt name may have meant.

/// ` Did you mean "x"?` for the nearest of the names, or nothing when none is near.
pub(crate) fn did_you_mean<'n>(given: &str, names: impl IntoIterator<Item = &'n str>) -> String {
    let near = names.into_iter().map(|name| (strsim::levenshtein(given, name), name)).min();
    match near {
        Some((distance, name)) if distance < 3 && distance < name.len() => format!(" Did you mean {name:?}?"),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::did_you_mean;

    #[test]
    fn nearest_name() {
        assert_eq!(did_you_mean("locla", ["local", "output"]), " Did you mean \"local\"?");
        assert_eq!(did_you_mean("zzz", ["local", "output"]), "");
        assert_eq!(did_you_mean("x", ["to"]), "");
    }
}
