//! What differs from run to run, made the same.
use std::sync::LazyLock;

use regex::Regex;

static RULES: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    [
        (r"http://127\.0\.0\.1:\d+", "http://SANDBOX"),
        (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UUID"),
        (r"\b(sub|cus|in|price_[a-z]+|si)_[A-Za-z0-9]{8,}\b", "${1}_ID"),
        (r"\btest_in_[A-Za-z0-9]+", "test_in_ID"),
        (r"\bdeposed object [0-9a-f]{8}\b", "deposed object KEY"),
        (r"\b20\d\d-\d\d-\d\d at \d\d:\d\d UTC", "TIME"),
        (r"\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "TIME"),
        (r"\b[0-9a-f]{16,64}\b", "HEX"),
        (r"after \d+(m\d+)?s", "after TIME"),
        (r"\bid=\d+\]", "id=N]"),
        (r"\b(\d{1,3}\.){3}\d{1,3}\b", "IPV4"),
        (r"\b[0-9a-f]{1,4}(:[0-9a-f]{0,4}){3,7}(/\d+)?", "IPV6"),
        (r"[ \t]+\n", "\n"),
    ]
    .into_iter()
    .map(|(rule, with)| (Regex::new(rule).expect("a rule"), with))
    .collect()
});

/// Ids, times, ports and addresses by their names.
pub fn normal(text: &str) -> String {
    RULES.iter().fold(text.to_owned(), |text, (rule, with)| rule.replace_all(&text, *with).into_owned())
}
