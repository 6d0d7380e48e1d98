//! What root looks at: whether there is a way into the box. Reads only, all of it below a root.
use std::collections::BTreeSet;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use ampere_bundle::installed::paths;
use ampere_bundle::{Inspection, MOST_LISTED};
use rustix::process::Uid;

use crate::files::{self, Machine, Root};

/// The longest of the files below, in bytes. A file of the kernel or of root that is longer is a fault by itself.
const LONGEST_FILE: usize = 4 * 1024 * 1024;
/// Debian's user without rights.
const NOBODY: u32 = 65534;
/// The metadata service of Hetzner Cloud.
const METADATA: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254)), 80);
/// What an SSH server leaves, whoever packed it.
const SSHD: &str = "/usr/sbin/sshd /usr/bin/sshd /usr/local/sbin/sshd /usr/local/bin/sshd /usr/sbin/dropbear \
    /usr/bin/dropbear /usr/lib/systemd/system/ssh.service /usr/lib/systemd/system/ssh.socket \
    /usr/lib/systemd/system/sshd.service /usr/lib/systemd/system/dropbear.service /lib/systemd/system/ssh.service \
    /etc/systemd/system/ssh.service /etc/systemd/system/ssh.socket /etc/systemd/system/sshd.service";
/// The ports of DHCP clients (RFC 2131, RFC 8415): a box without one has no address.
const DHCP: [u16; 2] = [68, 546];

/// Looks at the box below `root`, and leaves what it found where the agent reads it. `now` is in seconds since 1970.
///
/// # Errors
/// Those of the system. A file that cannot be read is an error, since it could say anything.
pub fn inspect(root: &Root, now: i64) -> io::Result<Inspection> {
    let mut inspection = Inspection {
        at: now,
        listening: listening(root)?,
        sshd: SSHD.split(' ').filter(|path| root.at(path).symlink_metadata().is_ok()).map(str::to_owned).collect(),
        metadata_closed: if root.is_machine() { metadata_closed() } else { None },
        authorized_keys: authorized_keys(root)?,
        ..Inspection::default()
    };
    let shadow = files::read_text(&root.at("/etc/shadow"), LONGEST_FILE)?.ok_or(io::ErrorKind::NotFound)?;
    for (user, password) in shadow.lines().filter_map(|line| line.split_once(':')) {
        // crypt(5): neither begins a hash, so that no password fits. An empty field lets in without any.
        let locked = password.starts_with(['!', '*']);
        inspection.root_locked |= user == "root" && locked;
        if !locked && inspection.passwords.len() < MOST_LISTED {
            inspection.passwords.push(user.to_owned());
        }
    }
    let text = serde_json::to_vec(&inspection)?;
    files::save(&Machine, &root.at(paths::INSPECTION), &text, 0o644)?;
    Ok(inspection)
}

/// Sockets that wait for somebody who is not on the box, by the kernel's tables (proc_net_tcp in the kernel's documentation).
fn listening(root: &Root) -> io::Result<Vec<String>> {
    let mut found = Vec::new();
    for protocol in ["tcp", "tcp6", "udp", "udp6"] {
        let Some(table) = files::read_text(&root.at(&format!("/proc/net/{protocol}")), LONGEST_FILE)? else {
            // IPv6 may be off.
            if protocol.ends_with('6') {
                continue;
            }
            return Err(io::ErrorKind::NotFound.into());
        };
        // 0A is LISTEN; 07 is a UDP socket that takes from anybody.
        let waiting = if protocol.starts_with("tcp") { "0A" } else { "07" };
        for line in table.lines().skip(1) {
            let mut columns = line.split_ascii_whitespace();
            let (Some(local), Some(_), Some(state)) = (columns.nth(1), columns.next(), columns.next()) else {
                return Err(io::ErrorKind::InvalidData.into());
            };
            let (address, port) = socket(local).ok_or(io::ErrorKind::InvalidData)?;
            let harmless = address.to_canonical().is_loopback() || waiting == "07" && DHCP.contains(&port);
            if state == waiting && !harmless && found.len() < MOST_LISTED {
                found.push(format!("{} {}", &protocol[..3], SocketAddr::new(address, port)));
            }
        }
    }
    found.sort();
    found.dedup();
    Ok(found)
}

/// An address and port of the kernel's tables: words of 32 bits in hex, in the machine's own order.
fn socket(text: &str) -> Option<(IpAddr, u16)> {
    let (address, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let mut bytes = Vec::new();
    for at in (0..address.len()).step_by(8) {
        bytes.extend(u32::from_str_radix(address.get(at..at + 8)?, 16).ok()?.to_ne_bytes());
    }
    if let Ok(bytes) = <[u8; 4]>::try_from(bytes.as_slice()) {
        return Some((Ipv4Addr::from(bytes).into(), port));
    }
    Some((Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?).into(), port))
}

/// Files with keys in the home of any user.
fn authorized_keys(root: &Root) -> io::Result<Vec<String>> {
    let passwd = files::read_text(&root.at("/etc/passwd"), LONGEST_FILE)?.ok_or(io::ErrorKind::NotFound)?;
    let homes = passwd.lines().filter_map(|line| line.split(':').nth(5));
    let homes: BTreeSet<&str> = homes.chain(["/root"]).collect();
    let mut found = Vec::new();
    for home in homes.iter().filter(|home| home.starts_with('/') && !home.contains("/..")) {
        for name in [".ssh/authorized_keys", ".ssh/authorized_keys2"] {
            let path = Path::new(home).join(name);
            // A link counts wherever it leads, and so does a directory.
            let there = root.at(&path.to_string_lossy()).symlink_metadata();
            if there.is_ok_and(|there| there.len() > 0) && found.len() < MOST_LISTED {
                found.push(path.to_string_lossy().into_owned());
            }
        }
    }
    Ok(found)
}

/// Whether somebody who is not root can reach the metadata service. Absent when this is not root.
fn metadata_closed() -> Option<bool> {
    if !rustix::process::geteuid().is_root() {
        return None;
    }
    let attempt = thread::spawn(|| {
        // Of this thread alone, and for good.
        rustix::thread::set_thread_uid(Uid::from_raw(NOBODY)).ok()?;
        Some(TcpStream::connect_timeout(&METADATA, Duration::from_secs(2)).is_err())
    });
    attempt.join().ok().flatten()
}

/// Where the programs of a box lie that are told a root by `--root DIR`; the machine's own otherwise.
pub fn root_argument(arguments: &[String]) -> Option<Root> {
    match arguments {
        [] => Some(Root::new("/")),
        [flag, directory] if flag == "--root" => Some(Root::new(PathBuf::from(directory))),
        _ => None,
    }
}
