//! How a long list is split, so that its pages come at the same time.
//!
//! Stripe's cursors are serial: each page is named by the last object of the one before. What can be asked for at once are
//! ranges of `created`. Each range ends on a page that is not full, so every one costs up to a page more than the list
//! itself would; their number follows from what that may cost. The bounds come from Stripe's own times, never from the
//! clock of this machine, which may be wrong.

/// The most objects a page may hold.
pub(super) const PAGE: usize = 100;
/// A list that is expected to be shorter is read by one cursor, in pages.
const WORTH_SPLITTING: usize = 10;
/// Of so many pages, one may be spent on ranges.
const ONE_PAGE_OF: usize = 25;
/// More at once would only wait for each other (see the limits in `provider.rs`).
const MOST_RANGES: usize = 8;

/// The lower bounds (inclusive, seconds) of the ranges that the rest of a list is read in, newest first. The first range
/// goes on after the newest page; below the last bound lies one more, without an end.
///
/// `newest_page` are the times of the objects on the first page, `expected` is how many objects the list may hold in all. It
/// is taken that they are spread as those on the first page are: where that is wrong, ranges are longer and shorter than
/// each other, and all objects are read all the same.
pub(super) fn bounds(newest_page: &[i64], expected: usize) -> Vec<i64> {
    let pages = expected.div_ceil(PAGE);
    let (Some(newest), Some(oldest)) = (newest_page.iter().max(), newest_page.iter().min()) else { return Vec::new() };
    if pages < WORTH_SPLITTING {
        return Vec::new();
    }
    let ranges = (1 + pages.div_ceil(ONE_PAGE_OF)).min(MOST_RANGES);
    let rest = expected.saturating_sub(newest_page.len());
    let in_range = i64::try_from(rest.div_ceil(ranges * newest_page.len())).unwrap_or(i64::MAX);
    let width = newest.saturating_sub(*oldest).max(1).saturating_mul(in_range.max(1));
    (1..ranges).map_while(|n| Some(oldest.saturating_sub(width.saturating_mul(i64::try_from(n).ok()?)))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pages that a list of objects made at these times takes, newest first.
    fn pages(times: &[i64], expected: usize) -> usize {
        let page = &times[..times.len().min(PAGE)];
        let rest = &times[page.len()..];
        if rest.is_empty() {
            return 1;
        }
        let mut bounds = bounds(page, expected);
        bounds.push(i64::MIN);
        let mut above = i64::MAX;
        let mut pages = 1;
        let mut read = page.len();
        for bound in bounds {
            let inside = rest.iter().filter(|time| **time >= bound && **time < above).count();
            read += inside;
            pages += inside.div_ceil(PAGE).max(1);
            above = bound;
        }
        assert_eq!(read, times.len(), "each object is in one range");
        pages
    }

    #[test]
    fn ranges_cost_at_most_one_page_in_25() {
        let spread: fn(i64) -> i64 = |n| -n * 4_000;
        let growing: fn(i64) -> i64 = |n| -n * n;
        let in_a_burst: fn(i64) -> i64 = |n| -n / 400;
        let at_once: fn(i64) -> i64 = |_| 0;
        for (objects, most) in [(1, 1), (100, 1), (101, 2), (900, 9), (1_000, 11), (2_500, 26), (10_000, 104)] {
            for made in [spread, growing, in_a_burst, at_once] {
                let times: Vec<i64> = (0..objects).map(|n| 1_800_000_000 + made(n)).collect();
                let taken = pages(&times, times.len());
                assert!(taken <= most, "{objects}: {taken} pages");
            }
        }
    }

    #[test]
    fn an_even_list_is_split_evenly() {
        let page: Vec<i64> = (0..100).map(|n| 1_000_000 - n * 10).collect();
        let found = bounds(&page, 10_000);
        assert_eq!(found.len(), 4, "{found:?}");
        let widths: Vec<i64> = std::iter::once(&999_010).chain(&found).zip(&found).map(|(a, b)| a - b).collect();
        assert!(widths.iter().all(|width| *width == widths[0]), "{widths:?}");
        assert!((18_000..22_000).contains(&widths[0]), "about 2000 objects each: {widths:?}");
    }

    #[test]
    fn odd_numbers_do_no_harm() {
        assert!(bounds(&[], 10_000).is_empty());
        assert!(bounds(&[5], 0).is_empty());
        assert_eq!(bounds(&[i64::MIN, i64::MAX], usize::MAX).first(), Some(&i64::MIN));
        let many = bounds(&[7; 100], 1_000_000);
        assert!(many.windows(2).all(|pair| pair[0] > pair[1]), "bounds go down");
    }
}
