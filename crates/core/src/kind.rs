//! What the planner must know of a resource kind: pure rules, no I/O.
use std::collections::BTreeMap;
use std::sync::Arc;

use ampere_lang::diagnostic::Diagnostics;
use ampere_lang::value::{Path, Value};

use crate::address::Address;
use crate::identity::Marker;
use crate::retention::Cause;
use crate::schema::Schema;

/// Kinds by resource type.
pub type Kinds = BTreeMap<&'static str, Arc<dyn Kind>>;

/// The rules of a resource kind. Everything here is a pure function of its arguments.
pub trait Kind: Send + Sync {
    /// Its attributes.
    fn schema(&self) -> &Schema;

    /// Findings about a configuration of this kind (an object of the schema's type; parts may be unknown). Types and
    /// required attributes have been checked already.
    fn validate(&self, config: &Value) -> Diagnostics {
        let _ = config;
        Diagnostics::new()
    }

    /// Adjusts what the schema alone would plan: sets or un-knows computed attributes, adds paths that force a replacement.
    ///
    /// `request.proposed` is the generic answer: configured values where there are some, the prior value of computed
    /// attributes (unknown on create), null for write-only ones.
    fn plan(&self, request: PlanRequest<'_>) -> Planned {
        Planned::new(request.proposed)
    }

    /// The reference whose target decides whether an object of this kind may exist, if there is one.
    fn gate_on(&self) -> Option<Gated> {
        None
    }

    /// What is lost for good when such an object is destroyed, as a sentence for the plan.
    fn loss(&self, before: &Value) -> Option<String> {
        let _ = before;
        None
    }

    /// The account under whose key a step of this kind seals what it sends. The key is made and committed before the call:
    /// a crash must not leave a ciphertext at a cloud that nobody can open.
    fn seals_for(&self, marker: &Marker, object: &Value) -> Option<String> {
        let _ = marker;
        object.get("account")?.as_str().map(str::to_owned)
    }

    /// The uid of the account that an object belongs to: all objects of one account are its household, and depart together
    /// (see [`crate::retention`]).
    fn owner<'a>(&self, object: &'a Value) -> Option<&'a str> {
        object.entries()?.get("account")?.as_str()
    }

    /// What an object says about its household's right to stay, if objects of this kind say such a thing (a subscription).
    fn standing(&self, object: &Value, now: jiff::Timestamp) -> Option<Gate> {
        let _ = (object, now);
        None
    }

    /// Where the owner of an account is written to, if objects of this kind say that (an account).
    fn contact<'a>(&self, object: &'a Value) -> Option<&'a str> {
        let _ = object;
        None
    }

    /// What an object gives cause to tell its owner, if it is a contract (a subscription).
    fn contract(&self, object: &Value, now: jiff::Timestamp) -> Option<Contract> {
        let _ = (object, now);
        None
    }

    /// Whether an object that vanished can be made again under the id it had, so that nothing changes for those who refer to
    /// it (an account under its uid). Then the plan wants that id, and the create is told it.
    fn keeps_id(&self) -> bool {
        false
    }

    /// Whether its objects live in a cloud that can list them. Those of a kind that cannot be listed are what the state
    /// says they are: nothing is concluded from an inventory, and they bear no marker.
    fn listed(&self) -> bool {
        true
    }

    /// What it costs to look at its objects.
    fn effort(&self) -> Effort {
        Effort { read: 2, page: 100 }
    }

    /// The attribute that `terraform import` style ids and cross references use.
    fn id_attribute(&self) -> &'static str {
        "id"
    }
}

/// What it costs to look at objects of a kind: enough of a guess to choose between reading some and listing all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effort {
    /// Calls that one read by id takes.
    pub read: usize,
    /// Objects that one call of a listing yields.
    pub page: usize,
}

