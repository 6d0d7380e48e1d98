//! Characters as people see them: grapheme clusters.
use unicode_segmentation::UnicodeSegmentation;

/// The extended grapheme clusters of a text by the rules of Unicode 15.0, which Terraform 1.11 counts by.
///
/// Later versions join consonants of Indic scripts around a virama into one cluster (rule GB9c); these are parted again.
pub(super) fn clusters(text: &str) -> impl DoubleEndedIterator<Item = &str> {
    text.graphemes(true).flat_map(part_conjuncts)
}

/// How many grapheme clusters a text has.
pub(super) fn count(text: &str) -> usize {
    if text.is_ascii() && !text.contains('\r') { text.len() } else { clusters(text).count() }
}

fn part_conjuncts(cluster: &str) -> Vec<&str> {
    let mut parts = Vec::with_capacity(1);
    let mut start = 0;
    let mut previous = None;
    for (i, c) in cluster.char_indices() {
        if is_conjoining(c) && previous.is_some_and(|p: char| !p.is_alphabetic() || is_sign(p)) {
            parts.push(&cluster[start..i]);
            start = i;
        }
        previous = Some(c);
    }
    parts.push(&cluster[start..]);
    parts
}

/// Consonants that rule GB9c joins (Devanagari, Bengali, Gujarati, Odia, Telugu, Malayalam).
fn is_conjoining(c: char) -> bool {
    matches!(c,
        '\u{915}'..='\u{939}' | '\u{958}'..='\u{95f}' | '\u{978}'..='\u{97f}'
        | '\u{995}'..='\u{9b9}' | '\u{9dc}'..='\u{9df}' | '\u{9f0}'..='\u{9f1}'
        | '\u{a95}'..='\u{ab9}' | '\u{af9}'
        | '\u{b15}'..='\u{b39}' | '\u{b5c}'..='\u{b5f}' | '\u{b71}'
        | '\u{c15}'..='\u{c39}' | '\u{c58}'..='\u{c5a}'
        | '\u{d15}'..='\u{d3a}')
}

/// Vowel signs and the like, which count as letters but never begin a cluster.
fn is_sign(c: char) -> bool {
    !is_conjoining(c) && matches!(c, '\u{900}'..='\u{d4d}')
}
