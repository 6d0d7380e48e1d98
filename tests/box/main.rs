//! Boxes made the real way. Run by `tests/box/run`.
#![expect(clippy::print_stdout, reason = "figures are for people, who read what a test prints")]

mod accidents;
mod closed;
mod made;
mod plain;
mod talk;
mod upgrade;

use std::sync::OnceLock;

use ampere_tests::Cloud;
use ampere_tests_box::customer::port_of;
use ampere_tests_box::lab::{Lab, release};
use ampere_tests_box::metadata::Metadata;
use ampere_tests_box::services;

/// What all tests share: there is one network, and one box in it at a time.
struct World {
    lab: Lab,
    metadata: Metadata,
}

impl World {
    /// A cloud that the boxes reach.
    fn cloud(&self) -> Cloud {
        let cloud = Cloud::start();
        services::forward_cloud(&self.lab, port_of(&cloud));
        cloud
    }
}

fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        let lab = Lab::open();
        let metadata = Metadata::start(&lab);
        services::forward_registry(&lab);
        services::serve_files(&lab, vec![lab.files(), lab.prepared.join("node"), release()]);
        World { lab, metadata }
    })
}
