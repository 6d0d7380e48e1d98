//! Logs to standard error, when `AMPERE_LOG` or `TF_LOG` asks for them.
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Turns logging on. Only our own crates speak: libraries below them log headers, bodies and statements, and those may hold
/// secrets.
pub fn start() {
    let Some(wanted) =
        ["AMPERE_LOG", "TF_LOG"].iter().find_map(|name| std::env::var(name).ok().filter(|v| !v.is_empty()))
    else {
        return;
    };
    let json = wanted.eq_ignore_ascii_case("json");
    let level = level(&wanted);
    let ours = ["ampere", "ampere_core", "ampere_lang", "ampere_provider", "ampere_sandbox"];
    let targets = Targets::new().with_targets(ours.map(|target| (target, level))).with_default(LevelFilter::OFF);
    let registry = tracing_subscriber::registry().with(targets);
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(false);
    if json {
        registry.with(layer.json()).init();
    } else {
        registry.with(layer).init();
    }
}

/// Terraform's level names; what is not one of them means `trace`, as there.
fn level(name: &str) -> LevelFilter {
    match name.to_ascii_lowercase().as_str() {
        "off" => LevelFilter::OFF,
        "error" => LevelFilter::ERROR,
        "warn" => LevelFilter::WARN,
        "info" => LevelFilter::INFO,
        "debug" => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    }
}
