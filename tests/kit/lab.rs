//! A directory with a configuration, and the command run in it as a user would.
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::Cloud;

/// How the variables begin that a command would listen to: what the machine has of them is kept from the tests.
const OURS: [&str; 5] = ["TF_", "AMPERE_", "HCLOUD_", "STRIPE_", "GOOGLE_"];

/// A working directory and, unless it uses the embedded one, a cloud.
pub struct Lab {
    directory: TempDir,
    cloud: Option<Cloud>,
    environment: BTreeMap<String, String>,
}

/// What a command did.
pub struct Run {
    /// Its exit code; -1 if a signal ended it.
    pub code: i32,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
}

/// A command under way.
pub struct Running(Child);

impl Running {
    /// Presses Ctrl-C.
    pub fn interrupt(&self) {
        self.signal("-INT");
    }

    /// Asks it to end, as who stops a service does.
    pub fn terminate(&self) {
        self.signal("-TERM");
    }

    fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.0.id().to_string()]).status().expect("kill runs");
        assert!(sent.success(), "the command has ended already");
    }

    /// Kills it, as the kernel does when memory ends.
    pub fn kill(mut self) {
        self.0.kill().expect("it runs");
        self.0.wait().expect("it ends");
    }

    /// Waits until it ends.
    pub fn end(self) -> Run {
        let output = self.0.wait_with_output().expect("it ends");
        Run {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Run {
    /// Both outputs, the errors last.
    pub fn text(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }

    /// Both outputs as running text: without the frames and line breaks of diagnostics.
    pub fn prose(&self) -> String {
        self.text().split_whitespace().filter(|word| !["│", "╷", "╵"].contains(word)).collect::<Vec<_>>().join(" ")
    }

    /// Panics unless the exit code is this one.
    pub fn exits(self, code: i32) -> Run {
        assert_eq!(self.code, code, "exit code\n--- stdout\n{}\n--- stderr\n{}", self.stdout, self.stderr);
        self
    }

    /// Panics unless the output holds this text, perhaps wrapped.
    pub fn says(self, text: &str) -> Run {
        let said = self.text().contains(text) || self.prose().contains(text);
        assert!(said, "no {text:?} in\n--- stdout\n{}\n--- stderr\n{}", self.stdout, self.stderr);
        self
    }

    /// Panics if the output holds this text.
    pub fn keeps_quiet_about(self, text: &str) -> Run {
        let said = self.text().contains(text) || self.prose().contains(text);
        assert!(!said, "the output holds what it must not ({} bytes)", text.len());
        self
    }
}

impl Lab {
    /// An empty directory with a cloud of its own.
    pub fn new() -> Lab {
        let cloud = Cloud::start();
        let environment = cloud.environment().into_iter().map(|(k, v)| (k.to_owned(), v)).collect();
        Lab { directory: tempfile::tempdir().expect("a directory"), cloud: Some(cloud), environment }
    }

    /// An empty directory where nothing is configured: `ampere` starts its embedded sandbox.
    pub fn embedded() -> Lab {
        Lab { directory: tempfile::tempdir().expect("a directory"), cloud: None, environment: BTreeMap::new() }
    }

    /// Copies an example into the directory.
    pub fn with_example(self, name: &str) -> Lab {
        let from = project_root().join("examples").join(name);
        for entry in std::fs::read_dir(&from).unwrap_or_else(|e| panic!("{}: {e}", from.display())) {
            let path = entry.expect("an entry").path();
            if path.is_file() {
                std::fs::copy(&path, self.path().join(path.file_name().expect("a name"))).expect("copied");
            }
        }
        self
    }

    /// Sets a variable of the environment for the runs to come.
    pub fn set(&mut self, name: &str, value: &str) {
        self.environment.insert(name.to_owned(), value.to_owned());
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// The cloud; panics for an embedded one.
    pub fn cloud(&self) -> &Cloud {
        self.cloud.as_ref().expect("this lab has a cloud of its own")
    }

    /// Writes a file.
    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path().join(name), text).expect("written");
    }

    /// Removes a file, or all whose paths begin with what stands before a last `*`; panics if there is none.
    pub fn remove(&self, name: &str) {
        let path = self.path().join(name);
        let Some(beginning) = name.strip_suffix('*') else {
            return std::fs::remove_file(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        };
        let beginning = self.path().join(beginning);
        let entries = std::fs::read_dir(beginning.parent().expect("a directory")).expect("the directory is there");
        let paths = entries.map(|entry| entry.expect("an entry").path());
        let meant: Vec<_> = paths
            .filter(|p| p.as_os_str().as_encoded_bytes().starts_with(beginning.as_os_str().as_encoded_bytes()))
            .collect();
        assert!(!meant.is_empty(), "there is no {name}");
        for path in meant {
            std::fs::remove_file(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        }
    }

    /// Replaces a text in a file; panics if it is not there.
    pub fn edit(&self, name: &str, from: &str, to: &str) {
        let path = self.path().join(name);
        let text = std::fs::read_to_string(&path).expect("read");
        assert!(text.contains(from), "{name} holds no {from:?}");
        std::fs::write(path, text.replace(from, to)).expect("written");
    }

    /// The command, ready to be run or spawned.
    pub fn command<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Command {
        let mut command = Command::new(binary());
        command.args(arguments).current_dir(self.path()).stdin(Stdio::null());
        for (name, _) in std::env::vars().filter(|(n, _)| OURS.iter().any(|p| n.starts_with(p))) {
            command.env_remove(name);
        }
        command.envs(&self.environment);
        command
    }

    /// Runs the command; arguments are split at white space.
    pub fn ampere(&self, arguments: &str) -> Run {
        self.start(arguments).end()
    }

    /// Starts the command and does not wait for it.
    pub fn start(&self, arguments: &str) -> Running {
        let mut command = self.command(arguments.split_whitespace());
        Running(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("ampere runs"))
    }
}

impl Default for Lab {
    fn default() -> Lab {
        Lab::new()
    }
}

/// The root of the project.
pub fn project_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ lies in the project").to_path_buf()
}

/// The `ampere` command of this build.
pub fn binary() -> PathBuf {
    let test = std::env::current_exe().expect("the path of this test");
    let profile = test.parent().and_then(Path::parent).expect("target/<profile>/deps");
    let binary = profile.join("ampere");
    assert!(binary.exists(), "{} is not built: run `cargo build --workspace` first", binary.display());
    binary
}
