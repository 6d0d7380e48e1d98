//! The rig itself: a box that is told next to nothing.
use std::time::Duration;

use ampere_tests_box::customer::Server;
use ampere_tests_box::machine::{Machine, text};
use ampere_tests_box::scan::{Answer, scan};

use crate::world;

/// Without our user data the image's SSH server answers, root has a password, and anybody reads the metadata: what the other
/// tests say is closed was open before.
#[test]
fn an_image_as_it_comes_is_open() {
    let world = world();
    let server = Server {
        id: 1,
        name: "plain".into(),
        address: "203.0.113.200".into(),
        user_data: "#cloud-config\n{\"runcmd\": [[\"touch\", \"/var/lib/told\"]]}\n".into(),
    };
    world.metadata.tell(&server);
    let mut machine = Machine::power_on(&world.lab, &server);
    let told = |it: &Machine| it.file("/var/lib/told").exists();
    machine.wait("cloud-init does what it is told", Duration::from_secs(90), told);
    let answers = scan(&world.lab, &server.address, [22, 23].into_iter());
    assert_eq!(answers, [(22, Answer::Open), (23, Answer::Refused)]);
    let password = text(&machine.root("getent shadow root"));
    assert!(password.starts_with("root:$"), "a password of root's");
    let asked = machine.user("nobody", "curl -fsS --max-time 5 http://169.254.169.254/hetzner/v1/metadata/instance-id");
    assert_eq!(text(&asked), "1");
}
