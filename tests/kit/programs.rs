//! Programs of others, each on a loopback port of its own, that end with the test which started them.
//!
//! `tests/tools` installs them. Whatever is missing fails the test that asks for it, with a text that says so; only Google's
//! Firestore emulator, which no registry has, can be asked for first ([`firestore_emulator_jar`]).
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a program may take until it answers; a Java program on a busy machine takes a while.
const PATIENCE: Duration = Duration::from_secs(120);

/// Where Google's package `google-cloud-cli-firestore-emulator` puts the emulator.
const FIRESTORE_JAR: &str = "/usr/lib/google-cloud-sdk/platform/cloud-firestore-emulator/cloud-firestore-emulator.jar";

/// Runs a program, and ends it as soon as our end of the pipe closes: when the test drops it, panics or is killed.
const KEEPER: &str =
    "exec 3<&0; \"$@\" </dev/null 3<&- & program=$!; { read -r _ <&3; kill -9 $program; } & wait $program";

/// A running program.
#[derive(Debug)]
pub struct Program {
    name: &'static str,
    keeper: Child,
    address: SocketAddr,
    log: PathBuf,
}

/// Where `tests/tools` installs: below the target directory of this build.
pub fn tools() -> PathBuf {
    let test = std::env::current_exe().expect("the path of this test");
    test.ancestors().nth(3).expect("target/<profile>/deps/test").join("tools")
}

/// A file below [`tools`]; panics with what to do if it is not there.
pub fn tool(path: &str) -> PathBuf {
    let file = tools().join(path);
    assert!(file.exists(), "{} is not installed: run tests/tools first", file.display());
    file
}

/// The Firestore emulator, if this machine has it: what `AMPERE_FIRESTORE_EMULATOR` names, or where Google's package puts it.
///
/// # Errors
///
/// Which file is missing, as a sentence.
pub fn firestore_emulator_jar() -> Result<PathBuf, String> {
    let jar = std::env::var_os("AMPERE_FIRESTORE_EMULATOR").map_or_else(|| FIRESTORE_JAR.into(), PathBuf::from);
    if jar.exists() {
        return Ok(jar);
    }
    Err(format!(
        "Google's Firestore emulator is not at {} (Google's Debian package google-cloud-cli-firestore-emulator has it; \
         AMPERE_FIRESTORE_EMULATOR may name another place)",
        jar.display()
    ))
}

impl Program {
    /// Firebase's Auth emulator, of the npm package `firebase-tools`. Administrators' calls want `Authorization: Bearer owner`.
    pub fn auth_emulator(project: &str) -> Program {
        let server = "const [port, project] = process.argv.slice(1); \
                      require('firebase-tools/lib/emulator/auth/server.js').createApp(project)\
                      .then(app => app.listen(Number(port), '127.0.0.1'))";
        let project = project.to_owned();
        Program::start("auth emulator", move |port| {
            let mut command = node();
            command.args(["-e", server, &port.to_string(), &project]);
            command
        })
    }

    /// Google's Firestore emulator: gRPC and REST on one port.
    pub fn firestore_emulator(jar: &Path) -> Program {
        let program = Program::start("firestore emulator", |port| {
            let mut command = Command::new("java");
            command.args(["-Xmx512m", "-Duser.language=en", "-cp"]).arg(jar);
            command.args(["com.google.cloud.datastore.emulator.firestore.CloudFirestore", "start", "--host=127.0.0.1"]);
            command.arg(format!("--port={port}"));
            command
        });
        // Its first write takes seconds.
        let warm = "POST /v1/projects/demo-warm/databases/(default)/documents/warm?documentId=up HTTP/1.0\r\n\
                    Authorization: Bearer owner\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
        assert!(
            answer(program.address, warm).is_some(),
            "the Firestore emulator takes no write; see {:?}",
            program.log
        );
        program
    }

    /// The PyPI package `localstripe`, which would listen on all interfaces, and here listens on loopback.
    pub fn localstripe() -> Program {
        let loopback = crate::project_root().join("tests/clouds/programs/loopback");
        Program::start("localstripe", |port| {
            let mut command = Command::new(tool("python/bin/python"));
            command.args(["-m", "localstripe", "--from-scratch", "--port", &port.to_string()]);
            command.env("PYTHONPATH", &loopback).env("PYTHONDONTWRITEBYTECODE", "1");
            command
        })
    }

