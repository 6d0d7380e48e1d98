//! What others can get at of a process that runs.

use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};

use super::kit::Lab;

/// A command that waits for input, and has begun its work.
fn waiting(lab: &Lab, allow: &str) -> Child {
    let mut console = lab.command(&["console"]);
    // As a shell that allows them would start it.
    let mut shell = Command::new("sh");
    shell
        .arg("-c")
        .arg("ulimit -S -c $(ulimit -H -c) && exec \"$0\" \"$@\"")
        .arg(console.get_program())
        .args(console.get_args());
    shell.current_dir(console.get_current_dir().unwrap()).env("AMPERE_CORE_DUMPS", allow).env("AMPERE_LOG", "trace");
    shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let _ = &mut console;
    shell.spawn().unwrap()
}

fn limits(child: &Child) -> String {
    let path = format!("/proc/{}/limits", child.id());
    // It is the shell until it has become the command.
    for _ in 0..1000 {
        let name = std::fs::read_to_string(format!("/proc/{}/comm", child.id())).unwrap();
        if name.trim() == "ampere" {
            std::thread::sleep(std::time::Duration::from_millis(300));
            let text = std::fs::read_to_string(&path).unwrap();
            return text.lines().find(|line| line.starts_with("Max core file size")).unwrap().to_owned();
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    panic!("the command does not start");
}

fn end(mut child: Child) {
    child.stdin.take().unwrap().write_all(b"exit\n").unwrap();
    let mut told = String::new();
    child.stderr.take().unwrap().read_to_string(&mut told).unwrap();
    child.wait().unwrap();
    assert!(!told.contains("cannot be turned off") && !told.contains("can be read by others"), "{told}");
}

#[test]
fn core_dumps_are_off_unless_they_are_asked_for() {
    let lab = Lab::with("");
    let command = waiting(&lab, "");
    let off = limits(&command);
    assert_eq!(off.split_whitespace().nth(4), Some("0"), "{off}");
    end(command);
    let command = waiting(&lab, "1");
    let on = limits(&command);
    let words: Vec<&str> = on.split_whitespace().collect();
    assert_eq!(words.get(4), words.get(5), "as it was: {on}");
    end(command);
}
