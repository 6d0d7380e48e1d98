//! Powers and logarithms of machine floats, computed as Terraform's runtime computes them: libraries differ in the last
//! bit, and a plan must not.
use std::f64::consts::FRAC_1_SQRT_2;

/// `x` to the power of `y`.
pub(super) fn power(x: f64, y: f64) -> f64 {
    // The special cases are the same everywhere.
    if x == 0.0 || y == 0.0 || x == 1.0 || !x.is_finite() || !y.is_finite() {
        return x.powf(y);
    }
    if y.abs() == 1.0 || y.abs() == 0.5 {
        let root = if y.abs() == 0.5 { x.sqrt() } else { x };
        return if y < 0.0 { 1.0 / root } else { root };
    }
    let (mut whole, mut fraction) = (y.abs().trunc(), y.abs().fract());
    if fraction != 0.0 && x < 0.0 || whole >= TOO_LARGE {
        return x.powf(y);
    }
    let mut mantissa = 1.0;
    if fraction != 0.0 {
        if fraction > 0.5 {
            fraction -= 1.0;
            whole += 1.0;
        }
        mantissa = (fraction * natural_logarithm(x)).exp();
    }
    let (factor, exponent) = whole_power(x, whole as u64);
    mantissa *= factor;
    if y < 0.0 { scale(1.0 / mantissa, -exponent) } else { scale(mantissa, exponent) }
}

/// The natural logarithm, by the method of FreeBSD's `e_log.c`: `log(1+f)` as a polynomial in `f/(2+f)`.
pub(super) fn natural_logarithm(x: f64) -> f64 {
    const LN2_HIGH: f64 = 0.693_147_180_369_123_8;
    const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;
    const L: [f64; 7] = [
        0.666_666_666_666_673_5,
        0.399_999_999_994_094_2,
        0.285_714_287_436_623_9,
        0.222_221_984_321_497_84,
        0.181_835_721_616_180_5,
        0.153_138_376_992_093_73,
        0.147_981_986_051_165_86,
    ];
    if x <= 0.0 || !x.is_finite() {
        return x.ln();
    }
    let (mut mantissa, mut exponent) = split(x);
    if mantissa < FRAC_1_SQRT_2 {
        mantissa *= 2.0;
        exponent -= 1;
    }
    let (f, k) = (mantissa - 1.0, exponent as f64);
    let s = f / (2.0 + f);
    let s2 = s * s;
    let s4 = s2 * s2;
    let odd = s2 * (L[0] + s4 * (L[2] + s4 * (L[4] + s4 * L[6])));
    let even = s4 * (L[1] + s4 * (L[3] + s4 * L[5]));
    let half_square = 0.5 * f * f;
    k * LN2_HIGH - ((half_square - (s * (half_square + odd + even) + k * LN2_LOW)) - f)
}

/// Whole exponents from here on give only zero, one or infinity.
const TOO_LARGE: f64 = 9_223_372_036_854_775_808.0;

/// Binary exponents beyond this mean that the result is out of range anyway.
const OUT_OF_RANGE: i64 = 1 << 12;

/// `x` to a whole power as mantissa and binary exponent, by repeated squaring.
fn whole_power(x: f64, mut n: u64) -> (f64, i64) {
    let (mut mantissa, mut exponent) = (1.0, 0);
    let (mut square, mut square_exponent) = split(x);
    while n != 0 {
        if square_exponent.abs() > OUT_OF_RANGE {
            return (mantissa, exponent + square_exponent);
        }
        if n & 1 == 1 {
            mantissa *= square;
            exponent += square_exponent;
        }
        square *= square;
        square_exponent *= 2;
        if square < 0.5 {
            square += square;
            square_exponent -= 1;
        }
        n >>= 1;
    }
    (mantissa, exponent)
}

/// A mantissa from 0.5 up to 1 (or the negative of one) and a binary exponent.
fn split(x: f64) -> (f64, i64) {
    const SUBNORMAL_SHIFT: i64 = 54;
    let (x, shift) = if x.is_subnormal() { (x * 2f64.powi(SUBNORMAL_SHIFT as i32), SUBNORMAL_SHIFT) } else { (x, 0) };
    let bits = x.to_bits();
    let exponent = (bits >> 52 & 0x7ff) as i64 - 1022 - shift;
    (f64::from_bits(bits & !(0x7ff << 52) | 1022 << 52), exponent)
}

/// `mantissa * 2^exponent`, in steps that stay in range as long as the result does.
fn scale(mut mantissa: f64, mut exponent: i64) -> f64 {
    const STEP: i64 = 1000;
    while exponent > STEP && mantissa.is_finite() {
        mantissa *= 2f64.powi(STEP as i32);
        exponent -= STEP;
    }
    while exponent < -STEP && mantissa != 0.0 {
        mantissa *= 2f64.powi(-STEP as i32);
        exponent += STEP;
    }
    mantissa * 2f64.powi(exponent.clamp(-STEP, STEP) as i32)
}

#[cfg(test)]
mod tests {
    use super::{natural_logarithm, power};

    #[test]
    fn powers_and_logarithms_are_terraforms() {
        assert_eq!(power(10.0, 23.0), 1e23);
        assert_eq!(power(10.0, 308.0), 1.0000000000000006e308);
        assert_eq!(power(2.0, -1074.0), f64::from_bits(1));
        assert_eq!(power(2.0, 100.0), 1267650600228229401496703205376.0);
        assert_eq!(power(-8.0, 3.0), -512.0);
        assert_eq!(natural_logarithm(3.0) / natural_logarithm(7.0), 0.5645750340535796);
        assert!(power(10.0, 400.0).is_infinite() && power(10.0, -400.0) == 0.0);
    }
}
