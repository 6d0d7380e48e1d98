//! The suite against the real services: see docs/live.md.
mod clean;

use std::collections::BTreeMap;

use ampere_tests_clouds::{Access, Backend, Bases, Matrix, Stage};

use crate::conformance::cases;

/// What must be given: a variable, and what it is.
const NEEDED: [(&str, &str); 6] = [
    ("AMPERE_LIVE_HCLOUD_TOKEN", "a read-and-write token of a Hetzner Cloud project that holds nothing else"),
    ("AMPERE_LIVE_STRIPE_API_KEY", "a secret or restricted key of a Stripe sandbox (sk_test_… or rk_test_…)"),
    ("AMPERE_LIVE_STRIPE_PRICES", "two recurring prices there, of the same currency, separated by a comma"),
    ("AMPERE_LIVE_GOOGLE_PROJECT", "a Firebase project that holds nothing else"),
    ("AMPERE_LIVE_GOOGLE_ACCESS_TOKEN", "an access token for it, e.g. of gcloud auth print-access-token"),
    ("AMPERE_LIVE_COSTS", "the word `accepted`: servers are made and paid for, see docs/live.md"),
];

/// What may be given to try the suite elsewhere, and what holds otherwise.
const ENDPOINTS: [(&str, &str, &str); 4] = [
    ("hetzner", "AMPERE_LIVE_HCLOUD_ENDPOINT", "https://api.hetzner.cloud/v1"),
    ("stripe", "AMPERE_LIVE_STRIPE_API_BASE", "https://api.stripe.com"),
    ("identity_toolkit", "AMPERE_LIVE_IDENTITY_TOOLKIT_ENDPOINT", "https://identitytoolkit.googleapis.com"),
    ("firestore", "AMPERE_LIVE_FIRESTORE_ENDPOINT", "https://firestore.googleapis.com"),
];

/// Cleans, runs the live cases, cleans; what was said, and whether anything failed.
pub async fn run() -> (String, bool) {
    let bases = match bases() {
        Ok(bases) => bases,
        Err(why) => return (why, true),
    };
    let before = clean::sweep(&bases, &ids()).await;
    if before.1 {
        return before;
    }
    let matrix = Matrix::run(&Stage::live(bases.clone()), &[Backend::Live], &cases(), "").await;
    let mut table = Vec::new();
    matrix.print(&mut table).expect("in memory");
    let after = clean::sweep(&bases, &ids()).await;
    let (passed, failed) = matrix.counts();
    let mut text = before.0 + &String::from_utf8(table).expect("text") + &after.0;
    text.push_str(&format!("\nlive: {passed} passed, {failed} failed\n"));
    (text, failed > 0 || passed == 0 || after.1)
}

/// Deletes whatever an earlier run left.
pub async fn clean() -> (String, bool) {
    match bases() {
        Ok(bases) => clean::sweep(&bases, &ids()).await,
        Err(why) => (why, true),
    }
}

/// The ids of all cases that may ever have made something.
fn ids() -> Vec<String> {
    let live = cases().into_iter().filter(|case| case.on.contains(&Backend::Live));
    live.map(|case| case.id(Backend::Live)).collect()
}

fn given(name: &str) -> Option<String> {
    std::env::var(name).ok().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

fn bases() -> Result<Bases, String> {
    let missing: Vec<_> = NEEDED.iter().filter(|(name, _)| given(name).is_none()).collect();
    if !missing.is_empty() {
        let lines: String = missing.iter().map(|(name, what)| format!("  {name}: {what}\n")).collect();
        return Err(format!("The live suite makes objects that cost money, and does nothing without:\n{lines}"));
    }
    let value = |name: &str| given(name).unwrap_or_default();
    let stripe = value("AMPERE_LIVE_STRIPE_API_KEY");
    if !["sk_test_", "rk_test_"].iter().any(|prefix| stripe.starts_with(prefix)) {
        return Err(
            "AMPERE_LIVE_STRIPE_API_KEY is a key of a live account: the suite charges nobody, so it takes a test key\n"
                .into(),
        );
    }
    if value("AMPERE_LIVE_COSTS") != "accepted" {
        return Err("AMPERE_LIVE_COSTS is not `accepted`\n".into());
    }
    let prices = value("AMPERE_LIVE_STRIPE_PRICES");
    let Some((first, second)) = prices.split_once(',') else {
        return Err("AMPERE_LIVE_STRIPE_PRICES holds no two prices, separated by a comma\n".into());
    };
    let access = Access {
        hetzner: value("AMPERE_LIVE_HCLOUD_TOKEN"),
        stripe,
        google: value("AMPERE_LIVE_GOOGLE_ACCESS_TOKEN"),
        project: value("AMPERE_LIVE_GOOGLE_PROJECT"),
        prices: Some([first.trim().to_owned(), second.trim().to_owned()]),
    };
    let url = |(cloud, variable, usual): (&'static str, &str, &str)| {
        (cloud, given(variable).unwrap_or_else(|| usual.to_owned()).trim_end_matches('/').to_owned())
    };
    let urls: BTreeMap<_, _> = ENDPOINTS.into_iter().map(url).collect();
    Ok(Bases { urls, dialect: None, recording: None, access: Some(access) })
}
