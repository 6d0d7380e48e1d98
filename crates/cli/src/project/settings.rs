//! `ampere.toml`: what Terraform would not understand in a `.tf` file.
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::bounded;
use crate::failure::Failure;

/// The file's name.
pub const FILE: &str = "ampere.toml";

/// It holds a few lines: a longer file is another one.
const LONGEST: usize = 1 << 20;

/// Settings of a stack.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The stack's name: part of the mark that its objects bear. It must not change while there are objects.
    pub stack: String,
    /// How the log names who works; `user@host` without it.
    pub actor: Option<String>,
    /// Where keys come from.
    pub root_key: RootKeySettings,
}

/// `[root_key]`
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
pub struct RootKeySettings {
    /// A program and its arguments that prints the root key: a KMS, a keyring, a password store. Without it, the key file.
    pub command: Option<Vec<String>>,
    /// The file of the epoch keys, where several machines share one stack. Without it, `epochs` in the data directory.
    pub epochs: Option<PathBuf>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { stack: "default".to_owned(), actor: None, root_key: RootKeySettings::default() }
    }
}

impl Settings {
    /// Reads the file of a directory, if it is there.
    ///
    /// # Errors
    /// It cannot be read or is not what it should be; its text is not repeated.
    pub fn read(directory: &Path) -> Result<Settings, Failure> {
        let text = match bounded::read_to_string(&directory.join(FILE), LONGEST) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Settings::default()),
            Err(error) => return Err(invalid(format!("{FILE} cannot be read: {error}."))),
        };
        let settings: Settings = toml::from_str(&text).map_err(|error| {
            let before = error.span().map_or("", |span| &text[..span.start.min(text.len())]);
            let line = before.matches('\n').count() + 1;
            invalid(format!("{FILE} is not valid at line {line}. It may hold `stack` and `actor`, both texts, and a table [root_key] with `command`, a list of texts, and `epochs`, a path."))
        })?;
        let sound = !settings.stack.is_empty()
            && settings.stack.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        if settings.root_key.command.as_ref().is_some_and(Vec::is_empty) {
            Err(invalid("The command in [root_key] is a program and its arguments.".to_owned()))
        } else if sound {
            Ok(settings)
        } else {
            Err(invalid("The name of a stack is made of letters, digits, - and _.".to_owned()))
        }
    }

    /// Who works, for lock and log.
    pub fn actor(&self) -> String {
        self.actor.clone().unwrap_or_else(user_at_host)
    }
}

fn invalid(detail: String) -> Failure {
    Failure::error("Invalid settings", detail)
}

fn user_at_host() -> String {
    let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let user = variable("USER").or_else(|| variable("LOGNAME")).unwrap_or_else(|| "someone".to_owned());
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").ok().map(|name| name.trim().to_owned());
    let host = host.or_else(|| variable("HOSTNAME")).filter(|name| !name.is_empty());
    host.map_or(user.clone(), |host| format!("{user}@{host}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Settings, Failure> {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join(FILE), text).unwrap();
        Settings::read(directory.path())
    }

    #[test]
    fn the_file_is_optional_and_strict() {
        assert_eq!(Settings::read(Path::new("/nowhere")).unwrap(), Settings::default());
        assert_eq!(read("stack = \"blue\"").unwrap().stack, "blue");
        let given =
            read("[root_key]\ncommand = [\"pass\", \"ampere\"]\nepochs = \"/shared/epochs\"\n").unwrap().root_key;
        assert_eq!(given.command.unwrap(), ["pass", "ampere"]);
        assert_eq!(given.epochs.unwrap(), Path::new("/shared/epochs"));
        for wrong in [
            "[root_key]\ncommand = []",
            "[root_key]\nkey = \"x\"",
            "stak = \"blue\"",
            "stack = 1",
            "stack = \"a b\"",
            "stack = \"\"",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_error_names_the_line_and_no_text() {
        let failure = read("stack = \"a\"\nEXAMPLE = \"sk-ant-EXAMPLE\"\n").unwrap_err();
        let text = format!("{failure:?}");
        assert!(text.contains("line 2") && !text.contains("sk-ant-EXAMPLE"), "{text}");
    }
}
