//! The world outside: customers, Stripe's clock, people at dashboards, outages.
use std::collections::{BTreeMap, HashMap};

use ampere_core::identity::{ExternalId, Marker};
use jiff::{SignedDuration, Timestamp};

use crate::chance::Chance;
use crate::judge::Judge;
use crate::life::{Contract, Fate, Life, PERIOD};
use crate::thing::{CLOUDS, Thing, cloud};

/// What happens to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weather {
    Fine,
    /// No effect.
    Down,
    /// No effect.
    Busy,
    /// No effect, and no use to try again at once.
    Stubborn,
    /// An effect and no answer; a listing without its last pages.
    Lossy,
}

/// What happens at a time of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happening {
    SignUp(usize),
    Pays(usize),
    PeriodEnds(usize),
    Lapses(usize),
    Recovers(usize),
    /// At once, by the customer or by Stripe.
    Cancel(usize),
    CancelLater(usize),
    RefundAll(usize),
    RefundPart(usize),
    Erase(usize),
    DeleteCustomer(usize),
    /// Somebody deletes objects of a kind in a dashboard.
    ByHand(usize, &'static str),
    Unconfigure(usize),
    Return(usize),
    /// Many leave within minutes.
    Wave,
}

/// A time in which a cloud answers nothing.
pub struct Outage {
    pub cloud: &'static str,
    pub from: Timestamp,
    pub to: Timestamp,
}

/// Everything outside the process.
pub struct World {
    pub judge: Judge,
    pub lives: Vec<Life>,
    pub things: BTreeMap<ExternalId, Thing>,
    /// Firewalls and Stripe customers by their markers.
    pub halves: HashMap<Marker, ExternalId>,
    /// What they belong to.
    pub mains: HashMap<Marker, ExternalId>,
    pub outages: Vec<Outage>,
    /// Who asked for erasure and was not heard yet.
    pub erasures: Vec<usize>,
    /// Rises with whatever happens.
    pub happened: u64,
    pub faults: Chance,
    pub horizon: Timestamp,
    pub now: Timestamp,
    /// Calls and listings that went wrong without an outage.
    pub rough: u64,
    /// Objects and events so far.
    pub made: u64,
    chance: Chance,
    agenda: BTreeMap<(Timestamp, u64), Happening>,
}

const fn days(days: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * days)
}

impl World {
    /// A world in which so many people sign up within a span of time.
    pub fn new(seed: u64, lives: usize, begin: Timestamp, span: SignedDuration) -> World {
        let mut chance = Chance::new(seed, "world");
        let horizon = begin + span + PERIOD * 2;
        let mut world = World {
            judge: Judge::default(),
            lives: Vec::new(),
            things: BTreeMap::new(),
            halves: HashMap::new(),
            mains: HashMap::new(),
            outages: outages(&mut chance, begin, horizon),
            erasures: Vec::new(),
            happened: 0,
            faults: Chance::new(seed, "faults"),
            horizon,
            now: begin,
            rough: 0,
            made: 0,
            chance,
            agenda: BTreeMap::new(),
        };
        for index in 0..lives {
            let life = world.born(format!("ada-{index}@example.com"));
            world.later(SignedDuration::ZERO, span, Happening::SignUp(life));
        }
        world.later(span / 4, span, Happening::Wave);
        world
    }

    fn born(&mut self, email: String) -> usize {
        let life = self.judge.born();
        let mut chance = Chance::new(self.chance.below(u64::MAX), "life");
        self.lives.push(Life::new(format!("c{life}"), email, &mut chance));
        life
    }

    fn later(&mut self, least: SignedDuration, most: SignedDuration, what: Happening) {
        let at = self.now + self.chance.between(least, most);
        self.made += 1;
        if at <= self.horizon {
            self.agenda.insert((at, self.made), what);
        }
    }

    /// Lets everything happen that was to happen until now.
    pub fn settle(&mut self, now: Timestamp) {
        while self.agenda.first_key_value().is_some_and(|((at, _), _)| *at <= now) {
            let Some(((at, _), what)) = self.agenda.pop_first() else { break };
            self.now = at;
            self.happened += 1;
            self.happen(what);
        }
        self.now = now;
    }

    /// When something happens next: in the agenda, or with an outage.
    pub fn next(&self) -> Option<Timestamp> {
        let outages = self.outages.iter().flat_map(|outage| [outage.from, outage.to]);
        let agenda = self.agenda.keys().next().map(|(at, _)| *at);
        outages.filter(|at| *at > self.now && *at <= self.horizon).chain(agenda).min()
    }

