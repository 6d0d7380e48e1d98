//! A home directory of OpenClaw's, as a box has it, and OpenClaw's command in it.
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use crate::installed::{Installed, node};

pub struct Home {
    directory: tempfile::TempDir,
    installed: Installed,
}

impl Home {
    /// With the plugins that `tests/tools` installed, and the resolver as OpenClaw wants it.
    pub fn new(installed: Installed) -> Home {
        let directory = tempfile::tempdir().expect("a directory");
        let home = Home { directory, installed };
        fs::create_dir(home.state()).expect("its state");
        fs::set_permissions(home.state(), fs::Permissions::from_mode(0o700)).expect("its mode");
        // The records of the plugins; they name the place where the plugins are.
        let copied =
            Command::new("cp").arg("-a").arg(installed.home().join(".openclaw/state")).arg(home.state()).status();
        assert!(copied.expect("cp").success());
        fs::copy(resolver(), home.resolver()).expect("the resolver");
        fs::set_permissions(home.resolver(), fs::Permissions::from_mode(0o500)).expect("its mode");
        home
    }

    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    fn state(&self) -> PathBuf {
        self.path().join(".openclaw")
    }

    pub fn resolver(&self) -> PathBuf {
        self.path().join("ampere-resolver")
    }

    /// The configuration that `ampere-resolver configure` writes.
    pub fn configured(&self, root: &str) -> Value {
        let mut command = Command::new(self.resolver());
        let output =
            command.args(["configure", "--root", root]).env("HOME", self.path()).output().expect("the resolver");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = fs::read_to_string(self.state().join("openclaw.json")).expect("the configuration");
        serde_json::from_str(&text).expect("JSON")
    }

    pub fn configure(&self, configuration: &Value) {
        let path = self.state().join("openclaw.json");
        fs::write(&path, format!("{configuration:#}\n")).expect("the configuration");
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("its mode");
    }

    /// Node.js in the environment that a box gives OpenClaw, and nothing of ours.
    pub fn node(&self) -> Command {
        let mut command = Command::new(node());
        command.env_clear().current_dir(self.path());
        command.env("HOME", self.path()).env("PATH", "/usr/local/bin:/usr/bin:/bin");
        command.env("TMPDIR", std::env::temp_dir());
        command.env("OPENCLAW_CONFIG_READONLY", "1").env("OPENCLAW_NO_RESPAWN", "1");
        command.env("OPENCLAW_SERVICE_REPAIR_POLICY", "external");
        command.env("NODE_COMPILE_CACHE", ampere_tests::programs::tools().join("openclaw/compiled"));
        command
    }

    /// OpenClaw's program with these arguments.
    pub fn openclaw(&self, arguments: &[&str]) -> Command {
        let mut command = self.node();
        command.arg(self.installed.package().join("dist/index.js")).args(arguments);
        command
    }

    /// What OpenClaw's command says, and its exit code.
    pub fn run(&self, arguments: &[&str]) -> (i32, String) {
        said(&self.openclaw(arguments).output().expect("OpenClaw"))
    }

    /// What it says in JSON, and its exit code.
    pub fn ask(&self, arguments: &[&str]) -> (i32, Value) {
        let (code, text) = self.run(arguments);
        let value =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{arguments:?}: {code}, {error}: {text}"));
        (code, value)
    }

    pub fn package(&self) -> PathBuf {
        self.installed.package()
    }
}

/// The program, where the workspace's build puts it.
fn resolver() -> PathBuf {
    let test = std::env::current_exe().expect("the path of this test");
    let program = test.ancestors().nth(2).expect("target/<profile>/deps/test").join("ampere-resolver");
    assert!(program.exists(), "{} is not built: cargo build -p ampere-agent", program.display());
    program
}

fn said(output: &Output) -> (i32, String) {
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    if text.is_empty() {
        text = String::from_utf8_lossy(&output.stderr).into_owned();
    }
    (output.status.code().expect("an exit code"), text)
}
