//! Steps and targets.
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::PlanFileError;
use super::document::ValueForm;
use crate::address::ResourceName;
use crate::identity::{ExternalId, Marker};
use crate::plan::{Operation, Precondition, Step, Target};
use crate::vault::CodecError;
use crate::vault::rows::AddressBody;

#[derive(Serialize, Deserialize)]
pub(super) struct StepForm {
    index: u32,
    address: AddressBody,
    deposed: Option<Arc<str>>,
    operation: OperationForm,
    after: Vec<u32>,
    precondition: Option<PreconditionForm>,
    key: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum OperationForm {
    Create,
    Update { id: ExternalId },
    Delete { id: ExternalId, before: ValueForm, marker: Marker },
    Depose { key: Arc<str>, id: ExternalId, before: ValueForm, marker: Marker },
    Record { id: ExternalId, attributes: ValueForm, moved_from: Option<AddressBody> },
    Forget,
    Join,
}

#[derive(Serialize, Deserialize)]
struct PreconditionForm {
    attribute: Arc<str>,
    kind: Arc<str>,
    target_attribute: Arc<str>,
    accepted: Vec<Arc<str>>,
    waiting: Arc<str>,
    url_attribute: Arc<str>,
}

impl StepForm {
    pub(super) fn of(step: &Step) -> Result<StepForm, CodecError> {
        let Step { index, address, deposed, operation, after, precondition, key } = step;
        Ok(StepForm {
            index: *index,
            address: address.into(),
            deposed: deposed.clone(),
            operation: OperationForm::of(operation)?,
            after: after.clone(),
            precondition: precondition.as_ref().map(PreconditionForm::of),
            key: key.clone(),
        })
    }

    pub(super) fn step(self) -> Result<Step, PlanFileError> {
        Ok(Step {
            index: self.index,
            address: self.address.into(),
            deposed: self.deposed,
            operation: self.operation.operation()?,
            after: self.after,
            precondition: self.precondition.map(PreconditionForm::precondition),
            key: self.key,
        })
    }
}

impl OperationForm {
    fn of(operation: &Operation) -> Result<OperationForm, CodecError> {
        Ok(match operation {
            Operation::Create => OperationForm::Create,
            Operation::Update { id } => OperationForm::Update { id: id.clone() },
            Operation::Delete { id, before, marker } => {
                OperationForm::Delete { id: id.clone(), before: ValueForm::of(before)?, marker: marker.clone() }
            }
            Operation::Depose { key, id, before, marker } => OperationForm::Depose {
                key: key.clone(),
                id: id.clone(),
                before: ValueForm::of(before)?,
                marker: marker.clone(),
            },
            Operation::Record { id, attributes, moved_from } => OperationForm::Record {
                id: id.clone(),
                attributes: ValueForm::of(attributes)?,
                moved_from: moved_from.as_ref().map(Into::into),
            },
            Operation::Forget => OperationForm::Forget,
            Operation::Join => OperationForm::Join,
        })
    }

    fn operation(self) -> Result<Operation, PlanFileError> {
        Ok(match self {
            OperationForm::Create => Operation::Create,
            OperationForm::Update { id } => Operation::Update { id },
            OperationForm::Delete { id, before, marker } => Operation::Delete { id, before: before.value()?, marker },
            OperationForm::Depose { key, id, before, marker } => {
                Operation::Depose { key, id, before: before.value()?, marker }
            }
            OperationForm::Record { id, attributes, moved_from } => {
                Operation::Record { id, attributes: attributes.value()?, moved_from: moved_from.map(Into::into) }
            }
            OperationForm::Forget => Operation::Forget,
            OperationForm::Join => Operation::Join,
        })
    }
}

impl PreconditionForm {
    fn of(precondition: &Precondition) -> PreconditionForm {
        let Precondition { attribute, kind, target_attribute, accepted, waiting, url_attribute } = precondition.clone();
        PreconditionForm { attribute, kind, target_attribute, accepted, waiting, url_attribute }
    }

    fn precondition(self) -> Precondition {
        let PreconditionForm { attribute, kind, target_attribute, accepted, waiting, url_attribute } = self;
        Precondition { attribute, kind, target_attribute, accepted, waiting, url_attribute }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum TargetForm {
    Resource { r#type: Arc<str>, name: Arc<str> },
    Instance(AddressBody),
}

impl TargetForm {
    pub(super) fn of(target: &Target) -> TargetForm {
        match target {
            Target::Resource(ResourceName { resource_type, name }) => {
                TargetForm::Resource { r#type: resource_type.clone(), name: name.clone() }
            }
            Target::Instance(address) => TargetForm::Instance(address.into()),
        }
    }

    pub(super) fn target(self) -> Target {
        match self {
            TargetForm::Resource { r#type, name } => Target::Resource(ResourceName { resource_type: r#type, name }),
            TargetForm::Instance(address) => Target::Instance(address.into()),
        }
    }
}
