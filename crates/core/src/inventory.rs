//! What is really there, as the clouds' list calls say.
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ampere_lang::value::Value;

use crate::identity::{ExternalId, Marker};

/// How deep a listing looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// The objects, by the fewest pages. What lies behind one and stands in no list of objects is taken to be as it should.
    Objects,
    /// Everything: parts of objects, and what an interrupted run may have left anywhere.
    #[default]
    Parts,
}

/// All listings of one refresh, by kind.
#[derive(Clone, Debug, Default)]
pub struct Inventory {
    /// How deep the listings look; what was read by its id was looked at wholly.
    pub depth: Depth,
    /// By resource type. A kind that is not here was not looked at, and nothing is concluded about it.
    pub listings: BTreeMap<Arc<str>, Listing>,
    /// Kinds that were not listed: these objects alone were read by their ids, and nothing is concluded about others.
    pub only: BTreeMap<Arc<str>, BTreeSet<ExternalId>>,
}

impl Inventory {
    /// Whether all objects of a kind are here: it was listed, and without a problem.
    pub fn is_whole(&self, kind: &str) -> bool {
        self.listings.get(kind).is_some_and(Listing::is_complete) && !self.only.contains_key(kind)
    }

    /// Whether an object that is not here is not there either: it was looked for, and without a problem.
    pub fn would_hold(&self, kind: &str, id: &ExternalId) -> bool {
        let looked_for = self.only.get(kind).is_none_or(|ids| ids.contains(id));
        looked_for && self.listings.get(kind).is_some_and(Listing::is_complete)
    }
}

/// The objects of one kind that bear our stack's marker, and how sure we are that there are no others.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// The objects.
    pub objects: Vec<Observed>,
    /// What could not be read. While there is a problem, nothing of this kind is concluded to be gone or an orphan.
    pub problems: Vec<ListProblem>,
}

impl Listing {
    /// Whether every page and every object was read.
    pub fn is_complete(&self) -> bool {
        self.problems.is_empty()
    }
}

/// Something in a listing that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListProblem {
    /// Where, e.g. `Hetzner Cloud, GET /servers, page 2`.
    pub place: String,
    /// What, without the body's text.
    pub message: String,
}

/// One object as it really is. It may be made of parts at several places (server, firewall, key).
#[derive(Clone, Debug)]
pub struct Observed {
    /// The id of its main part; none if only other parts are there (an interrupted create or delete). Such leftovers are
    /// taken over by a create with their marker, and deleted by a delete with their marker and the id of their first part.
    pub id: Option<ExternalId>,
    /// Our marker as it was found on it.
    pub marker: Marker,
    /// The attributes that the cloud knows, in the schema's types. Others are carried over from what we remember.
    pub attributes: BTreeMap<Arc<str>, Value>,
    /// Its parts that are there.
    pub parts: Vec<Part>,
    /// Names of parts that should be there and are not; not empty means it must be repaired by an update.
    pub missing: Vec<&'static str>,
}

impl Observed {
    /// What the cloud knows of it, as an object.
    pub fn object(&self) -> Value {
        let id = self.id.iter().map(|id| (Arc::from("id"), Value::string(&id.0)));
        let attributes = self.attributes.iter().map(|(name, value)| (name.clone(), value.clone()));
        Value::object(id.chain(attributes))
    }
}

/// A part of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// e.g. `firewall`
    pub what: &'static str,
    /// Its id at the cloud.
    pub id: ExternalId,
}
