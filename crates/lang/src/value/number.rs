//! Numbers of the language.
use dashu_float::FBig;
use dashu_float::round::mode::HalfEven;

/// Bits of a number's mantissa, as in Terraform.
pub const PRECISION: usize = 512;

/// A number: a binary float of [`PRECISION`] bits, or an infinity.
#[derive(Clone, Debug, PartialEq)]
pub struct Number(Repr);

#[derive(Clone, Debug, PartialEq)]
enum Repr {
    Finite(FBig<HalfEven, 2>),
    Infinite { negative: bool },
}

impl Number {
    /// Positive or negative infinity.
    pub fn infinity(negative: bool) -> Number {
        Number(Repr::Infinite { negative })
    }

    /// Whether it is an infinity.
    pub fn is_infinite(&self) -> bool {
        matches!(self.0, Repr::Infinite { .. })
    }

    /// Whether it is below zero.
    pub fn is_negative(&self) -> bool {
        match &self.0 {
            Repr::Finite(n) => *n < FBig::<HalfEven, 2>::ZERO,
            Repr::Infinite { negative } => *negative,
        }
    }
}

impl From<i64> for Number {
    fn from(n: i64) -> Number {
        Number(Repr::Finite(FBig::from(n).with_precision(PRECISION).value()))
    }
}
