//! Numbers of the language.
//!
//! As in Terraform they are binary floats that remember their precision: what was written down has 512 bits, what was
//! counted (`length`) has 64, what came out of a machine float (`pow`, `log`) has 53. An operation has the precision of
//! its wider operand. The precision decides how many digits are printed: the fewest that read back as the same number.
use dashu_float::FBig;
use dashu_float::round::mode::HalfEven;
use dashu_int::ops::{BitTest, DivRem};
use dashu_int::{IBig, Sign, UBig};

use crate::limits::MAX_DIGITS;

/// Bits of the mantissa of a number that was written down, as in Terraform.
pub const PRECISION: usize = 512;

/// Bits of the mantissa of a number that was counted.
const INTEGER_PRECISION: usize = 64;

/// Bits of the mantissa of a number that came out of a machine float.
const FLOAT_PRECISION: usize = 53;

/// The largest binary exponent: beyond it lies infinity, and as far below one lies zero. (log2(10) is 3.32…)
const MAX_EXPONENT: i64 = MAX_DIGITS as i64 * 3322 / 1000;

type Float = FBig<HalfEven, 2>;

/// A number: a binary float of up to 512 bits, or an infinity.
#[derive(Clone)]
pub struct Number(pub(super) Repr);

#[derive(Clone)]
pub(super) enum Repr {
    /// A number; the context of the float carries its precision.
    Finite(Float),
    /// An infinity.
    Infinite { negative: bool },
}

impl Number {
    /// Positive or negative infinity.
    pub fn infinity(negative: bool) -> Number {
        Number(Repr::Infinite { negative })
    }

    /// Zero.
    pub fn zero() -> Number {
        Number::from(0)
    }

    /// A machine float, or nothing if it is not a number.
    pub fn from_f64(f: f64) -> Option<Number> {
        if f.is_nan() {
            return None;
        }
        match Float::try_from(f) {
            Ok(n) if f.is_finite() => Some(Number(Repr::Finite(n.with_precision(FLOAT_PRECISION).value()))),
            _ => Some(Number::infinity(f < 0.0)),
        }
    }

    /// Reads a decimal number as `tonumber` does: sign, digits with a point, exponent after `e` (decimal) or `p` (binary);
    /// also `Inf`.
    ///
    /// ```
    /// # use ampere_lang::value::Number;
    /// assert_eq!(Number::parse("1.50").unwrap().to_string(), "1.5");
    /// assert!(Number::parse("0x10").is_none());
    /// ```
    pub fn parse(text: &str) -> Option<Number> {
        let (negative, rest) = match text.as_bytes().first()? {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, text),
        };
        if rest == "Inf" || rest == "inf" {
            return Some(Number::infinity(negative));
        }
        let (mantissa, exponent, binary) = match rest.find(['e', 'E', 'p', 'P']) {
            Some(i) => (&rest[..i], parse_exponent(&rest[i + 1..])?, matches!(rest.as_bytes()[i], b'p' | b'P')),
            None => (rest, 0, false),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = [whole, fraction].concat();
        if digits.len() > MAX_DIGITS {
            return None;
        }
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let significand = UBig::from_str_radix(&digits, 10).ok()?;
        if significand == UBig::ZERO {
            let zero = Number(Repr::Finite(Float::ZERO.with_precision(PRECISION).value()));
            return Some(if negative { zero.neg() } else { zero });
        }
        let places = -(fraction.len() as i64);
        let (tens, twos) = if binary { (places, exponent) } else { (places.saturating_add(exponent), 0) };
        let value = scale(significand, tens, twos);
        Some(if negative { value.neg() } else { value })
    }

    /// A whole number of any size, exact.
    pub fn from_integer(n: IBig) -> Number {
        let precision = n.bit_len().max(INTEGER_PRECISION);
        Number::finite(Float::from(n).with_precision(precision).value())
    }

    fn finite(n: Float) -> Number {
        let magnitude = n.repr().exponent() as i64 + n.repr().digits() as i64;
        if magnitude > MAX_EXPONENT {
            return Number::infinity(n < Float::ZERO);
        }
        if magnitude < -MAX_EXPONENT && n != Float::ZERO {
            let zero = Number(Repr::Finite(Float::ZERO.with_precision(n.precision()).value()));
            return if n < Float::ZERO { zero.neg() } else { zero };
        }
        Number(Repr::Finite(n))
    }

    /// Whether it is an infinity.
    pub fn is_infinite(&self) -> bool {
        matches!(self.0, Repr::Infinite { .. })
    }

    /// Whether it is zero (of either sign).
    pub fn is_zero(&self) -> bool {
        matches!(&self.0, Repr::Finite(n) if n.repr().significand().is_zero())
    }

    /// Whether it is below zero.
    pub fn is_negative(&self) -> bool {
        match &self.0 {
            Repr::Finite(n) => *n < Float::ZERO,
            Repr::Infinite { negative } => *negative,
        }
    }

    /// Whether it is finite and has no fraction.
    pub fn is_integer(&self) -> bool {
        matches!(&self.0, Repr::Finite(n) if n.repr().is_int())
    }

