//! Files and their names. Paths are those of Unix, with `/`.
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::call::Arguments;
use super::glob;
use super::signature::{Function, FunctionError, Parameter};
use crate::value::{Type, Value};

const PATH: Parameter = Parameter::string("path");

/// `abspath basename dirname file filebase64 fileexists fileset pathexpand`
pub(super) static FUNCTIONS: &[Function] = &[
    Function::new(
        "abspath",
        &[PATH],
        || Type::String,
        |a| Ok(Value::string(clean(&join(&a.host.current_directory(), a.string(0))))),
    ),
    Function::new("basename", &[PATH], || Type::String, |a| Ok(Value::string(base_name(a.string(0))))),
    Function::new("dirname", &[PATH], || Type::String, |a| Ok(Value::string(directory_name(a.string(0))))),
    Function::new("file", &[PATH], || Type::String, file),
    Function::new("filebase64", &[PATH], || Type::String, |a| Ok(Value::string(STANDARD.encode(read(a)?)))),
    Function::new("fileexists", &[PATH], || Type::Bool, file_exists),
    Function::new("fileset", &[PATH, Parameter::string("pattern")], || Type::set(Type::String), fileset),
    Function::new("pathexpand", &[PATH], || Type::String, |a| Ok(Value::string(expand(a, a.string(0))?))),
];

/// The path with `~` replaced by the home directory.
fn expand(a: &Arguments<'_>, path: &str) -> Result<String, FunctionError> {
    let Some(rest) = path.strip_prefix('~') else { return Ok(path.to_string()) };
    if !rest.is_empty() && !rest.starts_with('/') {
        return Err(FunctionError::new("cannot expand user-specific home dir"));
    }
    let home = a.host.home().ok_or_else(|| FunctionError::new("failed to expand ~: there is no home directory"))?;
    Ok(if rest.is_empty() { home } else { clean(&format!("{home}/{rest}")) })
}

/// The bytes of the file that the first argument names.
pub(super) fn read(a: &Arguments<'_>) -> Result<Vec<u8>, FunctionError> {
    let path = a.string(0);
    a.host.read_file(&clean(&expand(a, path)?)).map_err(|e| {
        let shown = a.shown(0, path);
        FunctionError::argument(0, match e.kind() {
            std::io::ErrorKind::NotFound => format!(
                "no file exists at {shown}; this function works only with files that are distributed as part of the configuration source code, so if this file will be created by a resource in this configuration you must instead obtain this result from an attribute of that resource"
            ),
            kind => format!("failed to read file {shown}: {kind}"),
        })
    })
}

fn file(a: &Arguments<'_>) -> Result<Value, FunctionError> {
    let text = String::from_utf8(read(a)?).map_err(|_| {
        let shown = a.shown(0, a.string(0));
        FunctionError::new(format!(
            "contents of {shown} are not valid UTF-8; use the filebase64 function to obtain the Base64 encoded contents or the other file functions (e.g. filemd5, filesha256) to obtain file hashing results instead"
        ))
    })?;
    Ok(Value::string(text))
}

fn file_exists(a: &Arguments<'_>) -> Result<Value, FunctionError> {
    let path = clean(&expand(a, a.string(0))?);
    match a.host.file_exists(&path) {
        Ok(exists) => Ok(Value::bool(exists)),
        Err(e) => {
            let shown = a.shown(0, &path);
            Err(FunctionError::argument(
                0,
                match e.kind() {
                    std::io::ErrorKind::IsADirectory => format!("{shown} is a directory, not a file"),
                    std::io::ErrorKind::InvalidInput => format!("{shown} is not a regular file"),
                    kind => format!("failed to stat {shown}: {kind}"),
                },
            ))
        }
    }
}

/// The files below a directory that match a pattern, relative to the directory.
fn fileset(a: &Arguments<'_>) -> Result<Value, FunctionError> {
    let directory = clean(a.string(0));
    let pattern = clean(&join(&directory, a.string(1)));
    let pattern = glob::parse(&pattern).map_err(|e| {
        let shown = a.shown(1, a.string(1));
        FunctionError::argument(1, format!("failed to glob pattern {shown}: {e}"))
    })?;
    let base = pattern.fixed_directory();
    let files = match a.host.walk_files(&base) {
        Ok(files) => files,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => vec![],
        Err(e) => {
            let shown = a.shown(0, &base);
            return Err(FunctionError::argument(0, format!("failed to list {shown}: {}", e.kind())));
        }
    };
    let full = files.iter().map(|file| clean(&join(&base, file)));
    let matching = full.filter(|path| pattern.matches(path)).map(|path| relative(&directory, &path));
    Ok(Value::set(Type::String, matching.map(Value::string)))
}

/// One path after the other; an absolute one stands alone.
fn join(base: &str, path: &str) -> String {
    match (base, path) {
        (_, path) if path.starts_with('/') => path.to_string(),
        ("" | ".", path) => path.to_string(),
        (base, "") => base.to_string(),
        (base, path) => format!("{base}/{path}"),
    }
}

/// The shortest form of a path: no empty, `.` or avoidable `..` component; `.` for nothing.
fn clean(path: &str) -> String {
    let absolute = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match (part, parts.last()) {
            ("" | ".", _) => {}
            ("..", Some(last)) if *last != ".." => {
                parts.pop();
            }
            ("..", None) if absolute => {}
            (part, _) => parts.push(part),
        }
    }
    match (absolute, parts.join("/")) {
        (true, rest) => format!("/{rest}"),
        (false, rest) if rest.is_empty() => ".".into(),
        (false, rest) => rest,
    }
}

fn base_name(path: &str) -> &str {
    let trimmed = path.trim_end_matches('/');
    match (path, trimmed) {
        ("", _) => ".",
        (_, "") => "/",
        (_, trimmed) => trimmed.rsplit('/').next().unwrap_or(trimmed),
    }
}

fn directory_name(path: &str) -> String {
    match path.rsplit_once('/') {
        Some(("", _)) => "/".into(),
        Some((directory, _)) => clean(directory),
        None => ".".into(),
    }
}

/// A path as seen from a directory; both are clean, and both absolute or both relative.
fn relative(directory: &str, path: &str) -> String {
    let from: Vec<&str> = directory.split('/').filter(|p| *p != ".").collect();
    let to: Vec<&str> = path.split('/').collect();
    let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = from[shared..].iter().map(|_| "..");
    up.chain(to[shared..].iter().copied()).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_cut_as_on_unix() {
        assert_eq!(["", "/", "a/b/", "a"].map(base_name), [".", "/", "b", "a"]);
        let directories = ["", "/", "a/b/", "a", "a//b"].map(directory_name);
        assert_eq!(directories, [".", "/", "a/b", ".", "a"].map(String::from));
        assert_eq!(clean("a/../b/./c//d"), "b/c/d");
        assert_eq!(relative("a/b", "a/c/d"), "../c/d");
        assert_eq!(relative(".", "c/d"), "c/d");
    }
}
