//! What happens to a box that is long sealed: OpenClaw crashes, the agent is killed, the disk is full, the box reboots. Nobody can
//! enter it, so it must come back by itself, with its keys.
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ampere_bundle::{Report, mailbox};
use ampere_tests_box::customer::Customer;
use ampere_tests_box::machine::{Machine, text};
use ampere_tests_box::outside::Outside;

/// OpenClaw's program.
const PROGRAM: &str = "/opt/openclaw/current/node_modules/openclaw/dist/index.js";
/// The most that anything takes here on a machine with little time.
const LONG: Duration = Duration::from_secs(900);

fn property(machine: &Machine, unit: &str, name: &str) -> String {
    text(&machine.root(&format!("systemctl show --property={name} --value {unit}"))).trim().to_owned()
}

fn number(machine: &Machine, unit: &str, name: &str) -> u64 {
    property(machine, unit, name).parse().unwrap_or(0)
}

fn report(customer: &Customer<'_>) -> Report {
    let keys = customer.enrolment(&customer.instance()).expect("it is enrolled").keys;
    customer.report(&keys).expect("a report")
}

/// Waits until the model is asked with this key.
fn the_bot_answers(machine: &mut Machine, outside: &Outside, key: &str) {
    let before = outside.turns().len();
    machine.wait("the model is asked with the right key", LONG, |_| {
        outside.write_next("are you there?");
        std::thread::sleep(Duration::from_secs(2));
        outside.turns().iter().skip(before).any(|turn| turn["key"] == key)
    });
}

/// OpenClaw that crashes as soon as it starts is started again, ever more seldom and for ever; the box says so. A bundle comes
/// through meanwhile, and once the program is right again it runs with the new key.
pub fn openclaw_crashes_in_a_loop(machine: &mut Machine, customer: &Customer<'_>, outside: &Outside, key: &str) {
    let gateway = "openclaw-gateway.service";
    the_bot_answers(machine, outside, "sk-ant-EXAMPLE-1");
    assert!(machine.root(&format!("mv {PROGRAM} {PROGRAM}.away && systemctl kill -s KILL {gateway}")).status.success());
    machine.wait("it is started again and again", LONG, |it| number(it, gateway, "NRestarts") >= 4);
    let pause = property(machine, gateway, "RestartUSecNext");
    assert!(pause != "5s" && !pause.is_empty(), "the pauses grow: {pause}");
    machine.wait("the box says so", LONG, |_| {
        let health = report(customer).health;
        health.gateway == Some(false) && health.restarts.is_some_and(|restarts| restarts >= 2)
    });
    let status = customer.status();
    assert!(status.contains("OpenClaw's gateway is not ready"), "{status}");

    customer.change_key(key);
    customer.apply().end(LONG);
    assert!(machine.root(&format!("mv {PROGRAM}.away {PROGRAM}")).status.success());
    machine.wait("the gateway is ready again", LONG, |_| report(customer).health.gateway == Some(true));
    the_bot_answers(machine, outside, key);
    let status = customer.status();
    assert!(!status.contains("not ready"), "{status}");
    // Without WhatsApp there is nothing to show to the owner.
    machine.wait("nobody is asked to link", LONG, |it| {
        property(it, "openclaw-link.service", "ActiveState") == "inactive"
            && property(it, "openclaw-link.service", "Result") == "success"
    });
}

/// An agent without a byte of room keeps the keys that it has, says what is wrong, and takes the bundle once there is room.
pub fn the_disk_is_full(machine: &mut Machine, customer: &Customer<'_>, outside: &Outside, keys: [&str; 2]) {
    let fill = "mkdir /run/small && mount -t tmpfs -o size=256k,mode=0700 small /run/small \
                && cp -a /var/lib/ampere-agent/. /run/small/ && chown ampere-agent:ampere-agent /run/small \
                && (head -c 300000 /dev/zero >/run/small/filler; true) && mount --bind /run/small /var/lib/ampere-agent \
                && systemctl restart ampere-agent";
    assert!(machine.root(fill).status.success());
    let sequence = report(customer).sequence;
    customer.change_key(keys[1]);
    let apply = customer.apply();
    machine.wait("the box says that its disk is full", LONG, |_| !report(customer).health.disk_writable);
    assert_eq!(report(customer).sequence, sequence, "nothing is taken that is not on the disk");
    the_bot_answers(machine, outside, keys[0]);
    let status = customer.status();
    assert!(status.contains("its disk cannot be written"), "{status}");
    assert!(machine.root("rm /run/small/filler").status.success());
    apply.end(LONG);
    the_bot_answers(machine, outside, keys[1]);
    // Back on the box's own disk, with what has come meanwhile.
    let back = "systemctl stop ampere-agent && umount /var/lib/ampere-agent \
                && cp -a /run/small/. /var/lib/ampere-agent/ && umount /run/small && systemctl start ampere-agent";
    assert!(machine.root(back).status.success());
}

/// An agent that is killed, and a box that reboots, go on with what is on the disk: no second enrolment, the same keys.
pub fn killed_and_rebooted(machine: &mut Machine, customer: &Customer<'_>, outside: &Outside, key: &str) {
    let enrolment = customer.field(mailbox::ENROLMENT);
    let sealed = customer.sealed_at();
    let sequence = report(customer).sequence;
    let agent = "ampere-agent.service";
    let before = property(machine, agent, "MainPID");
    assert!(machine.root(&format!("systemctl kill -s KILL {agent}")).status.success());
    machine.wait("the agent runs again", LONG, |it| {
        property(it, agent, "ActiveState") == "active" && property(it, agent, "MainPID") != before
    });
    let asks = r#"echo '{"protocolVersion":1,"provider":"ampere","ids":["anthropic"]}' | /opt/ampere/openclaw/ampere-resolver"#;
    machine.wait("it gives OpenClaw the key", LONG, |it| text(&it.user("openclaw", asks)).contains(key));

    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    machine.reboot();
    let now = i64::try_from(now).expect("a time");
    machine.wait("it is healthy again", LONG, |_| {
        let report = report(customer);
        let since = report.audit.as_ref().is_some_and(|audit| audit.at > now);
        since && report.health.gateway == Some(true) && report.inspection.as_ref().is_some_and(|it| it.at > now)
    });
    println!("healthy {:.0?} after the reboot", machine.age());
    the_bot_answers(machine, outside, key);
    assert_eq!(report(customer).sequence, sequence);
    assert_eq!((customer.field(mailbox::ENROLMENT), customer.sealed_at()), (enrolment, sealed));
}