    /// The whole number, if it is one.
    pub fn to_integer(&self) -> Option<IBig> {
        if self.is_integer() { self.truncated() } else { None }
    }

    /// The whole part, towards zero; none for an infinity.
    pub fn truncated(&self) -> Option<IBig> {
        let Repr::Finite(n) = &self.0 else { return None };
        let (significand, exponent) = n.repr().clone().into_parts();
        Some(match exponent {
            e if e >= 0 => significand << e as usize,
            e => {
                let (sign, magnitude) = significand.into_parts();
                IBig::from_parts(sign, magnitude >> e.unsigned_abs())
            }
        })
    }

    /// The value as `i64`, if it is a whole number in range.
    pub fn to_i64(&self) -> Option<i64> {
        self.to_integer()?.try_into().ok()
    }

    /// The value as `u64`, if it is a whole number in range.
    pub fn to_u64(&self) -> Option<u64> {
        self.to_integer()?.try_into().ok()
    }

    /// The value as `usize`, if it is a whole number in range.
    pub fn to_usize(&self) -> Option<usize> {
        self.to_integer()?.try_into().ok()
    }

    /// The nearest machine float.
    pub fn to_f64(&self) -> f64 {
        match &self.0 {
            Repr::Finite(n) => n.repr().to_f64().value(),
            Repr::Infinite { negative: true } => f64::NEG_INFINITY,
            Repr::Infinite { negative: false } => f64::INFINITY,
        }
    }

    /// The largest whole number not above it; an infinity stays.
    pub fn floor(&self) -> Number {
        self.to_whole(false)
    }

    /// The smallest whole number not below it; an infinity stays.
    pub fn ceil(&self) -> Number {
        self.to_whole(true)
    }

    fn to_whole(&self, up: bool) -> Number {
        let Some(whole) = self.truncated() else { return self.clone() };
        let step = match (self.is_negative(), up) {
            _ if self.is_integer() => 0,
            (true, false) => -1,
            (false, true) => 1,
            _ => 0,
        };
        let precision = if let Repr::Finite(n) = &self.0 { n.precision() } else { INTEGER_PRECISION };
        Number::finite(Float::from(whole + IBig::from(step)).with_precision(precision).value())
    }

    /// The magnitude.
    pub fn abs(&self) -> Number {
        if self.is_negative() { self.neg() } else { self.clone() }
    }

    /// The sum; none for the sum of opposite infinities.
    pub fn add(&self, other: &Number) -> Option<Number> {
        match (&self.0, &other.0) {
            (Repr::Finite(a), Repr::Finite(b)) => Some(Number::finite(a + b)),
            (Repr::Infinite { negative: a }, Repr::Infinite { negative: b }) if a != b => None,
            (Repr::Infinite { negative }, _) | (_, Repr::Infinite { negative }) => Some(Number::infinity(*negative)),
        }
    }

    /// The difference; none for the difference of equal infinities.
    pub fn sub(&self, other: &Number) -> Option<Number> {
        self.add(&other.neg())
    }

    /// The product; none for zero times infinity.
    pub fn mul(&self, other: &Number) -> Option<Number> {
        match (&self.0, &other.0) {
            (Repr::Finite(a), Repr::Finite(b)) => Some(Number::finite(a * b)),
            _ if self.is_zero() || other.is_zero() => None,
            _ => Some(Number::infinity(self.is_negative() != other.is_negative())),
        }
    }

    /// The quotient: an infinity for a division by zero, none for `0/0` and for infinity by infinity.
    pub fn div(&self, other: &Number) -> Option<Number> {
        match (&self.0, &other.0) {
            (Repr::Infinite { .. }, Repr::Infinite { .. }) => None,
            _ if self.is_zero() && other.is_zero() => None,
            (Repr::Infinite { .. }, _) => Some(Number::infinity(self.has_sign() != other.has_sign())),
            _ if other.is_zero() => Some(Number::infinity(self.has_sign() != other.has_sign())),
            (Repr::Finite(a), Repr::Infinite { .. }) => {
                let zero = Number(Repr::Finite(Float::ZERO.with_precision(a.precision()).value()));
                Some(if self.has_sign() != other.has_sign() { zero.neg() } else { zero })
            }
            (Repr::Finite(a), Repr::Finite(b)) => {
                let precision = a.precision().max(b.precision());
                let (dividend, e1) = a.repr().clone().into_parts();
                let (divisor, e2) = b.repr().clone().into_parts();
                let (sign1, dividend) = dividend.into_parts();
                let (sign2, divisor) = divisor.into_parts();
                let quotient = divide(dividend, divisor, e1 as i64 - e2 as i64, precision);
                Some(if sign1 != sign2 { quotient.neg() } else { quotient })
            }
        }
    }

    /// The remainder of the division towards zero; `n % 0` is `n`. None when an infinity is divided or divides.
    pub fn rem(&self, other: &Number) -> Option<Number> {
        if other.is_zero() {
            return Some(self.clone());
        }
        let (Repr::Finite(a), Repr::Finite(b)) = (&self.0, &other.0) else { return None };
        let precision = a.precision();
        let whole = Float::from(self.div(other)?.truncated()?).with_precision(precision).value();
        let product = (exact(&whole) * exact(b)).with_precision(precision).value();
        Some(Number::finite((exact(a) - exact(&product)).with_precision(precision).value()))
    }

