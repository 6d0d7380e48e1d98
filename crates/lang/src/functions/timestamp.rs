//! Points in time with an offset from UTC, as RFC 3339 writes them.
use std::fmt;

use jiff::SignedDuration;
use jiff::civil::{Date, DateTime, Time};

/// A date, a time of day and an offset from UTC.
#[derive(Clone, Copy)]
pub(super) struct Timestamp {
    local: DateTime,
    /// Seconds east of UTC.
    offset: i32,
}

/// Why a text is no timestamp.
pub(super) enum Problem<'t> {
    /// The text ends before that part.
    Missing(&'static str),
    /// There is something else in the place of that part.
    Unfit(&'t str, &'static str),
    /// All parts are there, but there is no such day.
    NoSuchDay,
    /// There is more after the offset.
    Extra(&'t str),
}

impl Problem<'_> {
    /// What follows "not a valid RFC3339 timestamp"; a part of the text is shown as `show` shows it.
    pub(super) fn describe(&self, show: impl Fn(&str) -> String) -> String {
        match self {
            Problem::Missing(what) => format!(": end of string before {what}"),
            Problem::Unfit(part, what) => format!(": cannot use {} as {what}", show(part)),
            Problem::NoSuchDay => ": day out of range".into(),
            Problem::Extra(rest) => format!(": extra text: {}", show(rest)),
        }
    }
}

/// Takes digits and separators off the front of a text.
struct Cursor<'t> {
    rest: &'t str,
}

impl<'t> Cursor<'t> {
    /// A number of at least `least` and at most `most` digits.
    fn digits(&mut self, least: usize, most: usize, what: &'static str) -> Result<i16, Problem<'t>> {
        let count = self.rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
        if self.rest.is_empty() {
            return Err(Problem::Missing(what));
        }
        match self.rest[..count].parse() {
            Ok(number) if count >= least => {
                self.rest = &self.rest[count..];
                Ok(number)
            }
            _ => Err(Problem::Unfit(self.rest, what)),
        }
    }

    fn separator(&mut self, wanted: char, what: &'static str) -> Result<(), Problem<'t>> {
        match self.rest.strip_prefix(wanted) {
            Some(rest) => {
                self.rest = rest;
                Ok(())
            }
            None if self.rest.is_empty() => Err(Problem::Missing(what)),
            None => Err(Problem::Unfit(self.rest, what)),
        }
    }

    /// `.` and digits, as nanoseconds; what is finer is cut off.
    fn fraction(&mut self) -> i32 {
        let Some(rest) = self.rest.strip_prefix('.') else { return 0 };
        let count = rest.bytes().take_while(u8::is_ascii_digit).count();
        if count == 0 {
            return 0;
        }
        self.rest = &rest[count..];
        let nanoseconds = format!("{:0<9}", &rest[..count.min(9)]);
        nanoseconds.parse().unwrap_or(0)
    }

    fn offset(&mut self) -> Result<i32, Problem<'t>> {
        const WHAT: &str = "UTC offset";
        if let Some(rest) = self.rest.strip_prefix('Z') {
            self.rest = rest;
            return Ok(0);
        }
        let whole = self.rest;
        let sign = match whole.chars().next() {
            Some('+') => 1,
            Some('-') => -1,
            Some(_) => return Err(Problem::Unfit(whole, WHAT)),
            None => return Err(Problem::Missing(WHAT)),
        };
        self.rest = &whole[1..];
        let hours = self.digits(2, 2, WHAT)?;
        self.separator(':', WHAT)?;
        let minutes = self.digits(2, 2, WHAT)?;
        if hours > 23 || minutes > 59 {
            return Err(Problem::Unfit(whole, WHAT));
        }
        Ok(sign * (i32::from(hours) * 3600 + i32::from(minutes) * 60))
    }
}

impl Timestamp {
    /// Reads a timestamp strictly by RFC 3339 (capital `T` and `Z`).
    pub(super) fn parse(text: &str) -> Result<Timestamp, Problem<'_>> {
        let mut cursor = Cursor { rest: text };
        let date = date(&mut cursor, 2)?;
        cursor.separator('T', "the required time introducer 'T'")?;
        let time = time(&mut cursor, 2)?;
        let offset = cursor.offset()?;
        if !cursor.rest.is_empty() {
            return Err(Problem::Extra(cursor.rest));
        }
        Ok(Timestamp { local: date.to_datetime(time), offset })
    }

