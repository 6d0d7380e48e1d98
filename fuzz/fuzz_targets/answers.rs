//! Answers of the clouds, to all that is asked of them. The first byte picks the question; then the answers in their order,
//! each after a line `>>> STATUS`.
#![no_main]
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Some((pick, answers)) = bytes.split_first() {
        ampere_provider::fuzzing::ask(*pick, answers);
    }
});
