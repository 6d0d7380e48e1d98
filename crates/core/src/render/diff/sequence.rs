//! Which elements of two sequences belong together.
use ampere_lang::value::{Data, Value};

/// One line of an alignment: indexes into the two sequences.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aligned {
    /// Only before.
    Gone(usize),
    /// Only after.
    New(usize),
    /// On both sides, equal or not.
    Both(usize, usize),
}

/// Above this many cells the exact alignment would cost too much, and elements are paired by their places.
const MAX_CELLS: usize = 4_000_000;

/// Sequences of equal length are paired by place; others by their longest common subsequence, objects in a gap being paired
/// with each other. The elements of sets belong together when they are equal.
pub fn align(before: &[Value], after: &[Value], is_set: bool) -> Vec<Aligned> {
    if !is_set && before.len() == after.len() {
        return (0..before.len()).map(|i| Aligned::Both(i, i)).collect();
    }
    let prefix = before.iter().zip(after).take_while(|(a, b)| a.same(b)).count();
    let suffix = before[prefix..].iter().rev().zip(after[prefix..].iter().rev()).take_while(|(a, b)| a.same(b)).count();
    let (left, right) = (&before[prefix..before.len() - suffix], &after[prefix..after.len() - suffix]);
    let mut result: Vec<Aligned> = (0..prefix).map(|i| Aligned::Both(i, i)).collect();
    for pair in middle(left, right, is_set) {
        result.push(match pair {
            Aligned::Gone(i) => Aligned::Gone(i + prefix),
            Aligned::New(j) => Aligned::New(j + prefix),
            Aligned::Both(i, j) => Aligned::Both(i + prefix, j + prefix),
        });
    }
    result.extend((0..suffix).rev().map(|k| Aligned::Both(before.len() - 1 - k, after.len() - 1 - k)));
    result
}

fn middle(before: &[Value], after: &[Value], is_set: bool) -> Vec<Aligned> {
    let common = if before.len().saturating_mul(after.len()) > MAX_CELLS {
        Vec::new()
    } else {
        longest_common(before.len(), after.len(), |i, j| before[i].same(&after[j]))
    };
    let is_object = |v: &Value| matches!(v.data(), Data::Mapping(_));
    let (mut i, mut j) = (0, 0);
    let mut result = Vec::new();
    for &(next_i, next_j) in common.iter().chain(std::iter::once(&(before.len(), after.len()))) {
        while i < next_i {
            if !is_set && j < next_j && is_object(&before[i]) && is_object(&after[j]) {
                result.push(Aligned::Both(i, j));
                j += 1;
            } else {
                result.push(Aligned::Gone(i));
            }
            i += 1;
        }
        result.extend((j..next_j).map(Aligned::New));
        j = next_j;
        if next_i < before.len() && next_j < after.len() {
            result.push(Aligned::Both(i, j));
            i += 1;
            j += 1;
        }
    }
    result
}

/// The longest common subsequence of two sequences, as pairs of indexes.
pub fn longest_common(rows: usize, columns: usize, equal: impl Fn(usize, usize) -> bool) -> Vec<(usize, usize)> {
    let width = columns + 1;
    let mut length = vec![0u32; (rows + 1) * width];
    for i in (0..rows).rev() {
        for j in (0..columns).rev() {
            length[i * width + j] = if equal(i, j) {
                length[(i + 1) * width + j + 1] + 1
            } else {
                length[(i + 1) * width + j].max(length[i * width + j + 1])
            };
        }
    }
    let (mut i, mut j, mut pairs) = (0, 0, Vec::new());
    while i < rows && j < columns {
        if equal(i, j) {
            pairs.push((i, j));
            i += 1;
            j += 1;
        } else if length[(i + 1) * width + j] >= length[i * width + j + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(items: &[i64]) -> Vec<Value> {
        items.iter().map(|n| Value::number(*n)).collect()
    }

    #[test]
    fn a_first_element_that_goes_leaves_the_others_alone() {
        let pairs = align(&numbers(&[1, 2, 3]), &numbers(&[2, 3]), false);
        assert_eq!(pairs, [Aligned::Gone(0), Aligned::Both(1, 0), Aligned::Both(2, 1)]);
    }

    #[test]
    fn equal_lengths_pair_by_place() {
        let pairs = align(&numbers(&[1, 2]), &numbers(&[1, 3]), false);
        assert_eq!(pairs, [Aligned::Both(0, 0), Aligned::Both(1, 1)]);
    }

    #[test]
    fn sets_pair_equal_elements_only() {
        let pairs = align(&numbers(&[1, 2]), &numbers(&[2, 3]), true);
        assert_eq!(pairs, [Aligned::Gone(0), Aligned::Both(1, 0), Aligned::New(1)]);
    }
}
