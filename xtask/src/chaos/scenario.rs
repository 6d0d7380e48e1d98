//! What is done to a customer while the blows fall.
use super::rig::{Rig, RigError};

/// The files of `examples/quickstart`: one customer, each of the four kinds.
const QUICKSTART: [(&str, &str); 3] = [
    ("main.tf", include_str!("../../../examples/quickstart/main.tf")),
    ("variables.tf", include_str!("../../../examples/quickstart/variables.tf")),
    ("keys.auto.tfvars", include_str!("../../../examples/quickstart/example-keys.auto.tfvars")),
];

/// Something that is done to a customer.
pub struct Scenario {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it is.
    pub about: &'static str,
    /// The command that is struck.
    pub command: &'static str,
    /// The commands after it: without a person's help they must bring about what it was to do.
    pub again: &'static [&'static str],
    /// Brings about the state of things before it.
    prepare: fn(&Rig) -> Result<(), RigError>,
}

/// All of them.
pub const ALL: &[Scenario] = &[
    Scenario {
        name: "create",
        about: "all four kinds, in an empty directory",
        command: "apply -auto-approve -parallelism=1",
        again: &["apply -auto-approve -parallelism=1"],
        prepare: |rig| configuration(rig, &[]),
    },
    Scenario {
        name: "update",
        about: "in place, all four kinds",
        command: "apply -auto-approve -parallelism=1",
        again: &["apply -auto-approve -parallelism=1"],
        prepare: |rig| {
            applied(rig)?;
            configuration(rig, &[("Ada Lovelace", "Ada King"), ("cx23", "cx33"), ("monthly", "yearly"), NEW_KEY])
        },
    },
    Scenario {
        name: "rotate",
        about: "a secret's new value, sealed and delivered to the box",
        command: "apply -auto-approve -parallelism=1",
        again: &["apply -auto-approve -parallelism=1"],
        prepare: |rig| {
            applied(rig)?;
            configuration(rig, &[NEW_KEY])
        },
    },
    Scenario {
        name: "destroy",
        about: "everything",
        command: "destroy -auto-approve -parallelism=1",
        again: &["destroy -auto-approve -parallelism=1"],
        prepare: applied,
    },
];

/// Another key of the model provider.
const NEW_KEY: (&str, &str) = ("sk-ant-EXAMPLE-not-a-real-key", "sk-ant-EXAMPLE-another-key");

impl Scenario {
    /// Brings about the state of things before the command.
    ///
    /// # Errors
    /// The preparation fails.
    pub fn prepare(&self, rig: &Rig) -> Result<(), RigError> {
        (self.prepare)(rig)
    }

    /// Whether nothing is left to do afterwards can be asked by a plan of the configuration; after a destroy it cannot.
    pub fn keeps_the_configuration(&self) -> bool {
        !self.command.starts_with("destroy")
    }
}

/// The scenario of that name.
pub fn find(name: &str) -> Option<&'static Scenario> {
    ALL.iter().find(|scenario| scenario.name == name)
}

/// Writes quickstart's files with these texts replaced.
fn configuration(rig: &Rig, replaced: &[(&str, &str)]) -> Result<(), RigError> {
    for (name, text) in QUICKSTART {
        let text = replaced.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to));
        rig.write(name, &text)?;
    }
    Ok(())
}

/// Quickstart, applied.
fn applied(rig: &Rig) -> Result<(), RigError> {
    configuration(rig, &[])?;
    rig.prepare("apply -auto-approve").map(drop)
}
