//! Numbers in decimal: how they print, and with that, when two of them are equal.
//!
//! A number prints with the fewest digits that read back as the same number at its precision. Two numbers that print
//! alike are equal, though their bits may differ: `0.1 + 0.2 == 0.3`.
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

use dashu_int::UBig;
use dashu_int::ops::BitTest;

use super::number::{Number, Repr};

/// A magnitude in decimal: `digits` without zeros at either end, and how many of them stand before the point (negative:
/// zeros follow the point first). Zero has no digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Decimal {
    pub(crate) digits: String,
    pub(crate) point: i64,
}

impl Number {
    /// The decimal form of the magnitude; none for an infinity.
    pub(crate) fn decimal(&self) -> Option<Decimal> {
        let Repr::Finite(n) = &self.0 else { return None };
        let precision = n.precision();
        let (significand, exponent) = n.repr().clone().into_parts();
        let (_, significand) = significand.into_parts();
        if significand == UBig::ZERO {
            return Some(Decimal { digits: String::new(), point: 0 });
        }
        if exponent >= 0 && significand.bit_len() + exponent as usize <= precision {
            let digits = (significand << exponent as usize).to_string();
            let width = digits.len();
            return Some(Decimal::normal(digits.into_bytes(), width as i64));
        }
        Some(shortest(&significand, exponent as i64, precision))
    }

    /// All digits of the magnitude, not only those that tell it from its neighbours; none for an infinity.
    pub(crate) fn exact_decimal(&self) -> Option<Decimal> {
        let Repr::Finite(n) = &self.0 else { return None };
        let (significand, exponent) = n.repr().clone().into_parts();
        let (_, significand) = significand.into_parts();
        let (digits, places) = match exponent {
            e if e >= 0 => (significand << e as usize, 0),
            e => (significand * UBig::from(5u8).pow(e.unsigned_abs()), -(e as i64)),
        };
        if digits == UBig::ZERO {
            return Some(Decimal { digits: String::new(), point: 0 });
        }
        let digits = digits.to_string();
        let point = digits.len() as i64 - places;
        Some(Decimal::normal(digits.into_bytes(), point))
    }

    /// Order by exact value, as the operators `<` and `>` see it: two numbers that print alike may still differ.
    pub fn compare(&self, other: &Number) -> Ordering {
        match (&self.0, &other.0) {
            (Repr::Finite(a), Repr::Finite(b)) => a.repr().cmp(b.repr()),
            (Repr::Infinite { negative: a }, Repr::Infinite { negative: b }) => b.cmp(a),
            (Repr::Infinite { negative }, _) => {
                if *negative {
                    Ordering::Less
                } else {
                    Ordering::Greater
                }
            }
            (_, Repr::Infinite { negative }) => {
                if *negative {
                    Ordering::Greater
                } else {
                    Ordering::Less
                }
            }
        }
    }

    /// The shorter of the plain and the exponent form (`1e+06`), as `%v` and `%g` of `format` write it, with the fewest
    /// digits or that many significant ones.
    pub(crate) fn to_general(&self, significant: Option<usize>) -> String {
        let sign = if self.has_sign() { "-" } else { "" };
        let decimal = match significant {
            Some(kept) => self.exact_decimal().map(|d| d.rounded(kept.max(1))),
            None => self.decimal(),
        };
        let Some(decimal) = decimal else { return self.to_string() };
        let count = decimal.digits.len() as i64;
        let limit = match significant.map(|n| n.max(1) as i64) {
            None => SHORTEST_GENERAL_EXPONENT,
            Some(n) if n > count && count >= decimal.point => count,
            Some(n) => n,
        };
        let exponent = decimal.point - 1;
        if exponent < -4 || exponent >= limit {
            return format!("{sign}{}", decimal.to_scientific(decimal.digits.len().saturating_sub(1)));
        }
        let fraction = decimal.fraction();
        let point = if fraction.is_empty() { "" } else { "." };
        format!("{sign}{}{point}{fraction}", decimal.whole())
    }

    fn precision(&self) -> Option<usize> {
        match &self.0 {
            Repr::Finite(n) => Some(n.precision()),
            Repr::Infinite { .. } => None,
        }
    }
}

/// The first exponent for which the shortest general form has an exponent.
const SHORTEST_GENERAL_EXPONENT: i64 = 6;

impl Decimal {
    /// `d.ddde+xx` with that many digits after the point.
    pub(crate) fn to_scientific(&self, places: usize) -> String {
        let rounded = self.rounded(places + 1);
        let exponent = if rounded.digits.is_empty() { 0 } else { rounded.point - 1 };
        let digits = zeros_after(rounded.digits, places + 1);
        let point = if places == 0 { "" } else { "." };
        let sign = if exponent < 0 { '-' } else { '+' };
        format!("{}{point}{}e{sign}{:02}", &digits[..1], &digits[1..], exponent.abs())
    }

    /// Takes the zeros off both ends.
    fn normal(mut digits: Vec<u8>, mut point: i64) -> Decimal {
        while digits.last() == Some(&b'0') {
            digits.pop();
        }
        let zeros = digits.iter().take_while(|d| **d == b'0').count();
        digits.drain(..zeros);
        point -= zeros as i64;
        // Every byte came out of the decimal form of an integer.
        Decimal { digits: digits.into_iter().map(char::from).collect(), point }
    }