    fn happen(&mut self, what: Happening) {
        match what {
            Happening::SignUp(life) => self.lives[life].configured = true,
            Happening::Pays(life) => self.pays(life),
            Happening::Recovers(life) => self.change(life, true, Contract::pay),
            Happening::PeriodEnds(life) => self.period_ends(life),
            Happening::Lapses(life) => self.change(life, true, |contract, now| contract.end("incomplete_expired", now)),
            Happening::Cancel(life) => self.change(life, true, |contract, now| contract.end("canceled", now)),
            Happening::CancelLater(life) => {
                let all = self.chance.percent(70.0);
                self.change(life, all, |contract, now| {
                    contract.at_period_end = true;
                    contract.canceled_at.get_or_insert(now);
                });
            }
            // A part of the money back is no end of a contract.
            Happening::RefundPart(_) => {}
            Happening::RefundAll(life) => {
                let cancels = self.chance.percent(50.0);
                self.change(life, true, |contract, now| {
                    if contract.refund(now) && cancels {
                        contract.end("canceled", now);
                    }
                });
            }
            Happening::Erase(life) => self.erasures.push(life),
            Happening::DeleteCustomer(life) => self.delete_customer(life),
            Happening::ByHand(life, kind) => {
                self.judge.note(life, self.now, format!("{kind} deleted by hand"));
                let whole = self.chance.percent(40.0);
                for id in self.of(life, kind) {
                    match self.things.get_mut(&id) {
                        // Of most accounts the document stays.
                        Some(account) if kind == "ampere_account" && !whole => account.userless = true,
                        _ => self.take(&id),
                    }
                }
            }
            Happening::Unconfigure(life) => self.lives[life].configured = false,
            Happening::Return(life) => {
                let again = self.born(self.lives[life].email.clone());
                self.later(SignedDuration::ZERO, days(2), Happening::SignUp(again));
            }
            Happening::Wave => {
                let active = |life: &usize| self.judge.stays(*life);
                let leaving: Vec<usize> = (0..self.lives.len()).filter(active).take(12).collect();
                for life in leaving {
                    self.later(SignedDuration::ZERO, SignedDuration::from_mins(30), Happening::Cancel(life));
                }
            }
        }
    }

    /// Ids of a life's main objects of a kind.
    fn of(&self, life: usize, kind: &str) -> Vec<ExternalId> {
        let own = self.things.iter().filter(|(_, thing)| thing.life == Some(life) && thing.kind == kind && !thing.half);
        own.map(|(id, _)| id.clone()).collect()
    }

    /// Changes a life's contracts that are not over (all, or the first).
    fn change(&mut self, life: usize, all: bool, change: impl Fn(&mut Contract, Timestamp)) {
        let most = if all { usize::MAX } else { 1 };
        for id in self.of(life, "ampere_subscription").into_iter().take(most) {
            self.change_one(&id, &change);
        }
    }

    /// Changes a contract that is not over, and tells the judge.
    fn change_one(&mut self, id: &ExternalId, change: impl Fn(&mut Contract, Timestamp)) {
        let now = self.now;
        let Some(thing) = self.things.get_mut(id) else { return };
        let (Some(contract), Some(life)) = (&mut thing.contract, thing.life) else { return };
        if contract.is_over() {
            return;
        }
        change(contract, now);
        let (ended, over) = (contract.no_right_since(), contract.is_over());
        let left_before = self.judge.leaves(life);
        if let Some(at) = ended {
            self.judge.ended(life, &id.0, at);
        }
        if over {
            self.judge.removed(life, now);
        }
        if self.judge.leaves(life) && !left_before {
            self.afterwards(life);
        }
    }

    /// What people do when one has left: tidy the configuration, and some come back under a new address.
    pub fn afterwards(&mut self, life: usize) {
        self.later(SignedDuration::ZERO, days(3), Happening::Unconfigure(life));
        if self.chance.percent(15.0) {
            self.later(SignedDuration::ZERO, days(3), Happening::Return(life));
        }
    }

    /// A contract was signed.
    pub fn signed(&mut self, life: usize) {
        if std::mem::replace(&mut self.lives[life].begun, true) {
            return;
        }
        let (hour, minute) = (SignedDuration::from_hours, SignedDuration::from_mins);
        match (self.lives[life].trial, self.lives[life].fate) {
            (Some(trial), Fate::NeverPays) => self.later(days(trial), days(trial), Happening::Cancel(life)),
            (Some(trial), _) => self.later(days(trial), days(trial), Happening::Pays(life)),
            (None, Fate::NeverPays) => self.later(hour(23), hour(23), Happening::Lapses(life)),
            (None, _) => self.later(minute(1), hour(20), Happening::Pays(life)),
        }
    }

