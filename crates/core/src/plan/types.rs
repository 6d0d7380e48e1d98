//! The parts of a plan.
use std::collections::BTreeMap;
use std::sync::Arc;

use ampere_lang::diagnostic::Diagnostics;
use ampere_lang::value::{Path, Value};
use jiff::Timestamp;

use crate::address::{Address, ResourceName};
use crate::identity::{ExternalId, Marker};
use crate::inventory::Depth;
use crate::retention::Departure;

/// What a plan is to bring about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// The configuration.
    #[default]
    Normal,
    /// Nothing: everything of the stack is deleted.
    Destroy,
    /// The state takes over what really is; no object changes.
    RefreshOnly,
    /// The promises: households that must go are deleted, whatever the configuration says or whether there is a sound one.
    Retention,
    /// The state takes over every object that bears the marker of a configured address: for a state that was lost. No object
    /// changes.
    Recover,
}

/// A plan. The same input makes the same plan, byte for byte (see [`Plan::id`]).
#[derive(Clone, Debug)]
pub struct Plan {
    /// Hex of the BLAKE3 hash over everything below but when it was made and how the clouds were looked at.
    pub id: String,
    /// What it is to bring about.
    pub mode: Mode,
    /// The serial of the state it is based on; apply refuses another one.
    pub base: u64,
    /// When it was made, as the caller said.
    pub made_at: Timestamp,
    /// How the clouds were looked at for it.
    pub looked: Looked,
    /// Changes of resource instances, no-ops included, by address.
    pub changes: Vec<Change>,
    /// Differences between what we remember and what is, found while listing.
    pub drift: Vec<Drift>,
    /// What waits for something outside (a payment).
    pub deferred: Vec<Deferred>,
    /// Changes of root outputs.
    pub outputs: BTreeMap<Arc<str>, OutputChange>,
    /// The work, in an order that fits; each step names the steps it waits for.
    pub steps: Vec<Step>,
    /// Households whose departure begins with this plan. Apply writes their tombstones before anything else.
    pub departures: Vec<Departure>,
    /// Results of preconditions, postconditions and checks, by display address.
    pub checks: BTreeMap<String, CheckStatus>,
    /// Addresses of `-target`, if any: then the plan may be incomplete.
    pub targets: Vec<Target>,
    /// Findings. A plan with errors is shown and never applied.
    pub diagnostics: Diagnostics,
}

/// How the clouds were looked at for a plan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Looked {
    /// How deep; none if they were not looked at (`-refresh=false`).
    pub depth: Option<Depth>,
    /// When everything was last listed with all its parts, the listing of this plan included; none if it never was.
    pub parts_at: Option<Timestamp>,
}

/// What happens to a resource instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// Nothing.
    NoOp,
    /// It is made.
    Create,
    /// It is read (data sources, later).
    Read,
    /// It is changed in place.
    Update,
    /// It is replaced, the old one deleted first.
    DeleteThenCreate,
    /// It is replaced, the new one made first.
    CreateThenDelete,
    /// It is deleted.
    Delete,
    /// It is left alone and no longer remembered.
    Forget,
}

/// Why. The names in `Display` are those of Terraform's JSON plan where it has the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Some attributes cannot change in place (`replace_because_cannot_update`).
    CannotUpdate,
    /// It is tainted (`replace_because_tainted`).
    Tainted,
    /// `-replace` (`replace_by_request`).
    Requested,
    /// `replace_triggered_by` (`replace_by_triggers`).
    Triggered,
    /// No resource block any more (`delete_because_no_resource_config`).
    NoResourceConfig,
    /// The key is not among those of `for_each` (`delete_because_each_key`).
    EachKey,
    /// The index is not below `count` (`delete_because_count_index`).
    CountIndex,
    /// Keyed where it should not be, or the other way round (`delete_because_wrong_repetition`).
    WrongRepetition,
    /// `moved` to an address that has no configuration (`delete_because_no_move_target`).
    NoMoveTarget,
    /// It bears our marker, and neither configuration nor state knows it (`ampere: orphan`).
    Orphan,
    /// What it depends on has ended (R2).
    Ended {
        /// As a sentence.
        why: String,
    },
    /// It was deleted behind our back and is made again.
    Missing,
    /// Parts of it are missing (a firewall, a document) and are made again.
    PartsMissing(Vec<Arc<str>>),
}

/// The change of one resource instance.
#[derive(Clone, Debug)]
pub struct Change {
    /// Which one.
    pub address: Address,
    /// Its deposed key, for the left-over half of a replacement.
    pub deposed: Option<Arc<str>>,
    /// Where it was before a `moved` block.
    pub previous_address: Option<Address>,
    /// What happens.
    pub action: Action,
    /// Why.
    pub reason: Option<Reason>,
    /// Its id at the cloud before, if it has one.
    pub id: Option<ExternalId>,
    /// The object before (refreshed); none if there is none.
    pub before: Option<Value>,
    /// The object after, perhaps with unknowns; none if there is none.
    pub after: Option<Value>,
    /// Attributes that force a replacement.
    pub replace_paths: Vec<Path>,
    /// Whether it is imported by an `import` block.
    pub importing: Option<ExternalId>,
    /// When it must be done at the latest (R2).
    pub deadline: Option<Timestamp>,
    /// What is lost for good, as a sentence.
    pub loss: Option<String>,
}

