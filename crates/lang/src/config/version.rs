//! Versions and constraints on them: `~> 1.2, != 1.2.5`.
use std::cmp::Ordering;

/// The version of the language this crate speaks.
pub const LANGUAGE_VERSION: &str = "1.11.4";

/// A version: numbers, perhaps a pre-release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Version {
    numbers: Vec<u64>,
    /// How many numbers were written.
    written: usize,
    prerelease: Option<String>,
}

impl Version {
    /// [`LANGUAGE_VERSION`]
    pub(crate) fn language() -> Version {
        Version::parse(LANGUAGE_VERSION).expect("the constant is a version")
    }

    /// Reads `1.2.3-beta1+meta`; missing numbers are zero.
    pub(crate) fn parse(text: &str) -> Option<Version> {
        let text = text.strip_prefix('v').unwrap_or(text);
        let text = text.split_once('+').map_or(text, |(version, _)| version);
        let (numbers, prerelease) = match text.split_once('-') {
            Some((numbers, pre)) if !pre.is_empty() => (numbers, Some(pre.to_owned())),
            Some(_) => return None,
            None => (text, None),
        };
        let number = |part: &str| match part.bytes().all(|b| b.is_ascii_digit()) {
            true => part.parse::<u64>().ok(),
            false => None,
        };
        let mut numbers = numbers.split('.').map(number).collect::<Option<Vec<u64>>>()?;
        let written = numbers.len();
        numbers.resize(written.max(3), 0);
        Some(Version { numbers, written, prerelease })
    }

    fn compare(&self, other: &Version) -> Ordering {
        let longest = self.numbers.len().max(other.numbers.len());
        let at = |v: &Version, i: usize| v.numbers.get(i).copied().unwrap_or(0);
        let numbers = (0..longest).map(|i| at(self, i).cmp(&at(other, i))).find(|o| o.is_ne());
        numbers.unwrap_or_else(|| match (&self.prerelease, &other.prerelease) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (Some(a), Some(b)) => a.cmp(b),
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    /// Only the last number written may grow.
    Pessimistic,
}

/// Constraints that must all hold.
#[derive(Clone, Debug)]
pub(crate) struct Constraints(Vec<(Operator, Version)>);

impl Constraints {
    /// Reads a list of constraints, separated by commas.
    pub(crate) fn parse(text: &str) -> Option<Constraints> {
        text.split(',').map(|part| constraint(part.trim())).collect::<Option<Vec<_>>>().map(Constraints)
    }

    /// Whether a version satisfies all of them.
    pub(crate) fn allow(&self, version: &Version) -> bool {
        self.0.iter().all(|(operator, wanted)| holds(*operator, version, wanted))
    }
}

fn constraint(text: &str) -> Option<(Operator, Version)> {
    let operators = [
        ("~>", Operator::Pessimistic),
        (">=", Operator::GreaterOrEqual),
        ("<=", Operator::LessOrEqual),
        ("!=", Operator::NotEqual),
        (">", Operator::Greater),
        ("<", Operator::Less),
        ("=", Operator::Equal),
    ];
    let (operator, rest) = operators
        .into_iter()
        .find_map(|(sign, operator)| Some((operator, text.strip_prefix(sign)?)))
        .unwrap_or((Operator::Equal, text));
    Some((operator, Version::parse(rest.trim())?))
}

fn holds(operator: Operator, version: &Version, wanted: &Version) -> bool {
    let order = version.compare(wanted);
    match operator {
        Operator::Equal => order.is_eq(),
        Operator::NotEqual => order.is_ne(),
        Operator::Greater => order.is_gt(),
        Operator::GreaterOrEqual => order.is_ge(),
        Operator::Less => order.is_lt(),
        Operator::LessOrEqual => order.is_le(),
        Operator::Pessimistic => {
            let fixed = wanted.written.saturating_sub(1).max(1).min(wanted.written);
            let fixed = if wanted.written == 1 { 0 } else { fixed };
            order.is_ge() && version.numbers.iter().take(fixed).eq(wanted.numbers.iter().take(fixed))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(constraint: &str, version: &str) -> bool {
        Constraints::parse(constraint).expect("a constraint").allow(&Version::parse(version).expect("a version"))
    }

    #[test]
    fn operators() {
        assert!(allows(">= 1.0, < 2.0", "1.11.4"));
        assert!(!allows(">= 1.0, != 1.11.4", "1.11.4"));
        assert!(allows("1.11.4", "1.11.4"));
        assert!(allows("~> 1.2", "1.11.4"));
        assert!(!allows("~> 1.2.0", "1.11.4"));
        assert!(allows("~> 1.11.0", "1.11.4"));
        assert!(allows("~> 1", "2.0.0"));
        assert!(!allows("> 1.11.4", "1.11.4"));
        assert!(allows(">= 1.11", "1.11.4"));
    }

    #[test]
    fn bad_constraints() {
        for text in ["", ">=", "x", "1.x", "=> 1.0", "1.0,"] {
            assert!(Constraints::parse(text).is_none(), "{text:?}");
        }
    }
}
