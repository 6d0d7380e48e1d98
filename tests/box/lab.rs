//! The network that the boxes stand in: a bridge in a namespace that leads nowhere, with our addresses on it.
use std::path::{Path, PathBuf};
use std::process::Command;

use tokio::runtime::Runtime;

/// Where the sandbox answers: cloud and mailbox.
pub const CLOUD: &str = "198.18.0.1";
/// Where npm's registry, Node.js and the agent are to be had.
pub const MIRROR: &str = "198.18.0.5";
/// Hetzner's metadata service.
pub const METADATA: &str = "169.254.169.254";
/// The same in IPv6.
pub const METADATA_IPV6: &str = "fe80::a9fe:a9fe";
/// What is to be had of the outside: a model and a messenger.
pub const MODEL: &str = "198.18.0.3";
/// See [`MODEL`].
pub const MESSENGER: &str = "198.18.0.4";
/// The addresses of RFC 2544, which are for tests of networks, and the metadata service's.
const ADDRESSES: [&str; 5] = [CLOUD, MODEL, MESSENGER, MIRROR, METADATA];

/// The bridge.
pub const BRIDGE: &str = "lab";

/// The network, and where things lie on disk.
pub struct Lab {
    /// What `tests/box/prepare` made: the root file system, Node.js, what the mirror keeps.
    pub prepared: PathBuf,
    /// What is thrown away afterwards.
    pub scratch: PathBuf,
    /// The services' runtime.
    pub runtime: Runtime,
}

impl Lab {
    /// Sets the network up. Panics with what to do where `tests/box/run` has not made the namespaces.
    pub fn open() -> Lab {
        let directory = |name: &str| {
            let path = std::env::var_os(name).unwrap_or_else(|| panic!("{name} is not set: run tests/box/run"));
            PathBuf::from(path)
        };
        let lab = Lab {
            prepared: directory("AMPERE_BOX"),
            scratch: directory("AMPERE_BOX_RUN"),
            runtime: Runtime::new().expect("a runtime"),
        };
        std::fs::create_dir_all(lab.files()).expect("made");
        run("ip link set lo up");
        run(&format!("ip link add {BRIDGE} type bridge forward_delay 0"));
        run(&format!("ip link set {BRIDGE} up"));
        for address in ADDRESSES {
            run(&format!("ip address add {address}/32 dev {BRIDGE}"));
        }
        run(&format!("ip -6 address add {METADATA_IPV6}/64 dev {BRIDGE} nodad"));
        // The sandbox's servers have addresses that are kept for documentation.
        run(&format!("ip route add 203.0.113.0/24 dev {BRIDGE}"));
        lab
    }

    /// A file of Node.js as the boxes fetch it.
    pub fn node(&self) -> PathBuf {
        let entries = std::fs::read_dir(self.prepared.join("node")).expect("tests/box/prepare packs Node.js");
        let mut files = entries.map(|entry| entry.expect("an entry").path());
        files.find(|path| path.extension().is_some_and(|end| end == "xz")).expect("a tarball of Node.js")
    }

    /// Where the root file system of every box comes from.
    pub fn root_file_system(&self) -> PathBuf {
        self.prepared.join("rootfs")
    }

    /// Where a test puts files that are served in place of the right ones.
    pub fn files(&self) -> PathBuf {
        self.scratch.join("files")
    }

    /// The socket of `tests/box/mirror`.
    pub fn registry(&self) -> PathBuf {
        self.scratch.join("mirror")
    }
}

/// Where the agent is, as it is shipped, with what is shipped beside it: `tests/agent build`.
pub fn release() -> PathBuf {
    programs().parent().expect("target/<profile>").join("agent/release")
}

/// This machine's architecture, as the release names it.
pub const ARCHITECTURE: &str = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };

/// Where the programs of this build are.
pub fn programs() -> PathBuf {
    let test = std::env::current_exe().expect("the path of this test");
    test.ancestors().nth(2).expect("target/<profile>/deps/test").to_path_buf()
}

/// Runs a command, given as words; panics with what it says unless it succeeds.
pub fn run(command: &str) -> String {
    let mut words = command.split_whitespace();
    let output = Command::new(words.next().expect("a program")).args(words).output().expect(command);
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command}: {told}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// SHA-256 of a file, in hexadecimal digits.
pub fn sha256(path: &Path) -> String {
    run(&format!("sha256sum {}", path.display())).split_whitespace().next().expect("a hash").to_owned()
}
