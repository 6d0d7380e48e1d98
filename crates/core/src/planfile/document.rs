//! The plan as a whole. The types of the plan have no `Serialize` on purpose: nobody writes one down by accident, in clear.
use std::collections::BTreeMap;
use std::sync::Arc;

use ampere_lang::diagnostic::Diagnostics;
use ampere_lang::value::Value;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::change::{ChangeForm, DeferredForm, DriftForm, OutputForm};
use super::finding::FindingForm;
use super::step::{StepForm, TargetForm};
use super::{PlanFileError, SavedPlan};
use crate::inventory::Depth;
use crate::plan::{CheckStatus, Looked, Mode, Plan};
use crate::retention::Departure;
use crate::vault::CodecError;
use crate::vault::codec::{self, Marking};

/// A fieldless enum of the plan as it is written; both conversions name every variant, so that a new one does not compile
/// until it is here.
macro_rules! mirror {
    ($form:ident of $original:ty { $($variant:ident),+ }) => {
        #[derive(serde::Serialize, serde::Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub(super) enum $form { $($variant),+ }

        impl From<$original> for $form {
            fn from(original: $original) -> $form {
                match original { $(<$original>::$variant => $form::$variant),+ }
            }
        }

        impl From<$form> for $original {
            fn from(form: $form) -> $original {
                match form { $($form::$variant => <$original>::$variant),+ }
            }
        }
    };
}
pub(super) use mirror;

mirror!(ModeForm of Mode { Normal, Destroy, RefreshOnly, Retention, Recover });
mirror!(DepthForm of Depth { Objects, Parts });
mirror!(CheckForm of CheckStatus { Pass, Fail, Error, Unknown });

/// A value, its marks readable: the whole document is sealed.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct ValueForm(Json);

impl ValueForm {
    pub(super) fn of(value: &Value) -> Result<ValueForm, CodecError> {
        codec::write(value, &Marking).map(ValueForm)
    }

    pub(super) fn maybe(value: Option<&Value>) -> Result<Option<ValueForm>, CodecError> {
        value.map(ValueForm::of).transpose()
    }

    pub(super) fn value(self) -> Result<Value, PlanFileError> {
        codec::read(&self.0, &Marking).map_err(|_| PlanFileError::Unknown)
    }
}

/// How the clouds were looked at.
#[derive(Default, Serialize, Deserialize)]
struct LookedForm {
    depth: Option<DepthForm>,
    parts_at: Option<Timestamp>,
}

impl From<Looked> for LookedForm {
    fn from(Looked { depth, parts_at }: Looked) -> LookedForm {
        LookedForm { depth: depth.map(DepthForm::from), parts_at }
    }
}

impl From<LookedForm> for Looked {
    fn from(LookedForm { depth, parts_at }: LookedForm) -> Looked {
        Looked { depth: depth.map(Depth::from), parts_at }
    }
}

/// Everything in the file.
#[derive(Serialize, Deserialize)]
pub(super) struct Document {
    id: String,
    mode: ModeForm,
    base: u64,
    made_at: Timestamp,
    #[serde(default)]
    looked: LookedForm,
    changes: Vec<ChangeForm>,
    drift: Vec<DriftForm>,
    deferred: Vec<DeferredForm>,
    outputs: BTreeMap<Arc<str>, OutputForm>,
    steps: Vec<StepForm>,
    departures: Vec<Departure>,
    checks: BTreeMap<String, CheckForm>,
    targets: Vec<TargetForm>,
    findings: Vec<FindingForm>,
    sources: Vec<(String, String)>,
    variables: BTreeMap<Arc<str>, ValueForm>,
    ephemeral: Vec<Arc<str>>,
}

impl Document {
    pub(super) fn of(
        plan: &Plan,
        sources: &[(String, String)],
        variables: &BTreeMap<Arc<str>, Value>,
    ) -> Result<Document, PlanFileError> {
        // Without `..`: a new part of a plan does not compile until it is here.
        let Plan {
            id,
            mode,
            base,
            made_at,
            looked,
            changes,
            drift,
            deferred,
            outputs,
            steps,
            departures,
            checks,
            targets,
            diagnostics,
        } = plan;
        let (ephemeral, kept): (Vec<_>, Vec<_>) =
            variables.iter().partition(|(_, value)| value.deep_marks().ephemeral());
        let variables = kept.into_iter().map(|(name, value)| Ok((name.clone(), ValueForm::of(value)?)));
        let outputs = outputs.iter().map(|(name, change)| Ok((name.clone(), OutputForm::of(change)?)));
        Ok(Document {
            id: id.clone(),
            mode: (*mode).into(),
            base: *base,
            made_at: *made_at,
            looked: (*looked).into(),
            changes: changes.iter().map(ChangeForm::of).collect::<Result<_, _>>()?,
            drift: drift.iter().map(DriftForm::of).collect::<Result<_, _>>()?,
            deferred: deferred.iter().map(DeferredForm::of).collect(),
            outputs: outputs.collect::<Result<_, CodecError>>()?,
            steps: steps.iter().map(StepForm::of).collect::<Result<_, _>>()?,
            departures: departures.clone(),
            checks: checks.iter().map(|(name, status)| (name.clone(), (*status).into())).collect(),
            targets: targets.iter().map(TargetForm::of).collect(),
            findings: diagnostics.iter().map(FindingForm::of).collect::<Result<_, _>>()?,
            sources: sources.to_vec(),
            variables: variables.collect::<Result<_, CodecError>>()?,
            ephemeral: ephemeral.into_iter().map(|(name, _)| name.clone()).collect(),
        })
    }

    pub(super) fn into_saved(self) -> Result<SavedPlan, PlanFileError> {
        let mut diagnostics = Diagnostics::new();
        for finding in self.findings {
            diagnostics.push(finding.diagnostic()?);
        }
        let outputs = self.outputs.into_iter().map(|(name, form)| Ok((name, form.output()?)));
        let variables = self.variables.into_iter().map(|(name, form)| Ok((name, form.value()?)));
        let plan = Plan {
            id: self.id,
            mode: self.mode.into(),
            base: self.base,
            made_at: self.made_at,
            looked: self.looked.into(),
            changes: self.changes.into_iter().map(ChangeForm::change).collect::<Result<_, _>>()?,
            drift: self.drift.into_iter().map(DriftForm::drift).collect::<Result<_, _>>()?,
            deferred: self.deferred.into_iter().map(DeferredForm::deferred).collect(),
            outputs: outputs.collect::<Result<_, PlanFileError>>()?,
            steps: self.steps.into_iter().map(StepForm::step).collect::<Result<_, _>>()?,
            departures: self.departures,
            checks: self.checks.into_iter().map(|(name, status)| (name, status.into())).collect(),
            targets: self.targets.into_iter().map(TargetForm::target).collect(),
            diagnostics,
        };
        let variables = variables.collect::<Result<_, PlanFileError>>()?;
        Ok(SavedPlan { plan, sources: self.sources, variables, ephemeral: self.ephemeral })
    }
}