/// A reference whose target decides whether an object may exist (see [`Kind::gate_on`]).
#[derive(Clone, Copy, Debug)]
pub struct Gated {
    /// The attribute that holds the other object's id.
    pub attribute: &'static str,
    /// The other object's kind.
    pub kind: &'static str,
    /// Judges the other object as it really is (prior to this plan, refreshed; may hold unknowns when it is being created).
    pub judge: fn(target: &Value, now: jiff::Timestamp) -> Gate,
    /// The condition that must hold at apply when the target is only known then: the attribute and the accepted values.
    pub condition: (&'static str, &'static [&'static str]),
    /// What to say when it does not hold, and which attribute of the target helps (a payment URL).
    pub waiting: (&'static str, &'static str),
}

/// What the planner asks a kind.
pub struct PlanRequest<'a> {
    /// Which instance.
    pub address: &'a Address,
    /// The refreshed object, if there is one.
    pub prior: Option<&'a Value>,
    /// The configuration, write-only values included.
    pub config: &'a Value,
    /// The generic answer.
    pub proposed: Value,
    /// Makes keyed fingerprints (of write-only values).
    pub fingerprint: &'a dyn Fingerprint,
    /// The other objects of the plan, by kind and id, as they will be.
    pub objects: &'a dyn Objects,
    /// Whether the state remembers what was sealed for the object. Where it does not (a lost state, an import), nobody may be
    /// able to open what its cloud holds.
    pub sealed: bool,
}

/// Looks up what other objects will be.
pub trait Objects {
    /// The object of a kind that has this id, after the plan's change of it; none if none is known by that id, or if it goes.
    fn object(&self, kind: &str, id: &str) -> Option<Value>;
}

/// No other objects are known.
impl Objects for () {
    fn object(&self, _kind: &str, _id: &str) -> Option<Value> {
        None
    }
}

/// A kind's answer.
pub struct Planned {
    /// The object after the change, parts perhaps unknown; write-only attributes null.
    pub after: Value,
    /// Paths whose change forces a replacement, beyond those the schema names.
    pub replace: Vec<Path>,
    /// Findings that need the prior object to be made (a new secret without a value).
    pub diagnostics: Diagnostics,
}

impl Planned {
    /// An answer that finds nothing and replaces nothing.
    pub fn new(after: Value) -> Planned {
        Planned { after, replace: Vec::new(), diagnostics: Diagnostics::new() }
    }
}

/// Whether an object may exist.
#[derive(Clone, Debug, PartialEq)]
pub enum Gate {
    /// It may.
    Open,
    /// It is not known before apply; the step checks again.
    Unknown,
    /// Not yet: it is deferred, never deleted for that.
    Waiting {
        /// Why, as a sentence.
        reason: String,
        /// Where a person can help, e.g. a payment URL.
        url: Option<String>,
    },
    /// Not any more: an existing one is deleted, a new one is not made (R2).
    Ended {
        /// Why, as a sentence.
        reason: String,
        /// What it is called in the log.
        cause: Cause,
        /// t₀; none if the cloud does not say it: then it counts from when it is first seen.
        since: Option<jiff::Timestamp>,
    },
}

/// What a contract gives cause to tell its owner (see [`crate::notice`]).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contract {
    /// A payment that is open: where it can be paid, and what it is for. The URL may differ from one listing to the next; what
    /// it is for does not.
    pub due: Option<Due>,
    /// When its cancellation was asked for.
    pub cancelled_at: Option<jiff::Timestamp>,
    /// When it ends, if that is known and still ahead.
    pub ends_at: Option<jiff::Timestamp>,
}

/// An open payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// Where it can be paid.
    pub url: String,
    /// The contract and its period: the same for the same payment.
    pub about: String,
}

/// Makes keyed fingerprints: equal for equal secrets of one stack, telling nothing else.
pub trait Fingerprint: Sync {
    /// 16 lower-case hex digits over the context (address and attribute) and the text.
    fn fingerprint(&self, context: &str, secret: &str) -> String;
}
