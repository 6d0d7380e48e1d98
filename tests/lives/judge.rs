//! The judge: keeps the truth about who must be gone when and who must not be touched, by its own rules and not the engine's.
use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

/// Promise R2.
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// What the judge knows of a life.
#[derive(Default)]
struct File {
    /// Its contracts, by id: when each ended for good.
    contracts: BTreeMap<String, Option<Timestamp>>,
    /// When the owner asked for erasure.
    erased: Option<Timestamp>,
    /// Objects of it that are there.
    objects: usize,
    /// When the last one went, after it was due.
    gone: Option<Timestamp>,
    /// Whether its lateness was noted.
    late: bool,
    /// What happened to it, in order.
    story: Vec<String>,
}

impl File {
    /// t₀: from when on 24 hours count. The last contract's end, or the wish of the owner if that came first.
    fn due(&self) -> Option<Timestamp> {
        let ended = self.contracts.values().copied().collect::<Option<Vec<_>>>().unwrap_or_default().into_iter().max();
        [ended, self.erased].into_iter().flatten().min()
    }

    /// Notes when nothing is left of one who must go.
    fn settle(&mut self, at: Timestamp) {
        if self.objects == 0 && self.due().is_some_and(|due| due <= at) {
            self.gone.get_or_insert(at);
        }
    }
}

/// The judge of one stack.
#[derive(Default)]
pub struct Judge {
    files: Vec<File>,
    /// What was done that must not be done.
    pub wrong: Vec<(usize, String)>,
    /// Objects of others that were touched.
    pub trespassed: Vec<String>,
    /// Deadlines that passed with something left.
    pub missed: Vec<(usize, String)>,
}

impl Judge {
    /// A life begins.
    pub fn born(&mut self) -> usize {
        self.files.push(File::default());
        self.files.len() - 1
    }

    /// Notes what happened to a life, for whoever looks for a fault.
    pub fn note(&mut self, life: usize, at: Timestamp, what: String) {
        self.files[life].story.push(format!("{at} {what}"));
    }

    /// What happened to a life.
    pub fn story(&self, life: usize) -> String {
        self.files[life].story.join("\n  ")
    }

    /// A contract begins.
    pub fn signed(&mut self, life: usize, contract: &str) {
        self.files[life].contracts.insert(contract.to_owned(), None);
    }

    /// A contract ends, for whatever reason; the first end counts.
    pub fn ended(&mut self, life: usize, contract: &str, at: Timestamp) {
        self.note(life, at, format!("{contract} ends"));
        if let Some(end) = self.files[life].contracts.get_mut(contract) {
            end.get_or_insert(at);
        }
        self.files[life].settle(at);
    }

    /// The owner asks for erasure.
    pub fn erased(&mut self, life: usize, at: Timestamp) {
        self.note(life, at, "erasure asked for".into());
        self.files[life].erased.get_or_insert(at);
        self.files[life].settle(at);
    }

    /// An object of a life is made.
    pub fn made(&mut self, life: usize, what: &str, at: Timestamp) {
        self.note(life, at, format!("{what} made"));
        let file = &mut self.files[life];
        file.objects += 1;
        if file.gone.is_some() {
            self.wrong.push((life, format!("{at}: {what} came back")));
        }
    }

    /// An object of a life is deleted by the engine.
    pub fn deleted(&mut self, life: usize, what: &str, contract: Option<&str>, at: Timestamp) {
        self.note(life, at, format!("{what} deleted"));
        let file = &self.files[life];
        let over = |contract: &str| file.contracts.get(contract).is_some_and(|end| end.is_some_and(|end| end <= at));
        // A server goes with the contract that pays for it, even if its owner has another.
        if file.due().is_none_or(|due| due > at) && !contract.is_some_and(over) {
            self.wrong.push((life, format!("{at}: {what} deleted while the contract was in force")));
        }
        self.removed(life, at);
    }

    /// An object of a life is gone, whoever did it.
    pub fn removed(&mut self, life: usize, at: Timestamp) {
        let file = &mut self.files[life];
        file.objects -= 1;
        file.settle(at);
    }

    /// Somebody touched what is not ours.
    pub fn trespass(&mut self, what: &str, at: Timestamp) {
        self.trespassed.push(format!("{at}: {what} is not ours and was touched"));
    }

    /// Looks for deadlines that have passed by now.
    pub fn look(&mut self, now: Timestamp) {
        for (life, file) in self.files.iter_mut().enumerate() {
            let Some(due) = file.due() else { continue };
            let late = file.objects > 0 || file.gone.is_some_and(|gone| gone > due + DAY);
            if due + DAY < now && late && !file.late {
                file.late = true;
                self.missed.push((life, format!("due since {due}, {} objects left at {now}", file.objects)));
            }
        }
    }

    /// Whether somebody who must go is still there.
    pub fn is_waiting(&self, now: Timestamp) -> bool {
        self.files.iter().any(|file| file.objects > 0 && file.due().is_some_and(|due| due <= now))
    }

    /// Whether a life must be there, whole.
    pub fn stays(&self, life: usize) -> bool {
        self.files[life].due().is_none() && !self.files[life].contracts.is_empty()
    }

    /// Whether one of its contracts has ended, while it stays for another.
    pub fn stays_in_part(&self, life: usize) -> bool {
        self.stays(life) && self.files[life].contracts.values().any(Option::is_some)
    }

    /// Whether it must go, or has gone.
    pub fn leaves(&self, life: usize) -> bool {
        self.files[life].due().is_some()
    }

    /// From t₀ to nothing left, of all who went.
    pub fn times(&self) -> Vec<SignedDuration> {
        self.files.iter().filter_map(|file| Some(file.gone?.duration_since(file.due()?))).collect()
    }
}