    /// The first payment is made, and the life goes its way.
    fn pays(&mut self, life: usize) {
        self.change(life, true, |contract, now| {
            contract.begin_period(now);
            contract.pay(now);
        });
        self.later(PERIOD, PERIOD, Happening::PeriodEnds(life));
        let way = match self.lives[life].fate {
            Fate::CancelsNow => Some(Happening::Cancel(life)),
            Fate::CancelsLater => Some(Happening::CancelLater(life)),
            Fate::Refunded => Some(Happening::RefundAll(life)),
            Fate::RefundedInPart => Some(Happening::RefundPart(life)),
            Fate::Erased => Some(Happening::Erase(life)),
            Fate::DeletedAtStripe => Some(Happening::DeleteCustomer(life)),
            Fate::NeverPays | Fate::StopsPaying | Fate::Stays => None,
        };
        way.into_iter().for_each(|what| self.later(SignedDuration::ZERO, PERIOD, what));
        if self.chance.percent(15.0) {
            let kind = self.chance.pick(&[(2, "ampere_instance"), (1, "ampere_account"), (1, "ampere_secret")]);
            self.later(SignedDuration::ZERO, days(30), Happening::ByHand(life, kind));
        }
    }

    fn period_ends(&mut self, life: usize) {
        let stops = self.lives[life].fate == Fate::StopsPaying;
        let late = stops || self.chance.percent(10.0);
        self.change(life, true, |contract, now| {
            if contract.at_period_end {
                return contract.end("canceled", now);
            }
            contract.begin_period(now);
            match late {
                true => contract.status = "past_due",
                false => contract.pay(now),
            }
        });
        match (stops, late) {
            (true, _) => self.later(days(3), days(14), Happening::Cancel(life)),
            (false, true) => self.later(SignedDuration::ZERO, days(9), Happening::Recovers(life)),
            (false, false) => {}
        }
        self.later(PERIOD, PERIOD, Happening::PeriodEnds(life));
    }

    /// Deleting a customer in Stripe's dashboard ends its contracts.
    fn delete_customer(&mut self, life: usize) {
        for id in self.of(life, "ampere_subscription") {
            self.change_one(&id, |contract, now| contract.end("canceled", now));
            let half = self.things.get(&id).and_then(|thing| self.halves.get(&thing.marker)).cloned();
            half.iter().for_each(|half| self.take(half));
        }
    }

    /// Takes an object away.
    fn take(&mut self, id: &ExternalId) {
        if let Some(thing) = self.things.remove(id) {
            self.forget(&thing);
            thing.life.into_iter().for_each(|life| self.judge.removed(life, self.now));
        }
    }

    /// The weather at a kind's cloud, for a call.
    pub fn weather(&mut self, kind: &str) -> Weather {
        if self.is_down(cloud(kind)) {
            return Weather::Down;
        }
        let weather = [
            (940, Weather::Fine),
            (25, Weather::Lossy),
            (15, Weather::Busy),
            (15, Weather::Down),
            (5, Weather::Stubborn),
        ];
        let weather = self.faults.pick(&weather);
        self.rough += u64::from(weather != Weather::Fine);
        weather
    }

    /// The weather at a kind's cloud, for a listing.
    pub fn weather_of_list(&mut self, kind: &str) -> Weather {
        if self.is_down(cloud(kind)) {
            return Weather::Down;
        }
        let weather = self.faults.pick(&[(980, Weather::Fine), (10, Weather::Down), (10, Weather::Lossy)]);
        self.rough += u64::from(weather != Weather::Fine);
        weather
    }

    /// Whether any cloud has an outage now.
    pub fn is_any_down(&self) -> bool {
        CLOUDS.iter().any(|cloud| self.is_down(cloud))
    }

    /// Whether a cloud has an outage now.
    fn is_down(&self, cloud: &str) -> bool {
        self.outages.iter().any(|outage| outage.cloud == cloud && outage.from <= self.now && self.now < outage.to)
    }
}

/// Outages of up to 20 hours. Clouds fail together or one after the other, never for more than 20 hours of a day in all: nobody
/// could keep a promise of 24 hours beyond that.
fn outages(chance: &mut Chance, begin: Timestamp, end: Timestamp) -> Vec<Outage> {
    let hour = SignedDuration::from_hours;
    let mut outages = Vec::new();
    let mut from = begin + chance.between(hour(12), hour(400));
    while from < end {
        let length = chance.between(hour(1), hour(20));
        for cloud in CLOUDS {
            if chance.percent(60.0) {
                let late = chance.between(SignedDuration::ZERO, length / 2);
                let early = chance.between(SignedDuration::ZERO, (length - late) / 2);
                outages.push(Outage { cloud, from: from + late, to: from + length - early });
            }
        }
        from = from + length + chance.between(hour(28), hour(600));
    }
    outages
}
