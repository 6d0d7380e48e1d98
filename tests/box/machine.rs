//! A box: an overlay over the root file system, booted by systemd-nspawn.
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::customer::Server;
use crate::lab::{BRIDGE, CLOUD, Lab, MESSENGER, METADATA, MIRROR, MODEL, run};
use crate::services::{FILES, REGISTRY};

/// A box that is on.
pub struct Machine {
    directory: PathBuf,
    nspawn: Child,
    since: Instant,
}

impl Machine {
    /// Turns a new box on. It asks the metadata service who it is.
    pub fn power_on(lab: &Lab, server: &Server) -> Machine {
        let directory = tempfile::Builder::new().prefix("box").tempdir_in(&lab.scratch).expect("a directory").keep();
        for part in ["upper", "work", "root"] {
            fs::create_dir_all(directory.join(part)).expect("made");
        }
        let layers = format!(
            "lowerdir={},upperdir={},workdir={}",
            lab.root_file_system().display(),
            directory.join("upper").display(),
            directory.join("work").display()
        );
        let root = directory.join("root");
        checked(Command::new("mount").args(["-t", "overlay", "overlay", "-o", &layers]).arg(&root));
        connect(&root, &server.address);
        if lab.scratch.join("outside.pem").exists() {
            lead_outside(lab, &root);
        }
        // Whoever had this address before is forgotten.
        run(&format!("ip neighbour flush dev {BRIDGE}"));
        let nspawn = boot(&directory);
        Machine { directory, nspawn, since: Instant::now() }
    }

    /// Has it reboot, as Debian's upgrades do, and waits until it does.
    pub fn reboot(&mut self) {
        assert!(self.root("systemctl reboot").status.success());
        let begun = Instant::now();
        let ended = loop {
            match self.nspawn.try_wait().expect("a child") {
                Some(status) => break status,
                None => assert!(begun.elapsed() < Duration::from_secs(240), "it does not go down\n{}", self.words()),
            }
            std::thread::sleep(Duration::from_millis(200));
        };
        assert_eq!(ended.code(), Some(133), "systemd-nspawn's word for a reboot");
        self.nspawn = boot(&self.directory);
        self.since = Instant::now();
    }

    /// How long it has been on.
    pub fn age(&self) -> Duration {
        self.since.elapsed()
    }

    /// A file of the box's disk.
    pub fn file(&self, path: &str) -> PathBuf {
        self.directory.join("root").join(path.trim_start_matches('/'))
    }

    /// Whether there is a symbolic link on the box's disk.
    pub fn is_link(&self, path: &str) -> bool {
        self.file(path).is_symlink()
    }

    /// Waits until something is so; panics with the box's own words when it takes too long. Gives how long the box has been on.
    pub fn wait(&mut self, what: &str, most: Duration, mut is_so: impl FnMut(&Machine) -> bool) -> Duration {
        let begun = Instant::now();
        while !is_so(self) {
            let ended = self.nspawn.try_wait().expect("a child");
            if begun.elapsed() > most || ended.is_some() {
                panic!("waited {:?} for this: {what}\n{}", begun.elapsed(), self.words());
            }
            std::thread::sleep(Duration::from_millis(200));
        }
        self.age()
    }

    /// Runs a shell's line in the box as root.
    pub fn root(&self, line: &str) -> Output {
        self.inside(&["sh", "-c", line])
    }

    /// Runs a shell's line in the box as a user.
    pub fn user(&self, user: &str, line: &str) -> Output {
        self.inside(&["runuser", "-u", user, "--", "sh", "-c", line])
    }

