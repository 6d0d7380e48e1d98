//! What others can see of a process: its environment, its command line, its memory.
use std::fs;
use std::path::Path;
use std::process::Command;

/// Its environment; none if it has ended.
pub fn environment(process: u32) -> Option<Vec<u8>> {
    fs::read(format!("/proc/{process}/environ")).ok()
}

/// Its command line; none if it has ended.
pub fn command_line(process: u32) -> Option<Vec<u8>> {
    fs::read(format!("/proc/{process}/cmdline")).ok()
}

/// All of its memory, as a core dump has it.
pub fn memory(process: u32, directory: &Path) -> Vec<u8> {
    let prefix = directory.join("core");
    let made = Command::new("gcore").arg("-o").arg(&prefix).arg(process.to_string()).output();
    let made = made.unwrap_or_else(|error| panic!("gcore cannot be run ({error}): install gdb"));
    let path = directory.join(format!("core.{process}"));
    let image = fs::read(&path).unwrap_or_else(|error| {
        panic!("no core dump at {}: {error}\n{}", path.display(), String::from_utf8_lossy(&made.stderr))
    });
    fs::remove_file(&path).expect("removed");
    image
}
