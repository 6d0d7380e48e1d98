//! A directory with a configuration, the clouds in this process, and the command as a child.
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use ampere_sandbox::{Boxes, Config, Endpoints, Sandbox};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use thiserror::Error;
use tokio::runtime::Handle;

use super::Ground;
use super::inhabitants::Inhabitants;
use super::watcher::{Seen, Strike, Watcher};

/// A command that takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long a Hetzner action takes here.
const ACTION_TIME: Duration = Duration::from_millis(10);

/// Why a rig cannot be used. It is never the command's fault.
#[derive(Debug, Error)]
pub enum RigError {
    /// A file.
    #[error("{}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The clouds.
    #[error("the sandbox cannot be started")]
    Sandbox(#[from] ampere_sandbox::StartError),
    /// The child.
    #[error("ampere cannot be run")]
    Child(#[source] io::Error),
    /// The control API.
    #[error("{0}: the sandbox does not answer as it should")]
    Control(String, #[source] Box<ureq::Error>),
    /// A preparation that must succeed.
    #[error("ampere {command} ends with {code}:\n{text}")]
    Preparation {
        /// The arguments.
        command: String,
        /// How it ended.
        code: i32,
        /// What it said.
        text: String,
    },
}

/// What a command did.
#[derive(Debug)]
pub struct Run {
    /// Its exit code; negative for the signal that ended it.
    pub code: i32,
    /// What it said.
    pub text: String,
    /// What the clouds saw.
    pub seen: Seen,
}

/// What goes wrong while a command runs.
#[derive(Default)]
pub struct Blows {
    /// At one of its calls.
    pub strike: Option<Strike>,
    /// By the programs that it runs below.
    pub wrapper: Vec<String>,
    /// After so many of its calls an earlier command's late call takes effect.
    pub late_after: Option<usize>,
}

/// See the module.
pub struct Rig {
    directory: PathBuf,
    program: PathBuf,
    sandbox: Option<Sandbox>,
    watcher: Arc<Watcher>,
    runtime: Handle,
    environment: Vec<(&'static str, String)>,
}

impl Rig {
    /// The clouds kept in `directory`, where the command finds them as the stack's own sandbox, with somebody in every server;
    /// or, without `boxes`, as real clouds would be found: by the environment.
    ///
    /// # Errors
    /// The sandbox cannot be started.
    pub fn open(directory: &Path, ground: &Ground, boxes: bool) -> Result<Rig, RigError> {
        let watcher = Arc::new(Watcher::default());
        let config = Config {
            directory: Some(directory.join(".ampere/sandbox")),
            action_time: ACTION_TIME,
            boxes: boxes.then(|| Arc::new(Inhabitants::default()) as Arc<dyn Boxes>),
            watch: Some(watcher.clone()),
            ..Config::default()
        };
        let sandbox = ground.runtime.block_on(Sandbox::start(config))?;
        let environment = if boxes { Vec::new() } else { environment(sandbox.endpoints()) };
        let (program, runtime) = (ground.program.clone(), ground.runtime.clone());
        Ok(Rig { directory: directory.to_owned(), program, sandbox: Some(sandbox), watcher, runtime, environment })
    }

    /// Runs a command to its end.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn ampere(&self, arguments: &str) -> Result<Run, RigError> {
        self.run(arguments, Blows::default())
    }

    /// Runs a command that must succeed.
    ///
    /// # Errors
    /// It does not.
    pub fn prepare(&self, arguments: &str) -> Result<Run, RigError> {
        let run = self.ampere(arguments)?;
        if run.code == 0 {
            return Ok(run);
        }
        Err(RigError::Preparation { command: arguments.into(), code: run.code, text: run.text })
    }

    /// The command below other programs, ready to be spawned.
    pub fn command(&self, arguments: &str, wrapper: &[String]) -> Command {
        let mut words = wrapper.iter().map(String::as_str);
        let mut command = match words.next() {
            Some(outer) => Command::new(outer),
            None => Command::new(&self.program),
        };
        if !wrapper.is_empty() {
            command.args(words).arg(&self.program);
        }
        command.args(arguments.split_whitespace()).current_dir(&self.directory);
        // What the machine has of variables that the command listens to is kept from it.
        command.env_clear().envs(std::env::vars().filter(|(name, _)| ["PATH", "HOME", "TMPDIR"].contains(&&**name)));
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs a command while something goes wrong.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn run(&self, arguments: &str, blows: Blows) -> Result<Run, RigError> {
        let Blows { strike, wrapper, late_after } = blows;
        let mut command = self.command(arguments, &wrapper);
        self.watcher.begin(strike, late_after);
        let child = command.spawn().map_err(RigError::Child)?;
        let process = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        if let Some(process) = process {
            self.watcher.spawned(process);
        }
        let (ended, end) = channel::<()>();
        let output = std::thread::scope(|scope| {
            scope.spawn(move || {
                if let (Err(RecvTimeoutError::Timeout), Some(process)) = (end.recv_timeout(PATIENCE), process) {
                    // A hanging command ends as one that was struck by nobody.
                    let _gone = kill_process(process, Signal::KILL);
                }
            });
            let output = child.wait_with_output();
            drop(ended);
            output
        });
        let output = output.map_err(RigError::Child)?;
        let signal = std::os::unix::process::ExitStatusExt::signal(&output.status).unwrap_or(0);
        let text = [output.stdout, output.stderr].concat();
        Ok(Run {
            code: output.status.code().unwrap_or(-signal),
            text: String::from_utf8_lossy(&text).into_owned(),
            seen: self.watcher.end(),
        })
    }

    /// Who sees the calls.
    pub fn watcher(&self) -> &Watcher {
        &self.watcher
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.directory
    }

    /// A call of the sandbox's control API.
    ///
    /// # Errors
    /// It does not succeed.
    pub fn control(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value, RigError> {
        let Some(sandbox) = &self.sandbox else { return Ok(Value::Null) };
        let url = format!("{}{path}", sandbox.endpoints().control);
        let failed = |error| RigError::Control(format!("{method} {path}"), Box::new(error));
        let answer = match (method, body) {
            ("GET", _) => ureq::get(&url).call(),
            ("DELETE", _) => ureq::delete(&url).call(),
            ("PATCH", Some(body)) => ureq::patch(&url).content_type("application/json").send(body.to_string()),
            (_, body) => {
                let body = body.map(Value::to_string).unwrap_or_default();
                ureq::post(&url).content_type("application/json").send(body)
            }
        };
        let text = answer.map_err(failed)?.body_mut().with_config().limit(1 << 30).read_to_string().map_err(failed)?;
        Ok(serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    /// Writes a file of the configuration.
    ///
    /// # Errors
    /// The disk's.
    pub fn write(&self, name: &str, text: &str) -> Result<(), RigError> {
        let path = self.directory.join(name);
        fs::write(&path, text).map_err(|source| RigError::File { path, source })
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        // What was answered is kept; requests of agents under way may be dropped.
        if let Some(sandbox) = self.sandbox.take() {
            let _guard = self.runtime.enter();
            drop(sandbox);
        }
    }
}

/// What a shell would be given so that `ampere` speaks to these clouds.
fn environment(at: &Endpoints) -> Vec<(&'static str, String)> {
    vec![
        ("HCLOUD_ENDPOINT", at.hetzner.clone()),
        ("HCLOUD_TOKEN", "test-token".into()),
        ("STRIPE_API_BASE", at.stripe.clone()),
        ("STRIPE_API_KEY", "sk_test_EXAMPLE".into()),
        ("AMPERE_IDENTITY_TOOLKIT_ENDPOINT", at.identity_toolkit.clone()),
        ("AMPERE_FIRESTORE_ENDPOINT", at.firestore.clone()),
        ("GOOGLE_CLOUD_PROJECT", "demo-ampere".into()),
        ("GOOGLE_OAUTH_ACCESS_TOKEN", "owner".into()),
    ]
}

/// Copies a directory with all that is in it but sockets; modes are kept.
///
/// # Errors
/// The disk's.
pub fn copy(from: &Path, to: &Path) -> Result<(), RigError> {
    let at = |path: &Path| {
        let path = path.to_owned();
        move |source| RigError::File { path, source }
    };
    fs::create_dir_all(to).map_err(at(to))?;
    let mode = fs::metadata(from).map_err(at(from))?.permissions().mode();
    for entry in fs::read_dir(from).map_err(at(from))? {
        let entry = entry.map_err(at(from))?;
        let (path, kind) = (entry.path(), entry.file_type().map_err(at(from))?);
        let target = to.join(entry.file_name());
        if kind.is_dir() {
            copy(&path, &target)?;
        } else if kind.is_symlink() {
            let aim = fs::read_link(&path).map_err(at(&path))?;
            std::os::unix::fs::symlink(aim, &target).map_err(at(&target))?;
        } else if kind.is_file() {
            fs::copy(&path, &target).map_err(at(&path))?;
        }
    }
    fs::set_permissions(to, fs::Permissions::from_mode(mode)).map_err(at(to))
}
