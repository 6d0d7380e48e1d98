//! Everything that talks to a cloud, held against what others wrote.
//!
//! `tests/run` runs it; by hand: `tests/tools && cargo test -p ampere-tests-clouds --test conformance [-- FILTER]`.
mod clients;
mod conformance;
mod documents;
mod live;

use std::io::Write;
use std::process::ExitCode;

use ampere_tests_clouds::{Backend, Matrix, Recording, Stage};

fn main() -> ExitCode {
    let filter = std::env::args().skip(1).find(|argument| !argument.starts_with('-')).unwrap_or_default();
    // The provider's TLS leaves the choice of its cryptography to whoever makes a client.
    rustls::crypto::aws_lc_rs::default_provider().install_default().expect("the first choice");
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().expect("a runtime");
    let (text, failed) = match filter.as_str() {
        "live" => runtime.block_on(live::run()),
        "live-clean" => runtime.block_on(live::clean()),
        filter => runtime.block_on(run(filter)),
    };
    std::io::stdout().write_all(text.as_bytes()).expect("standard output");
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

async fn run(filter: &str) -> (String, bool) {
    let recording = Recording::default();
    let stage = Stage::start(&recording).await;
    let matrix = Matrix::run(&stage, &Backend::ALL, &conformance::cases(), filter).await;
    let mut text = Vec::new();
    matrix.print(&mut text).expect("in memory");
    let mut text = String::from_utf8(text).expect("text");
    let (mut passed, mut failed) = matrix.counts();
    for (backend, why) in &stage.absent {
        let required = std::env::var_os("CI").is_some();
        text.push_str(&format!("\n{}: {}: {why}\n", if required { "error" } else { "left out" }, backend.name()));
        failed += usize::from(required);
    }
    for wrong in stage.end() {
        text.push_str(&format!("FAILED: {wrong}\n"));
        failed += 1;
    }
    if filter.is_empty() {
        text.push_str("\nClients of others see what the sandbox holds:\n");
        for (client, outcome) in clients::run(&recording).await {
            match &outcome {
                Ok(objects) => text.push_str(&format!("  {client}: ok, {objects} objects\n")),
                Err(why) => text.push_str(&format!("  {client}: FAILED\n  {}\n", why.trim_end())),
            }
            *if outcome.is_ok() { &mut passed } else { &mut failed } += 1;
        }
        text.push_str("\nWhat was sent and answered, against the published documents:\n");
        let (said, wrong) = documents::check(&recording);
        text.push_str(&said);
        *if wrong { &mut failed } else { &mut passed } += 1;
    }
    text.push_str(&format!("\nclouds: {passed} passed, {failed} failed\n"));
    (text, failed > 0 || passed == 0)
}
