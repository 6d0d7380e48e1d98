//! A sandbox that listens on another port than last time. A real cloud never moves, so boxes only know where it was when they were born.

use std::path::Path;

/// Where the sandbox listened when the boxes were last on.
const ADDRESS: &str = "address";
/// Where a box keeps the base URLs of its mailbox.
const SETTINGS: &str = "etc/ampere/agent.json";

/// Tells all boxes below `home` where the sandbox is now.
///
/// # Errors
///
/// The disk's.
pub(crate) fn tell(home: &Path, base: &str) -> std::io::Result<()> {
    let note = home.join(ADDRESS);
    let before = std::fs::read_to_string(&note).unwrap_or_default();
    if before == base {
        return Ok(());
    }
    // With what follows a host and a port in a URL, so that no port is taken for the beginning of another.
    let (old, new) = (format!("\"{before}/"), format!("\"{base}/"));
    for root in std::fs::read_dir(home).into_iter().flatten().flatten() {
        let path = root.path().join(SETTINGS);
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        if !before.is_empty() && text.contains(&old) {
            super::files::write(&path, text.replace(&old, &new).as_bytes(), 0o644)?;
        }
    }
    super::files::write(&note, base.as_bytes(), 0o644)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_are_told_where_the_sandbox_has_moved_to_and_nothing_else() {
        let home = tempfile::tempdir().expect("a directory");
        let path = home.path().join("7").join(SETTINGS);
        let said = |base: &str| {
            tell(home.path(), base).expect("it is written");
            std::fs::read_to_string(&path).expect("settings")
        };
        let settings = r#"{"firestore":"http://127.0.0.1:400/firestore","secure_token":"http://127.0.0.1:4000/x"}"#;
        super::super::files::write(&path, settings.as_bytes(), 0o644).expect("it is written");
        assert_eq!(said("http://127.0.0.1:400"), settings, "who has never moved tells nothing");
        assert_eq!(said("http://127.0.0.1:500"), settings.replace(":400/", ":500/"));
    }
}
