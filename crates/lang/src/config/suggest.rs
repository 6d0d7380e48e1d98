//! What a misspelt name may have meant.

/// ` Did you mean "x"?` for the nearest of the names, or nothing when none is near.
pub(crate) fn did_you_mean<'n>(given: &str, names: impl IntoIterator<Item = &'n str>) -> String {
    let near = names.into_iter().map(|name| (distance(given, name), name)).min();
    match near {
        Some((distance, name)) if distance < 3 && distance < name.len() => format!(" Did you mean {name:?}?"),
        _ => String::new(),
    }
}

/// How many letters must be put in, taken out or changed.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let changed = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
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
