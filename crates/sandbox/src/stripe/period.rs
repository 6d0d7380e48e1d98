//! Billing periods: calendar months and years from an anchor, in UTC.

use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use serde_json::Value;

/// The most periods looked through for one date.
const MOST_PERIODS: i64 = 20_000;

/// The end of the period that begins at `start`: the first date of the anchor's series after it.
/// A 31st falls on the last day of shorter months and returns afterwards.
pub(crate) fn end_after(anchor: i64, start: i64, recurring: &Value) -> i64 {
    let count = recurring["interval_count"].as_i64().unwrap_or(1).max(1);
    (1..MOST_PERIODS)
        .map(|number| add(anchor, recurring["interval"].as_str().unwrap_or("month"), number * count))
        .find(|end| *end > start)
        .unwrap_or(i64::MAX)
}

fn add(anchor: i64, interval: &str, number: i64) -> i64 {
    let span = match interval {
        "day" => Span::new().try_days(number),
        "week" => Span::new().try_weeks(number),
        "year" => Span::new().try_years(number),
        _ => Span::new().try_months(number),
    };
    let end = Timestamp::from_second(anchor).and_then(|anchor| anchor.to_zoned(TimeZone::UTC).checked_add(span?));
    end.map_or(i64::MAX, |end| end.timestamp().as_second())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn second(text: &str) -> i64 {
        text.parse::<Timestamp>().expect("a time").as_second()
    }

    #[test]
    fn a_month_from_the_31st_is_clamped_and_returns() {
        let anchor = second("2026-01-31T10:00:00Z");
        let monthly = json!({"interval": "month", "interval_count": 1});
        let first = end_after(anchor, anchor, &monthly);
        assert_eq!(first, second("2026-02-28T10:00:00Z"));
        assert_eq!(end_after(anchor, first, &monthly), second("2026-03-31T10:00:00Z"));
    }

    #[test]
    fn other_intervals_count_too() {
        let anchor = second("2026-01-01T00:00:00Z");
        let yearly = json!({"interval": "year", "interval_count": 1});
        assert_eq!(end_after(anchor, anchor, &yearly), second("2027-01-01T00:00:00Z"));
        let weeks = json!({"interval": "week", "interval_count": 2});
        assert_eq!(end_after(anchor, anchor, &weeks), second("2026-01-15T00:00:00Z"));
    }
}
