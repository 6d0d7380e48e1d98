//! What happens in a life, as data: made from a seed, written a line an act, read again, made shorter.
use serde::{Deserialize, Serialize};

use crate::chance::Chance;

/// Customers that a configuration may have.
pub const SLOTS: usize = 3;

/// What the configuration says of a customer. Numbers stand for values: another number is another value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customer {
    pub email: u8,
    pub price: u8,
    pub secret: u8,
    pub region: u8,
    pub size: u8,
    /// Whether the server's replacement is made first.
    pub new_first: bool,
    /// Whether there is a server at all.
    pub server: bool,
}

/// What goes wrong with a call that changes something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fault {
    /// The cloud refuses it.
    Refused,
    /// The cloud does not answer; nothing happens.
    Down,
    /// It has its effect, and the answer is lost.
    AnswerLost,
    /// The answer is lost, and the effect comes so many calls later.
    Late(u8),
}

/// What goes wrong with the listings of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ListFault {
    /// This kind cannot be listed.
    Fails(u8),
    /// Of this kind only so many objects come, and a page is missing.
    Incomplete(u8, u8),
    /// All listings show how things were before the act before this one.
    Lags,
}

/// How a run goes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Course {
    /// The process is killed at this point (see `Fuse`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub killed_at: Option<u64>,
    /// What goes wrong with the n-th changing call.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<(u64, Fault)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listing: Option<ListFault>,
}

/// Something that happens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Act {
    /// The configuration is written anew.
    Configure([Option<Customer>; SLOTS]),
    /// An operator plans and applies.
    Apply { who: u8, course: Course },
    /// An operator plans, and keeps the plan.
    Plan { who: u8 },
    /// An operator applies the plan they kept.
    ApplyPlan { who: u8, course: Course },
    /// Two operators plan and apply at the same time.
    Both { first: Course, second: Course },
    /// An operator destroys everything.
    Destroy { who: u8, course: Course },
    /// Somebody changes an attribute of an object of ours by hand.
    Change { object: u8 },
    /// Somebody deletes an object of ours by hand.
    Delete { object: u8 },
    /// The state is lost.
    LoseState { recover: bool },
    /// What was on its way arrives.
    Arrive,
}

/// The script of a seed.
pub fn write(seed: u64) -> Vec<Act> {
    let mut chance = Chance::new(seed, "script");
    let mut customers = [None; SLOTS];
    reconfigure(&mut customers, &mut chance);
    let mut acts = vec![Act::Configure(customers)];
    for _ in 0..3 + chance.below(7) {
        let who = chance.below(2) as u8;
        let which = chance.pick(&[(6, 0), (8, 1), (1, 2), (2, 3), (2, 4), (1, 5), (2, 6), (2, 7), (1, 8), (1, 9)]);
        acts.push(match which {
            0 => {
                reconfigure(&mut customers, &mut chance);
                Act::Configure(customers)
            }
            1 => Act::Apply { who, course: course(&mut chance) },
            2 => Act::Plan { who },
            3 => Act::ApplyPlan { who, course: course(&mut chance) },
            4 => Act::Both { first: course(&mut chance), second: course(&mut chance) },
            5 => Act::Destroy { who, course: course(&mut chance) },
            6 => Act::Change { object: chance.below(12) as u8 },
            7 => Act::Delete { object: chance.below(12) as u8 },
            8 => Act::LoseState { recover: chance.percent(50.0) },
            _ => Act::Arrive,
        });
    }
    acts
}

fn reconfigure(customers: &mut [Option<Customer>; SLOTS], chance: &mut Chance) {
    for _ in 0..1 + chance.below(3) {
        let slot = chance.below(SLOTS as u64) as usize;
        let value = chance.below(4) as u8;
        match &mut customers[slot] {
            None => customers[slot] = Some(Customer { server: true, ..Customer::default() }),
            Some(customer) => match chance.below(9) {
                0 => customer.email = value,
                1 => customer.price = value,
                2 | 3 => customer.secret = value,
                4 | 5 => customer.region = value,
                6 => customer.size = value,
                7 => customer.new_first = !customer.new_first,
                _ if value == 0 => customers[slot] = None,
                _ => customer.server = !customer.server,
            },
        }
    }
}

fn course(chance: &mut Chance) -> Course {
    let mut course = Course::default();
    if chance.percent(35.0) {
        course.killed_at = Some(chance.below(50));
    }
    while chance.percent(30.0) {
        let late = Fault::Late(1 + chance.below(12) as u8);
        let fault = chance.pick(&[(1, Fault::Refused), (1, Fault::Down), (2, Fault::AnswerLost), (2, late)]);
        course.faults.push((chance.below(12), fault));
    }
    if chance.percent(25.0) {
        let kind = chance.below(4) as u8;
        let incomplete = ListFault::Incomplete(kind, chance.below(3) as u8);
        course.listing = Some(chance.pick(&[(1, ListFault::Fails(kind)), (1, incomplete), (2, ListFault::Lags)]));
    }
    course
}

/// Ways to make a script shorter or simpler by one thing.
pub fn shorter(acts: &[Act]) -> Vec<Vec<Act>> {
    let mut ways: Vec<Vec<Act>> = Vec::new();
    for index in (0..acts.len()).rev() {
        let mut without = acts.to_vec();
        without.remove(index);
        ways.push(without);
    }
    for (index, act) in acts.iter().enumerate() {
        for simpler in simpler(act) {
            let mut with = acts.to_vec();
            with[index] = simpler;
            ways.push(with);
        }
    }
    ways
}

fn simpler(act: &Act) -> Vec<Act> {
    match act {
        Act::Configure(customers) => (0..SLOTS)
            .filter(|slot| customers[*slot].is_some())
            .map(|slot| {
                let mut fewer = *customers;
                fewer[slot] = None;
                Act::Configure(fewer)
            })
            .collect(),
        Act::Apply { who, course } => {
            courses(course).into_iter().map(|course| Act::Apply { who: *who, course }).collect()
        }
        Act::ApplyPlan { who, course } => {
            courses(course).into_iter().map(|course| Act::ApplyPlan { who: *who, course }).collect()
        }
        Act::Destroy { who, course } => {
            courses(course).into_iter().map(|course| Act::Destroy { who: *who, course }).collect()
        }
        Act::Both { first, second } => {
            [first, second].map(|course| Act::Apply { who: 0, course: course.clone() }).into()
        }
        Act::Plan { .. } | Act::Change { .. } | Act::Delete { .. } | Act::LoseState { .. } | Act::Arrive => Vec::new(),
    }
}

fn courses(course: &Course) -> Vec<Course> {
    let mut simpler = Vec::new();
    if course.killed_at.is_some() {
        simpler.push(Course { killed_at: None, ..course.clone() });
    }
    if course.listing.is_some() {
        simpler.push(Course { listing: None, ..course.clone() });
    }
    for index in 0..course.faults.len() {
        let mut fewer = course.clone();
        fewer.faults.remove(index);
        simpler.push(fewer);
    }
    simpler
}