    /// The number with its sign turned; zero has a sign, too.
    pub fn neg(&self) -> Number {
        match &self.0 {
            Repr::Finite(n) => Number(Repr::Finite(-n.clone())),
            Repr::Infinite { negative } => Number::infinity(!negative),
        }
    }

    /// Whether it has a minus sign; zero can have one.
    pub(crate) fn has_sign(&self) -> bool {
        match &self.0 {
            Repr::Finite(n) => n.repr().sign() == Sign::Negative,
            Repr::Infinite { negative } => *negative,
        }
    }
}

/// The same value without a limit of precision, for exact sums and products.
fn exact(n: &Float) -> Float {
    let (significand, exponent) = n.repr().clone().into_parts();
    Float::from_parts(significand, exponent).with_precision(0).value()
}

/// `dividend / divisor * 2^exponent`, rounded once.
fn divide(dividend: UBig, divisor: UBig, exponent: i64, precision: usize) -> Number {
    if dividend == UBig::ZERO {
        return Number(Repr::Finite(Float::ZERO.with_precision(precision).value()));
    }
    let shift = (precision + 2 + divisor.bit_len()).saturating_sub(dividend.bit_len());
    let (quotient, remainder) = (dividend << shift).div_rem(divisor);
    // One more bit below, set when something is left: it breaks ties as the whole rest would.
    let sticky = (quotient << 1) | UBig::from(u8::from(remainder != UBig::ZERO));
    rounded(sticky, exponent - shift as i64 - 1, precision)
}

/// `significand * 2^exponent`, rounded to the precision; zero or infinity where no float reaches.
fn rounded(significand: UBig, exponent: i64, precision: usize) -> Number {
    let magnitude = exponent.saturating_add(significand.bit_len() as i64);
    if magnitude > MAX_EXPONENT {
        return Number::infinity(false);
    }
    if magnitude < -MAX_EXPONENT {
        return Number(Repr::Finite(Float::ZERO.with_precision(precision).value()));
    }
    Number::finite(Float::from_parts(IBig::from(significand), exponent as isize).with_precision(precision).value())
}

/// `significand * 10^tens * 2^twos` at [`PRECISION`].
fn scale(significand: UBig, tens: i64, twos: i64) -> Number {
    // Beyond this every float is infinite or zero, whatever the digits (log2(10) > 3.3).
    let limit = MAX_EXPONENT / 3;
    if tens.saturating_add(significand.bit_len() as i64 / 3) > limit {
        return Number::infinity(false);
    }
    if tens < -limit {
        return Number(Repr::Finite(Float::ZERO.with_precision(PRECISION).value()));
    }
    let exponent = tens.saturating_add(twos);
    let (power, power_exponent) = power_of_five(tens.unsigned_abs());
    if tens >= 0 {
        rounded(significand * power, exponent.saturating_add(power_exponent), PRECISION)
    } else {
        divide(significand, power, exponent.saturating_sub(power_exponent), PRECISION)
    }
}

/// `5^n` as significand and binary exponent: exact while it fits, then cut to more bits than a result can show.
fn power_of_five(mut n: u64) -> (UBig, i64) {
    const GUARD: usize = 2 * PRECISION;
    let cut = |n: UBig, exponent: i64| match n.bit_len().checked_sub(GUARD) {
        Some(excess) if excess > 0 => (n >> excess, exponent + excess as i64),
        _ => (n, exponent),
    };
    let (mut power, mut power_exponent) = (UBig::ONE, 0);
    let (mut square, mut square_exponent) = (UBig::from(5u8), 0);
    while n > 0 {
        if n & 1 == 1 {
            (power, power_exponent) = cut(power * &square, power_exponent + square_exponent);
        }
        n >>= 1;
        if n > 0 {
            (square, square_exponent) = cut(square.sqr(), square_exponent * 2);
        }
    }
    (power, power_exponent)
}

fn parse_exponent(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    // An exponent too long for i64 is as good as the largest one.
    let magnitude = digits.parse::<i64>().unwrap_or(i64::MAX / 4).min(i64::MAX / 4);
    Some(if text.starts_with('-') { -magnitude } else { magnitude })
}

impl From<i64> for Number {
    fn from(n: i64) -> Number {
        Number(Repr::Finite(Float::from(n).with_precision(INTEGER_PRECISION).value()))
    }
}

impl From<u64> for Number {
    fn from(n: u64) -> Number {
        Number(Repr::Finite(Float::from(n).with_precision(INTEGER_PRECISION).value()))
    }
}

impl From<i32> for Number {
    fn from(n: i32) -> Number {
        Number::from(i64::from(n))
    }
}

impl From<u32> for Number {
    fn from(n: u32) -> Number {
        Number::from(i64::from(n))
    }
}

impl From<usize> for Number {
    fn from(n: usize) -> Number {
        Number::from(n as u64)
    }
}
