//! What a run comes to.
use std::fmt;

use jiff::SignedDuration;

/// Counts and times of one stack, or of many.
#[derive(Default)]
pub struct Tally {
    pub lives: usize,
    pub left: usize,
    pub stayed: usize,
    pub passes: usize,
    /// Passes made though nothing had happened.
    pub idle: usize,
    pub kills: usize,
    pub outages: usize,
    pub objects: u64,
    /// Passes in which the guard held something.
    pub held: usize,
    pub alarms: usize,
    pub confirmed: usize,
    /// From t₀ to nothing left.
    pub times: Vec<SignedDuration>,
    pub wrong: Vec<String>,
    pub missed: Vec<String>,
}

impl Tally {
    /// Adds another.
    pub fn add(&mut self, other: Tally) {
        self.lives += other.lives;
        self.left += other.left;
        self.stayed += other.stayed;
        self.passes += other.passes;
        self.idle += other.idle;
        self.kills += other.kills;
        self.outages += other.outages;
        self.objects += other.objects;
        self.held += other.held;
        self.alarms += other.alarms;
        self.confirmed += other.confirmed;
        self.times.extend(other.times);
        self.wrong.extend(other.wrong);
        self.missed.extend(other.missed);
        self.times.sort();
    }

    /// The time that so many of a thousand did not exceed.
    pub fn quantile(&self, thousandths: usize) -> SignedDuration {
        let last = self.times.len().saturating_sub(1);
        self.times.get(last * thousandths / 1000).copied().unwrap_or_default()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Tally { lives, left, stayed, passes, idle, kills, outages, objects, held, alarms, confirmed, .. } = self;
        writeln!(f, "lives {lives}: {left} left, {stayed} stayed; {objects} objects and events")?;
        writeln!(f, "passes {passes} ({idle} though nothing had happened), killed {kills}, outages {outages}")?;
        writeln!(f, "held by the guard in {held} passes, alarms {alarms}, confirmed {confirmed}")?;
        let minutes = |thousandths| self.quantile(thousandths).as_secs() / 60;
        let (median, most, all) = (minutes(500), minutes(990), minutes(1000));
        writeln!(f, "from t₀ to nothing left: median {median} min, p99 {most} min, longest {all} min")?;
        write!(f, "deadlines missed {}, wrong deletions {}", self.missed.len(), self.wrong.len())
    }
}
