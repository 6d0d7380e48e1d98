//! A mail server by aiosmtpd, alive as long as its value.
use std::io::{BufRead, BufReader, Lines};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A server, and the mails that it took.
pub struct Server {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    port: u16,
    tls: bool,
    directory: TempDir,
}

impl Server {
    /// Starts one (see `server.py`); panics if the programs of `tests/tools` are not there.
    pub fn start(arguments: &[&str]) -> Server {
        let directory = tempfile::tempdir().expect("a directory");
        let root = ampere_tests::project_root();
        let mut command = Command::new(ampere_tests::programs::tool("python/bin/python"));
        command.arg(root.join("tests/clouds/mail/server.py")).arg(directory.path()).args(arguments);
        let mut child = command.stdout(Stdio::piped()).spawn().expect("Python runs");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let port = lines.next().expect("a line").expect("a text").parse().expect("a port");
        Server { child, lines, port, tls: arguments[0] != "none", directory }
    }

    /// Its URL; `login` is `user:password@` or nothing. With a login encryption is asked for.
    pub fn url(&self, scheme: &str, login: &str) -> String {
        let asked = if (self.tls || !login.is_empty()) && scheme == "smtp" { "?tls=required" } else { "" };
        format!("{scheme}://{login}localhost:{}{asked}", self.port)
    }

    /// The certificate of its authority.
    pub fn authority(&self) -> PathBuf {
        self.directory.path().join("ca.pem")
    }

    /// The next mail that it took.
    pub fn mail(&mut self) -> Value {
        let line = self.lines.next().expect("a mail").expect("a text");
        serde_json::from_str(&line).expect("JSON")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let killed = self.child.kill().and_then(|()| self.child.wait().map(drop));
        killed.expect("the mail server was running");
    }
}
