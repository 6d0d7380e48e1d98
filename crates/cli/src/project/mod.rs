//! What lies in a configuration directory: its files, its variables, its data directory, its settings.
pub mod bounded;
mod configuration;
mod data;
mod epochs;
mod settings;
mod variables;

pub use configuration::{Configuration, read_text};
pub use data::DataDirectory;
pub use epochs::FileEpochs;
pub use settings::Settings;
pub use variables::{Missing, VariableValues, variable_values};
