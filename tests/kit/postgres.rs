//! A real Postgres server of the test's own: initialised in a temporary directory, on loopback, ended with the test.
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long the server may take until it answers, also after it was killed.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs the server; as soon as our end of the pipe closes it is shut down and its directory removed, unless a line came.
const KEEPER: &str = "exec 3<&0; \"$@\" </dev/null 3<&- & program=$!
{ read -r _ <&3 && exit; kill -INT $program; while kill -0 $program 2>/dev/null; do sleep 0.05; done; rm -rf \"$0\"; } &
wait $program";

/// A running server.
#[derive(Debug)]
pub struct Postgres {
    directory: PathBuf,
    port: u16,
    settings: Vec<(&'static str, String)>,
    keeper: Option<Child>,
}

/// The program of that name: on the path, or where Debian puts it. Panics with what to do if it is nowhere.
pub fn postgres_program(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places: Vec<PathBuf> = std::env::split_paths(&path).collect();
    places.push("/usr/local/bin".into());
    if let Ok(versions) = std::fs::read_dir("/usr/lib/postgresql") {
        places.extend(versions.flatten().map(|version| version.path().join("bin")));
    }
    let found = places.into_iter().map(|place| place.join(name)).find(|program| program.is_file());
    found.unwrap_or_else(|| panic!("{name} is not installed: run tests/tools, or apt-get install postgresql"))
}

/// The user that the server runs as: it refuses to run as root. None: the one who runs the test.
fn server_user() -> Option<(u32, u32)> {
    if std::fs::metadata("/proc/self").expect("/proc").uid() != 0 {
        return None;
    }
    let users = std::fs::read_to_string("/etc/passwd").expect("the users of this machine");
    let id = |name: &str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    Some(id("postgres").or_else(|| id("nobody")).expect("an unprivileged user: postgres or nobody"))
}

fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    if let Some((user, group)) = server_user() {
        command.uid(user).gid(group);
    }
    command.env("LC_ALL", "C").env("TZ", "UTC").current_dir("/");
    command
}

impl Postgres {
    /// A server with an empty database `postgres`, whose superuser `postgres` needs no password.
    pub fn start() -> Postgres {
        Postgres::start_with(&[])
    }

    /// The same with settings (`postgresql.conf`).
    pub fn start_with(settings: &[(&'static str, &str)]) -> Postgres {
        let directory = tempfile::tempdir().expect("a directory").keep();
        if let Some((user, group)) = server_user() {
            std::os::unix::fs::chown(&directory, Some(user), Some(group)).expect("the server's directory");
        }
        let data = directory.join("data");
        let made = command(&postgres_program("initdb"))
            .args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "-D"])
            .arg(&data)
            .output()
            .expect("initdb runs");
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        let port = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port").port();
        let settings = settings.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        let mut server = Postgres { directory, port, settings, keeper: None };
        server.run();
        server
    }

    /// The database, for the superuser.
    pub fn url(&self) -> String {
        self.url_for("postgres", "sslmode=disable")
    }

    /// The database, for somebody, with parameters.
    pub fn url_for(&self, user: &str, parameters: &str) -> String {
        format!("postgres://{user}@127.0.0.1:{}/postgres?{parameters}", self.port)
    }

    /// Where it listens on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its data directory: heap, write-ahead log, configuration.
    pub fn data(&self) -> PathBuf {
        self.directory.join("data")
    }

    /// What it has logged so far.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(self.directory.join("log")).unwrap_or_default()).into_owned()
    }

    /// Writes a file into its data directory that only it may read, such as a key.
    pub fn write(&self, name: &str, text: &str) {
        use std::os::unix::fs::PermissionsExt;
        let path = self.data().join(name);
        std::fs::write(&path, text).expect("written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("its mode");
        if let Some((user, group)) = server_user() {
            std::os::unix::fs::chown(&path, Some(user), Some(group)).expect("its owner");
        }
    }

    /// Sets something for the next time it is started.
    pub fn set(&mut self, name: &'static str, value: &str) {
        self.settings.push((name, value.to_owned()));
    }

    /// Starts it again after [`Postgres::stop`] or [`Postgres::kill`], on the same port, and waits until it answers.
    pub fn run(&mut self) {
        let begun = Instant::now();
        loop {
            self.spawn();
            if self.waits_for_clients(begun) {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "the server does not start:\n{}", self.log());
            // After it was killed its old processes are still ending.
            self.end_keeper();
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn spawn(&mut self) {
        let log = std::fs::OpenOptions::new().append(true).create(true).open(self.directory.join("log"));
        let log = log.expect("a log");
        let mut keeper = command(Path::new("sh"));
        keeper.args(["-c", KEEPER]).arg(&self.directory).arg(postgres_program("postgres")).arg("-D").arg(self.data());
        keeper.arg("-k").arg(&self.directory).args(["-p", &self.port.to_string(), "-h", "127.0.0.1"]);
        for (name, value) in &self.settings {
            keeper.arg("-c").arg(format!("{name}={value}"));
        }
        let errors = log.try_clone().expect("the same log");
        let keeper = keeper.stdin(Stdio::piped()).stdout(log).stderr(errors).spawn().expect("a shell");
        self.keeper = Some(keeper);
    }

    /// False if it has ended before it was ready.
    fn waits_for_clients(&mut self, begun: Instant) -> bool {
        while begun.elapsed() < PATIENCE {
            // The eighth line of the file is its status.
            let status = std::fs::read_to_string(self.data().join("postmaster.pid")).unwrap_or_default();
            let ended = self.keeper.as_mut().is_none_or(|keeper| keeper.try_wait().expect("its state").is_some());
            if ended {
                return false;
            }
            if status.lines().nth(7).is_some_and(|line| line.trim() == "ready") && self.pid_is_new(&status) {
                return true;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        false
    }

    /// Whether the file is of the server that was just started: one that was killed leaves its own behind.
    fn pid_is_new(&self, status: &str) -> bool {
        let pid = status.lines().next().unwrap_or_default().trim();
        let parent = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let parent = parent.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().nth(1).map(str::to_owned));
        parent == self.keeper.as_ref().map(|keeper| keeper.id().to_string())
    }

    /// Shuts it down as an administrator would who does not wait for sessions.
    pub fn stop(&mut self) {
        self.signal("-INT");
        self.end_keeper();
    }

    /// Kills it, as the kernel does when memory ends.
    pub fn kill(&mut self) {
        self.signal("-KILL");
        self.end_keeper();
    }

    /// Shuts it down and starts it again.
    pub fn restart(&mut self) {
        self.stop();
        self.run();
    }

    fn signal(&self, signal: &str) {
        let status = std::fs::read_to_string(self.data().join("postmaster.pid")).expect("it runs");
        let pid = status.lines().next().expect("a process id").trim();
        assert!(self.pid_is_new(&status), "it has ended already");
        assert!(Command::new("kill").args([signal, pid]).status().expect("kill runs").success());
    }

    /// Lets the keeper go without removing the directory.
    fn end_keeper(&mut self) {
        let Some(mut keeper) = self.keeper.take() else { return };
        if let Some(mut pipe) = keeper.stdin.take() {
            // It may have ended already.
            let _sent = pipe.write_all(b"leave\n");
        }
        keeper.wait().expect("the server ends");
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if self.keeper.is_some() {
            self.stop();
        }
        // What cannot be removed is in nobody's way.
        let _removed = std::fs::remove_dir_all(&self.directory);
    }
}
