//! Everything that talks to a cloud, held against what others wrote.
//!
//! `tests/run` runs it; by hand: `tests/tools && cargo test -p ampere-tests-clouds --test conformance [-- FILTER]`.
mod conformance;

use std::io::Write;
use std::process::ExitCode;

use ampere_tests_clouds::{Matrix, Stage};

fn main() -> ExitCode {
    let filter = std::env::args().skip(1).find(|argument| !argument.starts_with('-')).unwrap_or_default();
    // The provider's TLS leaves the choice of its cryptography to whoever makes a client.
    rustls::crypto::aws_lc_rs::default_provider().install_default().expect("the first choice");
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().expect("a runtime");
    let (text, failed) = runtime.block_on(run(&filter));
    std::io::stdout().write_all(text.as_bytes()).expect("standard output");
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

async fn run(filter: &str) -> (String, bool) {
    let stage = Stage::start().await;
    let matrix = Matrix::run(&stage, &conformance::cases(), filter).await;
    let mut text = Vec::new();
    matrix.print(&mut text).expect("in memory");
    let mut text = String::from_utf8(text).expect("text");
    let mut failed = matrix.counts().1 > 0;
    for (backend, why) in &stage.absent {
        let required = std::env::var_os("CI").is_some();
        text.push_str(&format!("\n{}: {}: {why}\n", if required { "error" } else { "left out" }, backend.name()));
        failed |= required;
    }
    let (passed, failures) = matrix.counts();
    text.push_str(&format!("\nconformance: {passed} passed, {failures} failed\n"));
    (text, failed || passed == 0)
}
