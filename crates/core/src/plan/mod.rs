//! A plan: what will be done, why, in which order, and on which state it is based. A plan is data.
//!
//! [`plan`] is a pure function of its [`PlanInput`]: the configuration, what we remember, what the clouds list. It walks the
//! graph of the configuration, decides for every instance what becomes of it, and lowers the decisions to [`Step`]s.
mod absent;
mod compare;
mod conditions;
mod delete;
mod destruction;
mod draft;
mod gate;
mod id;
mod ignore;
mod import;
mod input;
mod instance;
mod looked;
mod lower;
mod moved;
mod outputs;
mod planner;
mod prior;
mod propose;
mod recover;
mod refresh;
mod refresh_only;
mod resource;
mod retention;
mod scope;
mod sequence;
mod target;
mod traversal;
mod trigger;
mod types;
mod validate;

pub use delete::ORPHAN;
pub use import::{ImportRequest, import_requests};
pub use input::PlanInput;
pub use planner::plan;
pub use propose::{Proposal, propose};
pub use retention::owner;
pub use scope::{Scope, scope};
pub use types::*;
pub use validate::validate;
