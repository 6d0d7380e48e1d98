//! What a person is told when keys, epochs and state do not fit.
use ampere_core::rotation::{EpochStoreError, OpenError, RotationError};
use ampere_core::vault::VaultError;

use crate::failure::Failure;
use crate::project::FileEpochs;
use crate::stack::{sentence, store_failure};

/// A vault that does not open. `root` names the place of the root key.
pub fn open_failure(error: OpenError, root: &str, epochs: &FileEpochs) -> Failure {
    match error {
        OpenError::Store(error) => store_failure(error),
        OpenError::Epochs(error) => epochs_failure(&error),
        OpenError::Vault(error) => vault_failure(error, root, epochs),
    }
}

/// A rotation that stopped.
pub fn rotation_failure(error: RotationError) -> Failure {
    match error {
        RotationError::Store(error) => store_failure(error),
        RotationError::Epochs(error) => epochs_failure(&error),
        RotationError::Seal(error) => Failure::error(
            "Keys cannot be rotated",
            format!("{} Nothing is lost: the next run goes on.", sentence(&error.to_string())),
        ),
    }
}

fn epochs_failure(error: &EpochStoreError) -> Failure {
    Failure::error("Epoch keys unusable", sentence(&error.to_string()))
}

fn vault_failure(error: VaultError, root: &str, epochs: &FileEpochs) -> Failure {
    let text = sentence(&error.to_string());
    let file = epochs.path().display();
    match error {
        VaultError::WrongKey => {
            let detail = format!(
                "The state was made with another root key than the one in {root}, or under another stack name. Put the right \
                 key back; without it the state cannot be read."
            );
            Failure::error("Wrong root key", detail)
        }
        VaultError::NoRandomness => Failure::error("No keys could be made", text),
        VaultError::EpochsMissing { .. } => {
            let detail = format!(
                "{text} Expected at {file}. If another machine works on this stack, copy the file from there, or let both use one \
                 (epochs in [root_key] of ampere.toml). If it is lost, what was sealed cannot be opened any more, by anyone: move \
                 the state away, rebuild it from the clouds with \"ampere recover\", and give the secrets again (see docs/keys.md)."
            );
            Failure::error("Epoch keys missing", detail)
        }
        VaultError::EpochsUnreadable => {
            let detail = format!(
                "{text} Looked at {file}, with the root key from {root}. Put the file of this stack back; the state is untouched."
            );
            Failure::error("Epoch keys do not open", detail)
        }
        VaultError::EpochsBehind { .. } => {
            let detail = format!(
                "{text} Keys were rotated elsewhere, or {file} is an old copy. Copy the file from the machine that ran last, or let \
                 both use one (epochs in [root_key] of ampere.toml). The state is untouched."
            );
            Failure::error("Epoch keys too old", detail)
        }
        VaultError::EpochGone { .. } => {
            let detail = format!(
                "{text} The state is an old copy: what is sealed in it cannot be opened any more, by anyone. Put the current state \
                 back, or rebuild it from the clouds with \"ampere recover\" and give the secrets again (see docs/keys.md)."
            );
            Failure::error("State from an ended epoch", detail)
        }
        VaultError::EpochsForked { .. } => {
            let detail = format!(
                "{text} Keys were rotated in two places. Copy {file} from the machine that ran last; the state is untouched."
            );
            Failure::error("Other epoch keys", detail)
        }
    }
}
