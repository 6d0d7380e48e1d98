//! What root finds on a box, and what it must not overlook.
use std::fs;

use ampere_agent::files::Root;
use ampere_agent::inspect::inspect;
use ampere_bundle::Inspection;
use ampere_bundle::installed::paths;
use tempfile::TempDir;

const HEAD: &str = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";

fn clean() -> TempDir {
    let root = TempDir::new().unwrap();
    for directory in ["proc/net", "etc", "run/ampere", "root/.ssh", "home/openclaw", "usr/sbin"] {
        fs::create_dir_all(root.path().join(directory)).unwrap();
    }
    // The gateway on both loopbacks, and an outgoing connection.
    let tcp = "   0: 0100007F:4965 00000000:0000 0A 00000000:00000000 00:00000000 00000000   999        0 1 1\n\
               \x20  1: 0700000A:D2F0 08080808:01BB 01 00000000:00000000 00:00000000 00000000   998        0 2 1\n";
    let tcp6 =
        "   0: 00000000000000000000000001000000:4965 00000000000000000000000000000000:0000 0A 0:0 0:0 0 999 0 1\n";
    // Its DHCP client.
    let udp = "   0: 00000000:0044 00000000:0000 07 00000000:00000000 00:00000000 00000000 0 0 3 2\n";
    for (table, lines) in [("tcp", tcp), ("tcp6", tcp6), ("udp", udp), ("udp6", "")] {
        fs::write(root.path().join("proc/net").join(table), format!("{HEAD}{lines}")).unwrap();
    }
    write(&root, "etc/shadow", "root:!*:19000:0:99999:7:::\ndaemon:*:19000::::::\nopenclaw:!:19000::::::\n");
    write(&root, "etc/passwd", "root:x:0:0:root:/root:/bin/bash\nopenclaw:x:999:999::/home/openclaw:/bin/false\n");
    root
}

fn write(root: &TempDir, path: &str, text: &str) {
    let path = root.path().join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn look(root: &TempDir) -> Inspection {
    inspect(&Root::new(root.path()), 7).unwrap()
}

#[test]
fn a_clean_box_is_clean_and_the_agent_can_read_it() {
    let root = clean();
    let found = look(&root);
    assert_eq!(found, Inspection { at: 7, root_locked: true, ..Inspection::default() });
    let left = fs::read_to_string(root.path().join(paths::INSPECTION.trim_start_matches('/'))).unwrap();
    assert_eq!(serde_json::from_str::<Inspection>(&left).unwrap(), found);
}

#[test]
fn every_way_in_is_found() {
    let root = clean();
    let line = |address: &str, state: &str| format!("{HEAD}   0: {address} 00000000:0000 {state} 0:0 00:0 0 0 0 1 1\n");
    write(&root, "proc/net/tcp", &line("00000000:0016", "0A"));
    write(&root, "proc/net/tcp6", &line("0000000000000000FFFF00000700000A:1F90", "0A"));
    write(&root, "proc/net/udp", &line("00000000:0035", "07"));
    write(&root, "proc/net/udp6", &line("000080FE00000000FF005450A1B2C3D4:0223", "07"));
    let found = look(&root);
    assert_eq!(
        found.listening,
        ["tcp 0.0.0.0:22", "tcp [::ffff:10.0.0.7]:8080", "udp 0.0.0.0:53", "udp [fe80::5054:ff:d4c3:b2a1]:547"]
    );
    write(&root, "usr/sbin/sshd", "");
    write(&root, "root/.ssh/authorized_keys", "ssh-ed25519 AAAA-EXAMPLE\n");
    write(&root, "home/openclaw/.ssh/authorized_keys2", "ssh-ed25519 AAAA-EXAMPLE\n");
    write(&root, "etc/shadow", "root:$6$salt$hash:1::::::\nada::1::::::\ndaemon:*:1::::::\n");
    let found = look(&root);
    assert_eq!(found.sshd, ["/usr/sbin/sshd"]);
    assert_eq!(found.authorized_keys, ["/home/openclaw/.ssh/authorized_keys2", "/root/.ssh/authorized_keys"]);
    assert_eq!((found.root_locked, found.passwords), (false, vec!["root".to_owned(), "ada".to_owned()]));
}

#[test]
fn what_cannot_be_read_is_no_clean_box() {
    for (path, text) in [
        ("proc/net/tcp", Some("head\n  0: 0100007F 0A\n")),
        ("proc/net/tcp", Some("head\n  0: 01:0016 00:00 0A\n")),
        ("proc/net/udp", None),
        ("etc/shadow", None),
        ("etc/passwd", None),
    ] {
        let root = clean();
        match text {
            Some(text) => write(&root, path, text),
            None => fs::remove_file(root.path().join(path)).unwrap(),
        }
        assert!(inspect(&Root::new(root.path()), 7).is_err(), "{path}");
        assert!(!root.path().join("run/ampere/inspection.json").exists(), "{path}");
    }
}