    /// Reads what YAML takes for a timestamp: single digits, `t` or a space are allowed too, and the time may be missing.
    pub(super) fn parse_yaml(text: &str) -> Option<Timestamp> {
        let mut cursor = Cursor { rest: text };
        let date = date(&mut cursor, 1).ok()?;
        let (time, offset) = match cursor.rest.chars().next() {
            None => (Time::midnight(), 0),
            Some(introducer @ ('T' | 't' | ' ')) => {
                cursor.rest = &cursor.rest[1..];
                let time = time(&mut cursor, 1).ok()?;
                (time, if introducer == ' ' { 0 } else { cursor.offset().ok()? })
            }
            Some(_) => return None,
        };
        cursor.rest.is_empty().then_some(Timestamp { local: date.to_datetime(time), offset })
    }

    /// The same moment's date and time in UTC.
    pub(super) fn instant(&self) -> DateTime {
        self.local.saturating_sub(SignedDuration::from_secs(i64::from(self.offset)))
    }

    /// So much later, at the same offset; none if that is out of range.
    pub(super) fn add(&self, duration: SignedDuration) -> Option<Timestamp> {
        Some(Timestamp { local: self.local.checked_add(duration).ok()?, offset: self.offset })
    }

    /// What a verb of `formatdate` stands for; an error continues the message with what would be right.
    pub(super) fn verb(&self, verb: &str) -> Result<String, &'static str> {
        let (t, letter, count) = (&self.local, verb.chars().next().unwrap_or_default(), verb.len());
        let number = |n: i8, expected: &'static str| match count {
            1 => Ok(n.to_string()),
            2 => Ok(format!("{n:02}")),
            _ => Err(expected),
        };
        match (letter, count) {
            ('Y', 2) => Ok(format!("{:02}", t.year().rem_euclid(100))),
            ('Y', 4) => Ok(format!("{:04}", t.year())),
            ('Y', _) => Err(": year must either be \"YY\" or \"YYYY\""),
            ('M', 3) => Ok(t.strftime("%b").to_string()),
            ('M', 4) => Ok(t.strftime("%B").to_string()),
            ('M', _) => number(t.month(), ": month must be \"M\", \"MM\", \"MMM\", or \"MMMM\""),
            ('D', _) => number(t.day(), ": day of month must either be \"D\" or \"DD\""),
            ('E', 3) => Ok(t.strftime("%a").to_string()),
            ('E', 4) => Ok(t.strftime("%A").to_string()),
            ('E', _) => Err(": day of week must either be \"EEE\" or \"EEEE\""),
            ('h', _) => number(t.hour(), ": 24-hour must either be \"h\" or \"hh\""),
            ('H', _) => number((t.hour() + 11) % 12 + 1, ": 12-hour must either be \"H\" or \"HH\""),
            ('A', 2) => Ok(if t.hour() < 12 { "AM" } else { "PM" }.into()),
            ('a', 2) => Ok(if t.hour() < 12 { "am" } else { "pm" }.into()),
            ('A', _) => Err(": must be \"AA\""),
            ('a', _) => Err(": must be \"aa\""),
            ('m', _) => number(t.minute(), ": minute must either be \"m\" or \"mm\""),
            ('s', _) => number(t.second(), ": second must either be \"s\" or \"ss\""),
            ('Z', 1) => Ok(if self.offset == 0 { "Z".into() } else { self.offset_text(":") }),
            ('Z', 3) => Ok(if self.offset == 0 { "UTC".into() } else { self.offset_text("") }),
            ('Z', 4) => Ok(self.offset_text("")),
            ('Z', 5) => Ok(self.offset_text(":")),
            ('Z', _) => Err(": timezone must be Z, ZZZZ, or ZZZZZ"),
            _ => Err(""),
        }
    }

    fn offset_text(&self, separator: &str) -> String {
        let sign = if self.offset < 0 { '-' } else { '+' };
        let minutes = self.offset.abs() / 60;
        format!("{sign}{:02}{separator}{:02}", minutes / 60, minutes % 60)
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in whole seconds.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (date, time) = (self.local.date(), self.local.time());
        write!(f, "{:04}-{:02}-{:02}T", date.year(), date.month(), date.day())?;
        write!(f, "{:02}:{:02}:{:02}", time.hour(), time.minute(), time.second())?;
        if self.offset == 0 { f.write_str("Z") } else { f.write_str(&self.offset_text(":")) }
    }
}

