//! Lengths that tell nothing: texts are padded to buckets before they are sealed.
use zeroize::Zeroizing;

use super::SealError;

/// The smallest bucket: all API keys and messaging tokens fit, so that their kinds cannot be told apart by length.
const SMALLEST: usize = 256;
/// Up to here buckets double; beyond, they are multiples of it.
const LARGEST_STEP: usize = 64 * 1024;
/// Bytes in front of the text that say how long it is.
const HEADER: usize = 4;

/// The text behind its length, filled up with zeros to the next bucket.
///
/// # Errors
/// [`SealError::TooLong`] from 4 GiB on.
pub(super) fn pad(text: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let length = u32::try_from(text.len()).map_err(|_| SealError::TooLong)?;
    let whole = bucket(text.len() + HEADER);
    let mut padded = Zeroizing::new(Vec::with_capacity(whole));
    padded.extend_from_slice(&length.to_be_bytes());
    padded.extend_from_slice(text);
    padded.resize(whole, 0);
    Ok(padded)
}

/// The text of what [`pad`] made.
pub(super) fn unpad(padded: &[u8]) -> Result<&[u8], SealError> {
    let (length, rest) = padded.split_first_chunk::<HEADER>().ok_or(SealError::NotSealed)?;
    rest.get(..u32::from_be_bytes(*length) as usize).ok_or(SealError::NotSealed)
}

fn bucket(length: usize) -> usize {
    if length > LARGEST_STEP {
        return length.next_multiple_of(LARGEST_STEP);
    }
    length.next_power_of_two().max(SMALLEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_fall_into_few_buckets() {
        let padded = |n: usize| pad(&vec![b'x'; n]).unwrap().len();
        assert_eq!((padded(0), padded(46), padded(252)), (256, 256, 256));
        assert_eq!((padded(253), padded(508), padded(509)), (512, 512, 1024));
        assert_eq!((padded(65_532), padded(65_533)), (65_536, 131_072));
    }

    #[test]
    fn unpads_what_it_padded_and_refuses_a_length_beyond_the_end() {
        for n in [0, 1, 252, 253, 70_000] {
            let text = vec![0; n];
            assert_eq!(unpad(&pad(&text).unwrap()).unwrap(), text);
        }
        assert_eq!(unpad(&[0, 0, 0, 9, 1]).unwrap_err(), SealError::NotSealed);
        assert_eq!(unpad(&[0, 0]).unwrap_err(), SealError::NotSealed);
    }
}