    /// Rounds to `kept` digits, half to even.
    fn rounded(&self, kept: usize) -> Decimal {
        let digits = self.digits.as_bytes();
        let Some(&next) = digits.get(kept) else { return self.clone() };
        let up = if next == b'5' && kept + 1 == digits.len() {
            kept > 0 && (digits[kept - 1] - b'0') % 2 == 1
        } else {
            next >= b'5'
        };
        if up { self.raised(kept) } else { Decimal::normal(digits[..kept].to_vec(), self.point) }
    }

    /// Cuts after `kept` digits and adds one to the last.
    fn raised(&self, kept: usize) -> Decimal {
        let mut digits = self.digits.as_bytes()[..kept].to_vec();
        while digits.last() == Some(&b'9') {
            digits.pop();
        }
        match digits.last_mut() {
            Some(last) => {
                *last += 1;
                Decimal::normal(digits, self.point)
            }
            None => Decimal { digits: "1".into(), point: self.point + 1 },
        }
    }

    /// Rounds to that many digits after the point, half to even.
    pub(crate) fn to_places(&self, places: usize) -> Decimal {
        let kept = self.point + places as i64;
        if kept < 0 {
            return Decimal { digits: String::new(), point: 0 };
        }
        self.rounded(kept as usize)
    }

    /// The digits before the point.
    pub(crate) fn whole(&self) -> String {
        match self.point {
            p if p <= 0 => "0".into(),
            p => zeros_after(self.digits[..self.digits.len().min(p as usize)].to_owned(), p as usize),
        }
    }

    /// The digits after the point.
    pub(crate) fn fraction(&self) -> String {
        match self.point {
            p if p <= 0 && !self.digits.is_empty() => {
                format!("{}{}", "0".repeat(p.unsigned_abs() as usize), self.digits)
            }
            p => self.digits.get(p.max(0) as usize..).unwrap_or_default().into(),
        }
    }
}

/// The text with zeros after it up to a width. (The width of a format string ends at 65535, and then panics.)
pub(crate) fn zeros_after(mut digits: String, width: usize) -> String {
    digits.extend(std::iter::repeat_n('0', width.saturating_sub(digits.len())));
    digits
}

/// The fewest decimal digits that read back as `significand * 2^exponent` at a precision.
fn shortest(significand: &UBig, exponent: i64, precision: usize) -> Decimal {
    // After this shift, 1 is half a unit in the last place.
    let shift = (precision + 1).saturating_sub(significand.bit_len());
    let middle = significand << shift;
    let exponent = exponent - shift as i64;
    let inclusive = !middle.bit(1);
    let in_decimal = |n: UBig| match exponent {
        e if e >= 0 => (n << e as usize).to_string(),
        e => (n * UBig::from(5u8).pow(e.unsigned_abs() as usize)).to_string(),
    };
    let places = if exponent < 0 { -exponent } else { 0 };
    let upper = in_decimal(&middle + UBig::ONE);
    let width = upper.len();
    let before = |digits: String| format!("{}{digits}", "0".repeat(width.saturating_sub(digits.len())));
    let lower = before(in_decimal(&middle - UBig::ONE));
    let digits = before(in_decimal(middle));
    let point = width as i64 - places;
    let end = |s: &str| s.trim_end_matches('0').len();
    let (lower_end, upper_end, digits_end) = (end(&lower), end(&upper), end(&digits));
    let exact = Decimal { digits: digits[..digits_end].into(), point };
    for i in 0..digits_end {
        let (l, m, u) = (lower.as_bytes()[i], digits.as_bytes()[i], upper.as_bytes()[i]);
        let down = l != m || inclusive && i + 1 == lower_end;
        let up = m != u && (inclusive || m + 1 < u || i + 1 < upper_end);
        match (down, up) {
            (true, true) => return exact.rounded(i + 1),
            (true, false) => return Decimal::normal(digits.as_bytes()[..=i].to_vec(), point),
            (false, true) => return exact.raised(i + 1),
            (false, false) => {}
        }
    }
    Decimal::normal(exact.digits.into_bytes(), point)
}

impl fmt::Display for Number {
    /// As `tostring` writes it: decimal, without an exponent; infinities are `+Inf` and `-Inf` (`Inf` with a sign).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.has_sign() {
            f.write_str("-")?;
        }
        let Some(decimal) = self.decimal() else {
            return f.write_str(if self.has_sign() { "Inf" } else { "+Inf" });
        };
        f.write_str(&decimal.whole())?;
        let fraction = decimal.fraction();
        if fraction.is_empty() { Ok(()) } else { write!(f, ".{fraction}") }
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Number) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Number {}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Number) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Number {
    /// Order by decimal form, so that it agrees with equality.
    fn cmp(&self, other: &Number) -> Ordering {
        let exact = self.compare(other);
        if exact == Ordering::Equal || self.is_integer() || other.is_integer() || self.precision() == other.precision()
        {
            return exact;
        }
        let (Some(a), Some(b)) = (self.decimal(), other.decimal()) else { return exact };
        match (self.is_negative(), other.is_negative()) {
            (false, false) => a.cmp_magnitude(&b),
            (true, true) => b.cmp_magnitude(&a),
            _ => exact,
        }
    }
}

impl Decimal {
    fn cmp_magnitude(&self, other: &Decimal) -> Ordering {
        self.point.cmp(&other.point).then_with(|| self.digits.cmp(&other.digits))
    }
}

impl Hash for Number {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.is_negative().hash(state);
        if let Some(decimal) = self.decimal() {
            decimal.digits.hash(state);
            decimal.point.hash(state);
        }
    }
}