/// `year-month-day`, month and day of at least so many digits.
fn date<'t>(cursor: &mut Cursor<'t>, least: usize) -> Result<Date, Problem<'t>> {
    let year = cursor.digits(4, 4, "year")?;
    cursor.separator('-', "\"-\"")?;
    let before_month = cursor.rest;
    let month = cursor.digits(least, 2, "month")?;
    if !(1..=12).contains(&month) {
        return Err(Problem::Unfit(before_month, "month"));
    }
    cursor.separator('-', "\"-\"")?;
    let day = cursor.digits(least, 2, "day of month")?;
    Date::new(year, month as i8, day as i8).map_err(|_| Problem::NoSuchDay)
}

/// `hour:minute:second` and perhaps a fraction, each of at least so many digits.
fn time<'t>(cursor: &mut Cursor<'t>, least: usize) -> Result<Time, Problem<'t>> {
    let whole = cursor.rest;
    let hour = cursor.digits(least, 2, "hour")?;
    cursor.separator(':', "\":\"")?;
    let minute = cursor.digits(least, 2, "minute")?;
    cursor.separator(':', "\":\"")?;
    let second = cursor.digits(least, 2, "second")?;
    let nanosecond = cursor.fraction();
    if second > 59 {
        return Err(Problem::Unfit(whole, "time of day"));
    }
    Time::new(hour as i8, minute as i8, second as i8, nanosecond).map_err(|_| Problem::Unfit(whole, "time of day"))
}

/// Reads a duration as Go writes it: `1h30m`, `-1.5s`, `0`; units `h m s ms us µs ns`. None for anything else, and beyond
/// 292 years.
pub(super) fn parse_duration(text: &str) -> Option<SignedDuration> {
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(SignedDuration::ZERO);
    }
    if rest.is_empty() {
        return None;
    }
    let mut total: i128 = 0;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (whole, fraction) = rest[..end].split_once('.').unwrap_or((&rest[..end], ""));
        if whole.is_empty() && fraction.is_empty() || fraction.contains('.') {
            return None;
        }
        rest = &rest[end..];
        let end = rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len());
        let unit: i128 = match &rest[..end] {
            "ns" => 1,
            "us" | "\u{b5}s" | "\u{3bc}s" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            _ => return None,
        };
        rest = &rest[end..];
        let whole: i64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
        // More digits than these do not reach a nanosecond.
        let fraction = &fraction[..fraction.len().min(18)];
        let parts: i128 = if fraction.is_empty() { 0 } else { fraction.parse().ok()? };
        total += i128::from(whole) * unit + parts * unit / 10i128.pow(fraction.len() as u32);
        i64::try_from(total).ok()?;
    }
    let nanoseconds = i64::try_from(total).ok()?;
    Some(SignedDuration::from_nanos(if negative { -nanoseconds } else { nanoseconds }))
}