/// A difference between memory and reality.
#[derive(Clone, Debug)]
pub struct Drift {
    /// Which one.
    pub address: Address,
    /// As we remember it.
    pub before: Value,
    /// As it is; none if it is gone.
    pub after: Option<Value>,
}

/// Something that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deferred {
    /// Which one.
    pub address: Address,
    /// For what, as a sentence.
    pub reason: String,
    /// Where a person can help, e.g. a payment URL.
    pub url: Option<String>,
    /// Whether it waits because what it depends on has ended (R2): then it is as good as not configured, and what a provider
    /// would have decided of it is null to those who refer to it.
    pub ended: bool,
}

/// The change of a root output.
#[derive(Clone, Debug)]
pub struct OutputChange {
    /// `NoOp`, `Create`, `Update` or `Delete`.
    pub action: Action,
    /// Before; none if there was none.
    pub before: Option<Value>,
    /// After, perhaps unknown; none if there is none.
    pub after: Option<Value>,
    /// Whether it is (or was) declared sensitive.
    pub sensitive: bool,
}

/// The result of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckStatus {
    /// It holds.
    Pass,
    /// It does not.
    Fail,
    /// It could not be evaluated.
    Error,
    /// It is known only after apply.
    Unknown,
}

/// A piece of work.
#[derive(Clone, Debug)]
pub struct Step {
    /// Its place in [`Plan::steps`].
    pub index: u32,
    /// The instance it works on.
    pub address: Address,
    /// The deposed key of the object it works on.
    pub deposed: Option<Arc<str>>,
    /// What is done.
    pub operation: Operation,
    /// Steps that must have succeeded before.
    pub after: Vec<u32>,
    /// What must hold before the call; else the step (and what depends on it) is deferred.
    pub precondition: Option<Precondition>,
    /// Stable for the same plan and step; the idempotency key of its calls.
    pub key: String,
}

/// What a step does.
#[derive(Clone, Debug)]
pub enum Operation {
    /// Make the object (or finish one that was begun).
    Create,
    /// Change it in place.
    Update {
        /// Its id.
        id: ExternalId,
    },
    /// Delete it and all its parts.
    Delete {
        /// Its id; that of its first part when only parts are left, which are then found by the marker.
        id: ExternalId,
        /// Its last known attributes.
        before: Value,
        /// The marker it bears: not always that of [`Step::address`] (an orphan, a deposed object).
        marker: Marker,
    },
    /// Put the current object aside, so that its replacement can be made first: its state row moves under the deposed
    /// key and, where the kind is [listed](crate::kind::Kind::listed), an update call gives it another marker, so that
    /// the create that follows cannot take it for its own.
    Depose {
        /// The deposed key it gets.
        key: Arc<str>,
        /// Its id.
        id: ExternalId,
        /// Its last known attributes, which stay.
        before: Value,
        /// The marker it gets.
        marker: Marker,
    },
    /// Write what was found into the state: no call is made (refresh, adopted, imported, moved objects).
    Record {
        /// Its id.
        id: ExternalId,
        /// Its attributes.
        attributes: Value,
        /// The address it was known by, if it moved.
        moved_from: Option<Address>,
    },
    /// Remove it from the state: no call is made.
    Forget,
    /// Nothing: it stands for all the steps it waits for, so that many that need many name one (no call, no journal).
    Join,
}

/// What must hold at apply, where it could not be known at plan. (Owned texts: a plan is read back from a file.)
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Precondition {
    /// The attribute of this object's configuration that holds the other object's id.
    pub attribute: Arc<str>,
    /// The other object's kind.
    pub kind: Arc<str>,
    /// The other object's attribute.
    pub target_attribute: Arc<str>,
    /// The values that let the step go.
    pub accepted: Vec<Arc<str>>,
    /// What to say when it does not hold.
    pub waiting: Arc<str>,
    /// The other object's attribute with a URL that helps.
    pub url_attribute: Arc<str>,
}

/// What a plan is asked for.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// What it is to bring about.
    pub mode: Mode,
    /// Only these and what they need.
    pub targets: Vec<Target>,
    /// These are to be replaced.
    pub replace: Vec<Address>,
    /// Whether the inventory was made; without it the state is believed (`-refresh=false`).
    pub refreshed: bool,
    /// Whether the inventory must hold all parts of everything, whenever they were last listed (`-thorough`).
    pub thorough: bool,
    /// Whether departures that have not begun stay so (the deletion guard holds them back): their households are left as
    /// they are.
    pub hold_departures: bool,
}

/// A resource or one instance of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// All instances.
    Resource(ResourceName),
    /// One instance.
    Instance(Address),
}
