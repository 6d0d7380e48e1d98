//! A box made with the provider's user data.
use std::time::{Duration, Instant};

use ampere_bundle::mailbox;
use ampere_bundle::openclaw::RELEASES;
use ampere_tests_box::customer::{Apply, Customer, port_of};
use ampere_tests_box::lab::CLOUD;
use ampere_tests_box::machine::{Machine, text};
use ampere_tests_box::outside::Outside;
use ampere_tests_box::scan::{Answer, scan};
use ampere_tests_box::traffic;

use crate::{World, accidents, closed, talk, upgrade, world};

fn seconds(number: u64) -> Duration {
    Duration::from_secs(number)
}

/// Waits for the server that an apply makes, and turns it on.
fn power_on(world: &World, customer: &Customer<'_>, apply: &mut Apply) -> Machine {
    let begun = Instant::now();
    let server = loop {
        assert!(begun.elapsed() < seconds(60) && !apply.has_ended(), "no server\n{}", apply.words());
        if let Some(server) = customer.server() {
            break server;
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    world.metadata.tell(&server);
    Machine::power_on(&world.lab, &server)
}

#[test]
fn s5_n1_a_box_is_made_that_nobody_can_enter() {
    let world = world();
    let outside = Outside::start(&world.lab);
    traffic::count();
    let cloud = world.cloud();
    let customer = Customer::new(&world.lab, &cloud, "sk-ant-EXAMPLE-1");
    let mut apply = customer.apply();
    let mut machine = power_on(world, &customer, &mut apply);
    let enrolled = machine.wait("the agent enrols", seconds(180), |_| customer.field(mailbox::ENROLMENT).is_some());
    let server = customer.server().expect("it is there");
    let mailbox_at = format!("{CLOUD}:{}", port_of(&cloud));
    closed::to_the_token(&machine, &server, &mailbox_at);
    let node = machine.wait("Node.js is installed", seconds(180), |it| it.is_link("/usr/local/bin/node"));
    let openclaw = machine.wait("OpenClaw is installed", seconds(600), |it| {
        it.file(&format!("/opt/openclaw/{}/lock.json", RELEASES[1].version)).exists()
    });
    let packages = machine.wait("its plugins are installed", seconds(900), |it| it.is_link("/opt/openclaw/current"));
    let sealed = machine.wait("the box is sealed", seconds(600), |_| apply.has_ended());
    let own = enrolled + (sealed - packages);
    println!(
        "power-on to enrolled {enrolled:.1?}; then Node.js to {node:.1?}, OpenClaw to {openclaw:.1?}, its plugins to {packages:.1?}; sealed {sealed:.1?}"
    );
    println!("our own time: {own:.1?} of the 60 s it may take (power-on to enrolled, and packages to sealed)");
    println!("{} bytes of user data", server.user_data.len());
    println!("{}", apply.words());

    closed::to_root(&machine);
    closed::to_the_bot(&machine);
    closed::to_the_agent(&machine, &mailbox_at);
    closed::from_outside(world, &server);
    talk::bytes_to_us_do_not_grow(&mut machine, &outside);
    talk::a_new_key_is_used(&mut machine, &customer, &outside, "sk-ant-EXAMPLE-2");
}

/// Nobody can help a box: what befalls it while it lives, it gets over by itself.
#[test]
fn a_box_gets_over_what_befalls_it() {
    let world = world();
    let outside = Outside::start(&world.lab);
    let cloud = world.cloud();
    let customer = Customer::new(&world.lab, &cloud, "sk-ant-EXAMPLE-1");
    let mut apply = customer.apply();
    let mut machine = power_on(world, &customer, &mut apply);
    machine.wait("the box is sealed", seconds(1800), |_| apply.has_ended());
    let server = customer.server().expect("it is there");
    accidents::openclaw_crashes_in_a_loop(&mut machine, &customer, &outside, "sk-ant-EXAMPLE-2");
    accidents::the_disk_is_full(&mut machine, &customer, &outside, ["sk-ant-EXAMPLE-2", "sk-ant-EXAMPLE-3"]);
    closed::to_the_bot(&machine);
    upgrade::what_is_refused(&mut machine, world);
    upgrade::another_version(&mut machine, world, &customer);
    closed::from_outside(world, &server);
}

/// A box whose agent is killed, and that reboots, goes on with what is on its disk.
#[test]
fn a_box_gets_over_a_kill_and_a_reboot() {
    let world = world();
    let outside = Outside::start(&world.lab);
    let cloud = world.cloud();
    let customer = Customer::new(&world.lab, &cloud, "sk-ant-EXAMPLE-1");
    let mut apply = customer.apply();
    let mut machine = power_on(world, &customer, &mut apply);
    machine.wait("the box is sealed", seconds(1800), |_| apply.has_ended());
    let server = customer.server().expect("it is there");
    accidents::killed_and_rebooted(&mut machine, &customer, &outside, "sk-ant-EXAMPLE-1");
    closed::to_the_bot(&machine);
    closed::from_outside(world, &server);
}

/// An agent that is not the one of the release: nothing of it starts, and nothing after it is installed. The doors are closed all
/// the same.
#[test]
fn s5_a_swapped_agent_is_not_installed() {
    let world = world();
    let cloud = world.cloud();
    let mut customer = Customer::new(&world.lab, &cloud, "sk-ant-EXAMPLE-1");
    customer.expect_agent("f".repeat(64));
    let mut apply = customer.apply();
    let mut machine = power_on(world, &customer, &mut apply);
    machine.wait("its first boot is tried a second time", seconds(180), |it| {
        text(&it.root("systemctl show --property=NRestarts --value ampere-first-boot.service")).trim() == "1"
    });
    let said = text(&machine.root("journalctl --no-pager -o cat -u ampere-first-boot.service"));
    assert!(said.contains("ampere-agent: FAILED"), "{said}");
    for absent in ["/opt/ampere/bin", "/usr/local/bin/node", "/opt/openclaw", "/usr/sbin/sshd"] {
        assert!(!machine.file(absent).exists(), "{absent}");
    }
    assert_eq!(customer.field(mailbox::ENROLMENT), None);
    assert!(
        scan(&world.lab, &customer.server().expect("it is there").address, [22].into_iter()) == [(22, Answer::Silence)]
    );
}
