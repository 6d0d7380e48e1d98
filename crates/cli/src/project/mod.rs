//! What lies in a configuration directory: its files, its variables, its data directory, its settings.
mod configuration;
mod data;
mod settings;
mod variables;

pub use configuration::{Configuration, read_text};
pub use data::DataDirectory;
pub use settings::Settings;
pub use variables::{Missing, VariableValues, variable_values};