    fn inside(&self, command: &[&str]) -> Output {
        let begun = Instant::now();
        let leader = loop {
            match self.leader() {
                Some(leader) => break leader,
                None => assert!(begun.elapsed() < Duration::from_secs(20), "it does not come up"),
            }
            std::thread::sleep(Duration::from_millis(50));
        };
        Command::new("nsenter")
            .args([
                "--target", &leader, "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--root", "--wd", "--",
            ])
            .args(["env", "-i", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/"])
            .args(command)
            .stdin(Stdio::null())
            .output()
            .expect("nsenter runs")
    }

    /// Its first process, as the test sees it.
    fn leader(&self) -> Option<String> {
        let own = self.nspawn.id();
        let children = fs::read_to_string(format!("/proc/{own}/task/{own}/children")).ok()?;
        children.split_whitespace().next().map(str::to_owned)
    }

    /// What it says of itself: console, cloud-init, the units of ours.
    pub fn words(&self) -> String {
        let tail = |path: &Path| {
            let text = fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
            let lines: Vec<&str> = text.lines().collect();
            lines[lines.len().saturating_sub(30)..].join("\n")
        };
        let mut told = format!("--- console\n{}\n", tail(&self.directory.join("console")));
        told += &format!("--- cloud-init\n{}\n", tail(&self.file("/var/log/cloud-init-output.log")));
        if self.leader().is_some() {
            let journal = self.root(
                "systemctl --failed --no-legend; journalctl -b --no-pager -n 60 -o cat -u 'ampere-*' -u 'openclaw-*'",
            );
            told += &format!("--- journal\n{}", text(&journal));
        }
        told
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        // For a person who wants to look (nsenter --target PID --all).
        if std::thread::panicking() && std::env::var_os("AMPERE_BOX_STAY").is_some() {
            std::thread::sleep(Duration::from_secs(600));
        }
        // Its first process, and with it all others; killed itself, systemd-nspawn would leave them to run on. What fails here
        // fails because there is nothing left to end.
        match self.leader() {
            Some(leader) => _ = Command::new("kill").args(["-KILL", &leader]).status(),
            None => _ = self.nspawn.kill(),
        }
        _ = self.nspawn.wait();
        for _ in 0..50 {
            let gone = Command::new("umount").arg(self.directory.join("root")).stderr(Stdio::null()).status();
            if gone.is_ok_and(|status| status.success()) {
                break;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

/// Boots what is below a directory.
fn boot(directory: &Path) -> Child {
    let name = directory.file_name().expect("a name").to_string_lossy().into_owned();
    let log = fs::File::options().create(true).append(true).open(directory.join("console")).expect("made");
    Command::new("systemd-nspawn")
        .env("SYSTEMD_NSPAWN_UNIFIED_HIERARCHY", "1")
        .args(["--quiet", "--boot", "--register=no", "--keep-unit", "--console=pipe", "--kill-signal=SIGKILL"])
        .args(["--machine", &name, "--network-bridge", BRIDGE, "--directory"])
        .arg(directory.join("root"))
        .stdin(Stdio::null())
        .stdout(log.try_clone().expect("a second handle"))
        .stderr(log)
        .spawn()
        .expect("systemd-nspawn runs")
}

/// Network and data source, which on a server of Hetzner's are the image's and the host's affair, and a way to the mirror: by
/// loopback, since Ampere takes no address of packages that is neither https nor on the machine itself.
fn connect(root: &Path, address: &str) {
    let write = |path: &str, text: &str| {
        let path = root.join(path);
        fs::create_dir_all(path.parent().expect("a directory")).expect("made");
        fs::write(&path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    };
    let mut network = format!(
        "[Match]\nName=host0\n[Network]\nAddress={address}/32\nLinkLocalAddressing=ipv6\nIPv6AcceptRA=no\nDHCP=no\n"
    );
    for near in [CLOUD, MODEL, MESSENGER, MIRROR, METADATA] {
        network += &format!("[Route]\nDestination={near}/32\nScope=link\n");
    }
    write("etc/systemd/network/10-host0.network", &network);
    let source = "datasource_list: [NoCloud]\ndatasource: {NoCloud: {seedfrom: 'http://169.254.169.254/seed/'}}\n\
                  network: {config: disabled}\n";
    write("etc/cloud/cloud.cfg.d/99-lab.cfg", source);
    for port in [REGISTRY, FILES] {
        let socket = format!("[Socket]\nListenStream=127.0.0.1:{port}\n[Install]\nWantedBy=sockets.target\n");
        write(&format!("etc/systemd/system/lab-{port}.socket"), &socket);
        let proxy = format!("[Service]\nExecStart=/usr/lib/systemd/systemd-socket-proxyd {MIRROR}:{port}\n");
        write(&format!("etc/systemd/system/lab-{port}.service"), &proxy);
        let wants = root.join("etc/systemd/system/sockets.target.wants");
        fs::create_dir_all(&wants).expect("made");
        symlink(format!("../lab-{port}.socket"), wants.join(format!("lab-{port}.socket"))).expect("made");
    }
}

/// The names of model and messenger lead to the stand-ins, and OpenClaw trusts their certificate besides the usual ones.
fn lead_outside(lab: &Lab, root: &Path) {
    fs::copy(lab.scratch.join("outside.pem"), root.join("etc/lab.pem")).expect("copied");
    let hosts = format!("127.0.0.1 localhost\n{MODEL} api.anthropic.com\n{MESSENGER} api.telegram.org\n");
    fs::write(root.join("etc/hosts"), hosts).expect("written");
    let unit = root.join("etc/systemd/system/openclaw-gateway.service.d");
    fs::create_dir_all(&unit).expect("made");
    fs::write(unit.join("lab.conf"), "[Service]\nEnvironment=NODE_EXTRA_CA_CERTS=/etc/lab.pem\n").expect("written");
}

/// Both outputs of a command.
pub fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn checked(command: &mut Command) {
    let output = command.output().expect("it runs");
    assert!(output.status.success(), "{command:?}: {}", text(&output));
}