    /// The npm package `stripe-stateful-mock`.
    pub fn stripe_stateful_mock() -> Program {
        let server = "require('stripe-stateful-mock').createExpressApp().listen(Number(process.argv[1]), '127.0.0.1')";
        Program::start("stripe-stateful-mock", |port| {
            let mut command = node();
            command.args(["-e", server, &port.to_string()]);
            command
        })
    }

    /// Where it answers, e.g. `http://127.0.0.1:40123`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What it is called, and its port.
    pub fn place(&self) -> (&'static str, u16) {
        (self.name, self.address.port())
    }

    /// The id of a process that is the program's parent.
    pub fn id(&self) -> u32 {
        self.keeper.id()
    }

    /// Starts what `command` makes for a port, and waits until it answers.
    pub fn start(name: &'static str, command: impl Fn(u16) -> Command) -> Program {
        // The port is free when it is chosen; should somebody else be faster, another one is.
        for _ in 0..2 {
            if let Ok(program) = Program::try_start(name, &command) {
                return program;
            }
        }
        Program::try_start(name, &command).unwrap_or_else(|failure| panic!("{failure}"))
    }

    fn try_start(name: &'static str, command: &impl Fn(u16) -> Command) -> Result<Program, String> {
        let address = free_address();
        let logs = tools().join("logs");
        std::fs::create_dir_all(&logs).expect("a directory for logs");
        let log = logs.join(format!("{}-{}.log", name.replace(' ', "-"), address.port()));
        let keeper = kept(&command(address.port()), &log);
        let mut program = Program { name, keeper, address, log };
        let begun = Instant::now();
        while answer(address, "GET / HTTP/1.0\r\n\r\n").is_none() {
            let ended = program.keeper.try_wait().expect("its state");
            if ended.is_some() || begun.elapsed() > PATIENCE {
                return Err(program.failure());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(program)
    }

    /// What it said before it failed.
    fn failure(&self) -> String {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let last: Vec<_> = log.lines().rev().take(20).collect();
        let last: Vec<_> = last.into_iter().rev().collect();
        format!("{} does not answer. Its log {}:\n{}", self.name, self.log.display(), last.join("\n"))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // The keeper reads the end of its input, ends the program by its id, and ends itself.
        drop(self.keeper.stdin.take());
        let ended = self.keeper.wait();
        if ended.is_ok() && !std::thread::panicking() {
            // Of use to nobody; and if it cannot be removed, in nobody's way.
            let _removed = std::fs::remove_file(&self.log);
        }
    }
}

/// Node.js with the packages of `tests/tools`.
fn node() -> Command {
    let mut command = Command::new(tool("npm/node_modules/.bin/node"));
    command.env("NODE_PATH", tool("npm/node_modules"));
    command
}

fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its address")
}

fn kept(command: &Command, log: &Path) -> Child {
    let output = std::fs::File::create(log).expect("a log");
    let errors = output.try_clone().expect("the same log");
    let mut keeper = Command::new("sh");
    keeper.args(["-c", KEEPER, "sh"]).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => keeper.env(name, value),
            None => keeper.env_remove(name),
        };
    }
    keeper.stdin(Stdio::piped()).stdout(output).stderr(errors).spawn().expect("a shell")
}

/// What a server answers to a request, if it speaks HTTP.
fn answer(address: SocketAddr, request: &str) -> Option<String> {
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(30))).ok()?;
    stream.write_all(request.as_bytes()).ok()?;
    let mut text = Vec::new();
    // Some servers keep the connection open after their answer; its first bytes are enough.
    let mut buffer = [0; 1024];
    while text.len() < 12 {
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => break,
            Ok(n) => text.extend_from_slice(&buffer[..n]),
        }
    }
    let text = String::from_utf8_lossy(&text).into_owned();
    text.starts_with("HTTP/1.").then_some(text)
}
