//! What is closed on a box that was made: from outside, from inside as OpenClaw's user, and by what root sees.
use ampere_bundle::installed::{AgentSettings, paths};
use ampere_tests_box::customer::Server;
use ampere_tests_box::machine::{Machine, text};
use ampere_tests_box::scan::{Answer, scan};

use crate::World;

const METADATA_BY_IPV6: &str =
    "curl -gfsS --max-time 5 'http://[fe80::a9fe:a9fe%25host0]/hetzner/v1/metadata/instance-id'";

/// No TCP port of 65 535 says a word, not even that it is closed.
pub fn from_outside(world: &World, server: &Server) {
    let answers = scan(&world.lab, &server.address, 1..=u16::MAX);
    assert_eq!(answers.len(), 65_535);
    let spoke: Vec<_> = answers.iter().filter(|(_, answer)| *answer != Answer::Silence).collect();
    assert!(spoke.is_empty(), "{spoke:?}");
}

/// OpenClaw's user, and so whoever talks the bot into running a program, gets nothing of the agent's and of Hetzner's.
pub fn to_the_bot(machine: &Machine) {
    let refused = [
        // User data, and with it the token, if it were still good.
        "curl -fsS --max-time 5 http://169.254.169.254/hetzner/v1/userdata",
        "curl -fsS --max-time 5 http://169.254.169.254/hetzner/v1/metadata/instance-id",
        METADATA_BY_IPV6,
        "cat /var/lib/cloud/instance/user-data.txt",
        "cat /var/lib/ampere-agent/keys",
        "ls /var/lib/ampere-agent",
        "cat /proc/$(pgrep -f 'ampere-agent run')/mem",
        "cat /etc/shadow",
        "sudo -n true",
        "touch /opt/openclaw/current/x",
        "mv /run/ampere/inspection.json /run/ampere/other",
        "touch /run/ampere/changed",
    ];
    for line in refused {
        let output = machine.user("openclaw", line);
        assert!(!output.status.success() && output.stdout.is_empty(), "{line}: {}", text(&output));
    }
    // The same lines are refused for what they ask, not because nothing works.
    assert!(machine.root(METADATA_BY_IPV6).status.success(), "root reaches the metadata service in IPv6");
    assert_eq!(
        text(&machine.user("openclaw", "id -un; cat /etc/ampere/agent.json >/dev/null && echo read")),
        "openclaw\nread\n"
    );
}

/// The enrolment token, even if it had leaked: it signs in while its quarter of an hour lasts, and enrols nobody any more.
pub fn to_the_token(machine: &Machine, server: &Server, mailbox: &str) {
    let settings: AgentSettings = serde_json::from_str(&server.file(paths::SETTINGS)).expect("the agent's settings");
    let (token, instance) = (server.file(paths::TOKEN), settings.instance);
    let enrols = format!(
        r#"id=$(curl -sS -H 'Content-Type: application/json' -d '{{"token":"{token}","returnSecureToken":true}}' \
             'http://{mailbox}/identitytoolkit.googleapis.com/v1/accounts:signInWithCustomToken?key=demo-ampere' |
             sed -n 's/.*"idToken": *"\([^"]*\)".*/\1/p')
           [ -n "$id" ] || {{ echo expired; exit; }}
           curl -sS -o /dev/null -w '%{{http_code}}' -X PATCH -H "Authorization: Bearer $id" -H 'Content-Type: application/json' \
             -d '{{"fields":{{"enrolment":{{"stringValue":"another"}}}}}}' \
             'http://{mailbox}/firestore/v1/projects/demo-ampere/databases/(default)/documents/ampere/{instance}?updateMask.fieldPaths=enrolment'"#
    );
    let outcome = text(&machine.user("openclaw", &enrols));
    assert!(["403", "expired\n"].contains(&outcome.as_str()), "{outcome}");
    println!("the used token: {}", outcome.trim());
}

/// The agent may read nothing of OpenClaw's, start nothing, and speak to nobody but its mailbox.
pub fn to_the_agent(machine: &Machine, mailbox: &str) {
    let agent = |line: &str| machine.user("ampere-agent", line);
    assert!(!agent("ls /home/openclaw").status.success(), "the agent reads OpenClaw's home");
    assert!(agent(&format!("curl -sS --max-time 5 -o /dev/null http://{mailbox}/")).status.success(), "its mailbox");
    for elsewhere in ["http://198.18.0.3:8443/", "http://198.18.0.5:8000/", "http://169.254.169.254/"] {
        assert!(!agent(&format!("curl -sS --max-time 5 -o /dev/null {elsewhere}")).status.success(), "{elsewhere}");
    }
}

/// What root finds on the box.
pub fn to_root(machine: &Machine) {
    let root = |line: &str| text(&machine.root(line));
    for (line, expected) in [
        (
            "command -v sshd; ls /etc/ssh/ssh_host_* 2>/dev/null; dpkg-query -W -f '${db:Status-Status}\\n' openssh-server qemu-guest-agent 2>/dev/null | grep -x installed",
            "",
        ),
        ("find / -xdev -name 'authorized_keys*' 2>/dev/null", ""),
        ("getent shadow | awk -F: '$2 !~ /^[!*]/'", ""),
        ("getent passwd root | cut -d: -f7", "/usr/sbin/nologin\n"),
        ("systemctl --failed --no-legend --plain", ""),
        ("test -e /var/lib/ampere-agent/token && echo there", ""),
    ] {
        assert_eq!(root(line), expected, "{line}");
    }
    // Sockets that others could reach, by the kernel's own list.
    let open = root("ss -Hltn | awk '{print $4}' | grep -vE '^(127[.]|\\[::1\\])'");
    assert_eq!(open, "", "S4: loopback only");
    let verified =
        machine.root("systemd-analyze verify $(ls -d /etc/systemd/system/ampere-*.* /etc/systemd/system/openclaw-*.* | grep -v '[.]d$')");
    assert!(verified.status.success() && verified.stderr.is_empty(), "{}", text(&verified));
    assert!(machine.root("cloud-init schema --config-file /var/lib/cloud/instance/user-data.txt").status.success());
}
