//! Findings.
use ampere_lang::diagnostic::{Diagnostic, Severity};
use ampere_lang::source::{FileId, Pos, Span};
use serde::{Deserialize, Serialize};

use super::PlanFileError;
use super::change::PathForm;
use super::document::mirror;

mirror!(SeverityForm of Severity { Warning, Error });

/// The promises a finding can name: the ids of the privacy policy's promises.
const PROMISES: [&str; 40] = [
    "C1", "C2", "C3", "C4", "C5", "U1", "U2", "U3", "U4", "U5", "U6", "S1", "S2", "S3", "S4", "S5", "N1", "N2", "N3",
    "N4", "F1", "F2", "F3", "T1", "T2", "T3", "R1", "R2", "R3", "G1", "G2", "G3", "G4", "G5", "G6", "A1", "A2", "A3",
    "A4", "K1",
];

#[derive(Serialize, Deserialize)]
pub(super) struct FindingForm {
    severity: SeverityForm,
    summary: String,
    detail: String,
    subject: Option<SpanForm>,
    address: Option<String>,
    attribute: Option<PathForm>,
    conceal_source: bool,
    promise: Option<String>,
}

/// File, and line, column and byte of both ends.
#[derive(Serialize, Deserialize)]
struct SpanForm(u32, [u32; 3], [u32; 3]);

impl SpanForm {
    fn of(span: Span) -> SpanForm {
        let Span { file, start, end } = span;
        let numbers = |Pos { line, column, byte }| [line, column, byte];
        SpanForm(file.0, numbers(start), numbers(end))
    }

    fn span(self) -> Span {
        let pos = |[line, column, byte]: [u32; 3]| Pos { line, column, byte };
        Span { file: FileId(self.0), start: pos(self.1), end: pos(self.2) }
    }
}

impl FindingForm {
    pub(super) fn of(diagnostic: &Diagnostic) -> Result<FindingForm, PlanFileError> {
        let Diagnostic { severity, summary, detail, subject, address, attribute, conceal_source, promise } = diagnostic;
        Ok(FindingForm {
            severity: (*severity).into(),
            summary: summary.clone(),
            detail: detail.clone(),
            subject: subject.map(SpanForm::of),
            address: address.clone(),
            attribute: attribute.as_ref().map(PathForm::of),
            conceal_source: *conceal_source,
            promise: promise.map(known).transpose()?.map(Into::into),
        })
    }

    pub(super) fn diagnostic(self) -> Result<Diagnostic, PlanFileError> {
        Ok(Diagnostic {
            severity: self.severity.into(),
            summary: self.summary,
            detail: self.detail,
            subject: self.subject.map(SpanForm::span),
            address: self.address,
            attribute: self.attribute.map(PathForm::path),
            conceal_source: self.conceal_source,
            promise: self.promise.as_deref().map(known).transpose()?,
        })
    }
}

fn known(id: &str) -> Result<&'static str, PlanFileError> {
    PROMISES.into_iter().find(|known| *known == id).ok_or(PlanFileError::Unknown)
}
