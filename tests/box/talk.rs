//! A model and a messenger talk to the box, and what of it reaches us.
use std::time::{Duration, Instant};

use ampere_tests_box::customer::Customer;
use ampere_tests_box::machine::Machine;
use ampere_tests_box::outside::Outside;
use ampere_tests_box::traffic::{Traffic, counted};

/// How long silence is listened to, and talk at least: two rounds of an agent that is not in a hurry.
const WINDOW: Duration = Duration::from_secs(64);
/// How many messages there are in the talk, and how long each is (Telegram takes 4096 characters).
const MESSAGES: u64 = 20;
const LENGTH: usize = 4000;
/// What two windows may differ by without a message: a round of the agent's more, and a report.
const SLACK: u64 = 24 * 1024;

/// N1, N2, F3: bytes to and from us do not grow with messages.
pub fn bytes_to_us_do_not_grow(machine: &mut Machine, outside: &Outside) {
    machine.wait("the bot listens to its messenger", Duration::from_secs(120), |_| {
        outside.write(1, "hello");
        outside.sent().iter().any(|sent| sent["method"] == "sendMessage")
    });
    let (silence, silent) = during(|| std::thread::sleep(WINDOW));
    let before = outside.turns().len();
    let (talk, talked) = during(|| {
        let begun = Instant::now();
        for number in 1..=MESSAGES {
            outside.write(1 + number, &format!("{number} {}", "word ".repeat(LENGTH / 5)));
            let asked = before + usize::try_from(number).expect("a small number");
            machine.wait("the model is asked", Duration::from_secs(60), |_| outside.turns().len() >= asked);
        }
        std::thread::sleep(WINDOW.saturating_sub(begun.elapsed()));
    });
    println!("silence of {silent:.0?}: {silence:?}\ntalk of {talked:.0?}, {MESSAGES} messages: {talk:?}");
    let said = MESSAGES * LENGTH as u64;
    assert!(talk.model > silence.model + said && talk.messenger > silence.messenger + said, "they talked");
    let usual = (silence.ours as f64 * talked.as_secs_f64() / silent.as_secs_f64()) as u64;
    const { assert!(SLACK < MESSAGES * LENGTH as u64 / 2, "or messages could hide in it") };
    assert!(talk.ours <= usual + SLACK, "bytes to us grew with messages");
    assert_eq!((talk.packages, talk.other), (0, 0), "nobody else is spoken to");
}

fn during(what: impl FnOnce()) -> (Traffic, Duration) {
    let (before, begun) = (counted(), Instant::now());
    what();
    (counted() - before, begun.elapsed())
}

/// F2: a key that was changed is the one that the model sees, at most two minutes after the apply.
pub fn a_new_key_is_used(machine: &mut Machine, customer: &Customer<'_>, outside: &Outside, key: &str) {
    let seen = |outside: &Outside| outside.turns().last().map(|turn| turn["key"].clone());
    assert_ne!(seen(outside).expect("a turn"), key);
    customer.change_key(key);
    customer.apply().end(Duration::from_secs(300));
    let begun = Instant::now();
    let mut number = 1000;
    machine.wait("the model sees the new key", Duration::from_secs(120), |_| {
        number += 1;
        outside.write(number, "again");
        std::thread::sleep(Duration::from_secs(3));
        seen(outside).is_some_and(|seen| seen == key)
    });
    println!("the new key is used {:?} after the apply", begun.elapsed());
}
