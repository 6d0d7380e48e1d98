//! Changes, drift, what waits, outputs.
use std::sync::Arc;

use ampere_lang::value::{Path, Step};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::PlanFileError;
use super::document::{ValueForm, mirror};
use crate::identity::ExternalId;
use crate::plan::{Action, Change, Deferred, Drift, OutputChange, Reason};
use crate::vault::CodecError;
use crate::vault::rows::AddressBody;

mirror!(ActionForm of Action { NoOp, Create, Read, Update, DeleteThenCreate, CreateThenDelete, Delete, Forget });

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ReasonForm {
    CannotUpdate,
    Tainted,
    Requested,
    Triggered,
    NoResourceConfig,
    EachKey,
    CountIndex,
    WrongRepetition,
    NoMoveTarget,
    Orphan,
    Ended { why: String },
    Missing,
    PartsMissing(Vec<Arc<str>>),
}

impl ReasonForm {
    fn of(reason: &Reason) -> ReasonForm {
        match reason {
            Reason::CannotUpdate => ReasonForm::CannotUpdate,
            Reason::Tainted => ReasonForm::Tainted,
            Reason::Requested => ReasonForm::Requested,
            Reason::Triggered => ReasonForm::Triggered,
            Reason::NoResourceConfig => ReasonForm::NoResourceConfig,
            Reason::EachKey => ReasonForm::EachKey,
            Reason::CountIndex => ReasonForm::CountIndex,
            Reason::WrongRepetition => ReasonForm::WrongRepetition,
            Reason::NoMoveTarget => ReasonForm::NoMoveTarget,
            Reason::Orphan => ReasonForm::Orphan,
            Reason::Ended { why } => ReasonForm::Ended { why: why.clone() },
            Reason::Missing => ReasonForm::Missing,
            Reason::PartsMissing(parts) => ReasonForm::PartsMissing(parts.clone()),
        }
    }

    fn reason(self) -> Reason {
        match self {
            ReasonForm::CannotUpdate => Reason::CannotUpdate,
            ReasonForm::Tainted => Reason::Tainted,
            ReasonForm::Requested => Reason::Requested,
            ReasonForm::Triggered => Reason::Triggered,
            ReasonForm::NoResourceConfig => Reason::NoResourceConfig,
            ReasonForm::EachKey => Reason::EachKey,
            ReasonForm::CountIndex => Reason::CountIndex,
            ReasonForm::WrongRepetition => Reason::WrongRepetition,
            ReasonForm::NoMoveTarget => Reason::NoMoveTarget,
            ReasonForm::Orphan => Reason::Orphan,
            ReasonForm::Ended { why } => Reason::Ended { why },
            ReasonForm::Missing => Reason::Missing,
            ReasonForm::PartsMissing(parts) => Reason::PartsMissing(parts),
        }
    }
}

/// A path, step by step.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct PathForm(Vec<PathStep>);

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum PathStep {
    Attribute(Arc<str>),
    Index(usize),
    Key(Arc<str>),
}

impl PathForm {
    pub(super) fn of(path: &Path) -> PathForm {
        let steps = path.0.iter().map(|step| match step {
            Step::Attribute(name) => PathStep::Attribute(name.clone()),
            Step::Index(n) => PathStep::Index(*n),
            Step::Key(key) => PathStep::Key(key.clone()),
        });
        PathForm(steps.collect())
    }

    pub(super) fn path(self) -> Path {
        let steps = self.0.into_iter().map(|step| match step {
            PathStep::Attribute(name) => Step::Attribute(name),
            PathStep::Index(n) => Step::Index(n),
            PathStep::Key(key) => Step::Key(key),
        });
        Path(steps.collect())
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct ChangeForm {
    address: AddressBody,
    deposed: Option<Arc<str>>,
    previous_address: Option<AddressBody>,
    action: ActionForm,
    reason: Option<ReasonForm>,
    id: Option<ExternalId>,
    before: Option<ValueForm>,
    after: Option<ValueForm>,
    replace_paths: Vec<PathForm>,
    importing: Option<ExternalId>,
    deadline: Option<Timestamp>,
    loss: Option<String>,
}

impl ChangeForm {
    pub(super) fn of(change: &Change) -> Result<ChangeForm, CodecError> {
        let Change {
            address,
            deposed,
            previous_address,
            action,
            reason,
            id,
            before,
            after,
            replace_paths,
            importing,
            deadline,
            loss,
        } = change;
        Ok(ChangeForm {
            address: address.into(),
            deposed: deposed.clone(),
            previous_address: previous_address.as_ref().map(Into::into),
            action: (*action).into(),
            reason: reason.as_ref().map(ReasonForm::of),
            id: id.clone(),
            before: ValueForm::maybe(before.as_ref())?,
            after: ValueForm::maybe(after.as_ref())?,
            replace_paths: replace_paths.iter().map(PathForm::of).collect(),
            importing: importing.clone(),
            deadline: *deadline,
            loss: loss.clone(),
        })
    }

    pub(super) fn change(self) -> Result<Change, PlanFileError> {
        Ok(Change {
            address: self.address.into(),
            deposed: self.deposed,
            previous_address: self.previous_address.map(Into::into),
            action: self.action.into(),
            reason: self.reason.map(ReasonForm::reason),
            id: self.id,
            before: self.before.map(ValueForm::value).transpose()?,
            after: self.after.map(ValueForm::value).transpose()?,
            replace_paths: self.replace_paths.into_iter().map(PathForm::path).collect(),
            importing: self.importing,
            deadline: self.deadline,
            loss: self.loss,
        })
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct DriftForm {
    address: AddressBody,
    before: ValueForm,
    after: Option<ValueForm>,
}

impl DriftForm {
    pub(super) fn of(drift: &Drift) -> Result<DriftForm, CodecError> {
        let Drift { address, before, after } = drift;
        let (before, after) = (ValueForm::of(before)?, ValueForm::maybe(after.as_ref())?);
        Ok(DriftForm { address: address.into(), before, after })
    }

    pub(super) fn drift(self) -> Result<Drift, PlanFileError> {
        let (before, after) = (self.before.value()?, self.after.map(ValueForm::value).transpose()?);
        Ok(Drift { address: self.address.into(), before, after })
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct DeferredForm {
    address: AddressBody,
    reason: String,
    url: Option<String>,
    ended: bool,
}

impl DeferredForm {
    pub(super) fn of(deferred: &Deferred) -> DeferredForm {
        let Deferred { address, reason, url, ended } = deferred;
        DeferredForm { address: address.into(), reason: reason.clone(), url: url.clone(), ended: *ended }
    }

    pub(super) fn deferred(self) -> Deferred {
        Deferred { address: self.address.into(), reason: self.reason, url: self.url, ended: self.ended }
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct OutputForm {
    action: ActionForm,
    before: Option<ValueForm>,
    after: Option<ValueForm>,
    sensitive: bool,
}

impl OutputForm {
    pub(super) fn of(change: &OutputChange) -> Result<OutputForm, CodecError> {
        let OutputChange { action, before, after, sensitive } = change;
        let (before, after) = (ValueForm::maybe(before.as_ref())?, ValueForm::maybe(after.as_ref())?);
        Ok(OutputForm { action: (*action).into(), before, after, sensitive: *sensitive })
    }

    pub(super) fn output(self) -> Result<OutputChange, PlanFileError> {
        Ok(OutputChange {
            action: self.action.into(),
            before: self.before.map(ValueForm::value).transpose()?,
            after: self.after.map(ValueForm::value).transpose()?,
            sensitive: self.sensitive,
        })
    }
}
