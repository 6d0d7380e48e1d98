//! Saved plans: `plan -out FILE`, then `apply FILE` or `show FILE`.
//!
//! A file is one line, `ampere-plan FORM STACK LENGTH`, and so many sealed bytes: the plan, the configuration's texts and
//! the variables as JSON, encrypted and authenticated as a whole with a key of the stack (S1: a plan names personal data
//! and holds sensitive values), bound to the line. `apply FILE` therefore needs no directory to be read again. Ephemeral
//! values are not in it; the names of variables that must be given again are.
mod change;
mod document;
mod finding;
mod step;

use std::collections::BTreeMap;
use std::sync::Arc;

use ampere_lang::value::Value;
use zeroize::Zeroizing;

use crate::plan::Plan;
use crate::vault::{CodecError, SealError, Vault};
use document::Document;

/// The largest saved plan, in bytes: ten times that of 100 000 customers. Nobody need read a longer file.
pub const MAX_BYTES: usize = 1 << 30;

/// Version of the form.
const FORM: u32 = 1;
/// What a file begins with.
const MAGIC: &str = "ampere-plan ";
/// The line is never longer.
const MAX_LINE: usize = 128;

/// A plan with everything its application needs.
#[derive(Clone, Debug)]
pub struct SavedPlan {
    /// The plan.
    pub plan: Plan,
    /// The configuration: name relative to the directory and text of each file, as [`ampere_lang::config::load`] takes them.
    pub sources: Vec<(String, String)>,
    /// The variables that are not ephemeral.
    pub variables: BTreeMap<Arc<str>, Value>,
    /// Names of the variables that are ephemeral: they must be given again.
    pub ephemeral: Vec<Arc<str>>,
}

/// Why a plan cannot be saved or read. No variant holds content.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanFileError {
    /// It does not begin as one.
    #[error("this is not a saved plan")]
    NotAPlan,
    /// A newer version of Ampere wrote it.
    #[error("the plan was saved by a newer version (form {found}, this version knows {known})")]
    Newer {
        /// The form found.
        found: u32,
        /// The newest this version knows.
        known: u32,
    },
    /// It belongs elsewhere.
    #[error("the plan was made for another stack or with another root key")]
    OtherStack,
    /// The end is missing.
    #[error("the saved plan has been cut: {found} of {expected} bytes are there")]
    Truncated {
        /// Bytes that were written.
        expected: usize,
        /// Bytes that are there.
        found: usize,
    },
    /// It is not as it was written.
    #[error("the saved plan was changed after it was written")]
    Changed,
    /// A value cannot be written (an ephemeral one, an absurdly nested one).
    #[error("a value of the plan cannot be saved")]
    Value(#[from] CodecError),
    /// It could not be sealed.
    #[error("the plan cannot be sealed")]
    Seal(#[from] SealError),
    /// Its content does not fit together: our bug, for nobody else could have written it.
    #[error("the saved plan holds something this version does not know")]
    Unknown,
}

/// The bytes of a saved plan. Of the variables those that are ephemeral (or hold something ephemeral) are left out and named.
///
/// # Errors
/// [`PlanFileError::Value`] if the plan itself holds something ephemeral, [`PlanFileError::Seal`] without randomness.
pub fn write(
    plan: &Plan,
    sources: &[(String, String)],
    variables: &BTreeMap<Arc<str>, Value>,
    vault: &Vault,
) -> Result<Vec<u8>, PlanFileError> {
    let document = Document::of(plan, sources, variables)?;
    let body = Zeroizing::new(serde_json::to_vec(&document).map_err(|_| PlanFileError::Unknown)?);
    let start = start(vault);
    let sealed = vault.seal_plan(start.as_bytes(), &body)?;
    let mut file = format!("{start}{}\n", sealed.len()).into_bytes();
    file.extend(sealed);
    Ok(file)
}

/// Reads a saved plan.
///
/// # Errors
/// It is not one, or not one of this stack, or it was cut or changed.
pub fn read(file: &[u8], vault: &Vault) -> Result<SavedPlan, PlanFileError> {
    let (form, stack, length, sealed) = split(file).ok_or(PlanFileError::NotAPlan)?;
    if form > FORM {
        return Err(PlanFileError::Newer { found: form, known: FORM });
    }
    if stack != &*vault.stack_id().0 {
        return Err(PlanFileError::OtherStack);
    }
    if sealed.len() < length {
        return Err(PlanFileError::Truncated { expected: length, found: sealed.len() });
    }
    if sealed.len() > length {
        return Err(PlanFileError::Changed);
    }
    let body = vault.open_plan(start(vault).as_bytes(), sealed).map_err(|_| PlanFileError::Changed)?;
    let document: Document = serde_json::from_slice(&body).map_err(|_| PlanFileError::Unknown)?;
    document.into_saved()
}

/// Reads what lies inside the seal: for the fuzz targets, which cannot make one.
///
/// # Errors
/// As [`read`].
#[cfg(fuzzing)]
pub fn read_unsealed(body: &[u8]) -> Result<SavedPlan, PlanFileError> {
    let document: Document = serde_json::from_slice(body).map_err(|_| PlanFileError::Unknown)?;
    document.into_saved()
}

/// The line without the length, to which the content is bound.
fn start(vault: &Vault) -> String {
    format!("{MAGIC}{FORM} {} ", vault.stack_id())
}

/// Form, stack, length and the rest.
fn split(file: &[u8]) -> Option<(u32, &str, usize, &[u8])> {
    let end = file.iter().take(MAX_LINE).position(|b| *b == b'\n')?;
    let line = std::str::from_utf8(&file[..end]).ok()?.strip_prefix(MAGIC)?;
    let mut words = line.split(' ');
    let form = words.next()?.parse().ok()?;
    let stack = words.next()?;
    let length = words.next()?.parse().ok()?;
    Some((form, stack, length, &file[end + 1..]))
}
