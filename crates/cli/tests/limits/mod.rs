//! What asks for more than a machine has ends in a finding: in a process that may have 4 GiB and no more.
use std::io::Write;
use std::process::Stdio;

use super::kit::{Lab, Run};

/// Kibibytes of address space that a run may have.
const MOST_MEMORY: u32 = 4 << 20;

/// Runs the command with its memory bounded.
fn bounded(lab: &Lab, args: &[&str], input: &str) -> Run {
    let command = lab.command(args);
    let mut shell = std::process::Command::new("sh");
    shell.arg("-c").arg(format!("ulimit -v {MOST_MEMORY} && exec \"$0\" \"$@\"")).arg(command.get_program());
    shell.args(command.get_args()).current_dir(lab.path()).stdin(Stdio::piped());
    let mut child = shell.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    Run::of(child.wait_with_output().unwrap())
}

/// What was told, as one line.
fn told(run: &Run) -> String {
    run.stderr.replace(['│', '╷', '╵'], " ").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// An expression, asked at the console, ends with this finding, told where.
#[track_caller]
fn refuses(expression: &str, expected: &str) {
    let lab = Lab::with("");
    let run = bounded(&lab, &["console"], &format!("{expression}\n"));
    let text = told(&run);
    assert_eq!(run.code, 1, "{expression}: {} {text}", run.stdout);
    assert!(text.contains(expected), "{expression}: {text}");
    assert!(text.contains("<console-input>") || text.contains("line 1"), "{expression} says where: {text}");
}

#[test]
fn loops_inside_loops_end() {
    refuses("[for a in range(1000): [for b in range(1000): [for c in range(1000): c]]]", "Value too large");
    // Neither `try` nor `can` can make something of it.
    refuses("try([for a in range(1000): [for b in range(1000): [for c in range(1000): c]]], 1)", "Value too large");
    refuses("range(1000)[*] == 1 ? 1 : [for a in range(1000): [for b in range(1000): range(1000)]]", "Value too large");
    refuses("range(1000000000)", "more than 1024 values were generated");
    let tens = "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]";
    refuses(&format!("setproduct({})", [tens; 9].join(", ")), "more than 1048576 combinations");
}

#[test]
fn texts_end() {
    refuses(
        "\"%{ for a in range(1000) }%{ for b in range(1000) }%{ for c in range(1000) }x%{ endfor }%{ endfor }%{ endfor }\"",
        "Text too long",
    );
    refuses("format(\"%1000000000s\", \"x\")", "number too large");
    refuses(
        "format(join(\"\", [for a in range(1000): \"%1000000s\"]), [for a in range(1000): a]...)",
        "longer than 32 MiB",
    );
    refuses("formatlist(\"%1000000s\", range(1000))", "larger than 512 MiB");
    refuses("join(format(\"%1000000s\", \"\"), range(1000))", "longer than 32 MiB");
    let million = "format(\"%1000000s\", \"\")";
    refuses(&format!("replace({million}, \" \", {million})"), "longer than 32 MiB");
    refuses(&format!("replace({million}, \"/ /\", {million})"), "longer than 32 MiB");
    refuses(&format!("indent(65536, replace({million}, \" \", \"\\n\"))"), "longer than 32 MiB");
    refuses("indent(1000000000, \"a\")", "between 0 and 65536");
    let sixteen = "join(\"\", [for a in range(20): format(\"%1000000s\", \"\")])";
    refuses(&format!("split(\"\", {sixteen})"), "more than 4194304 pieces");
    refuses(&format!("jsondecode({sixteen})"), "is longer than 16 MiB");
    refuses(&format!("base64decode({sixteen})"), "is longer than 16 MiB");
}

#[test]
fn encodings_of_much_end() {
    let commas = "join(\"\", [for a in range(15): replace(format(\"%1000000s\", \"\"), \" \", \"1,\")])";
    refuses(&format!("jsondecode(\"[${{{}}}1]\")", commas.replace("range(15)", "range(8)")), "too large");
    let rows = "replace(format(\"%1000000s\", \"\"), \" \", \"\\n1,2,3\")";
    refuses(&format!("csvdecode(\"a,b,c${{{rows}}}${{{rows}}}\")"), "too many values");
    let bomb = "a: &a [x,x,x,x,x,x,x,x,x,x]\\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e,*e]\\ng: [*f,*f,*f,*f,*f,*f,*f,*f,*f,*f]";
    refuses(&format!("yamldecode(\"{bomb}\")"), "too many values");
    refuses("jsondecode(join(\"\", [for a in range(1000): \"[\"]))", "invalid JSON");
    refuses("yamldecode(join(\"\", [for a in range(1000): \"[\"]))", "yaml");
}

#[test]
fn patterns_end() {
    refuses("regex(\"((((a{1,100}){1,100}){1,100}){1,100}){1,100}\", \"a\")", "it is too large");
    refuses("replace(\"a\", \"/(x{1000}){1000}/\", \"\")", "it is too large");
    // No pattern makes the engine go back and forth.
    let lab = Lab::with("");
    let run = bounded(&lab, &["console"], "length(regexall(\"(a*)*b\", format(\"%100000s\", \"\")))\n").exits(0);
    assert_eq!(run.stdout.trim(), "0");
}

#[test]
fn numbers_end() {
    let lab = Lab::with("");
    let infinite = bounded(&lab, &["console"], "1e999999999\n").exits(0);
    assert!(infinite.stdout.contains("Inf"), "{}", infinite.stdout);
    assert_eq!(bounded(&lab, &["console"], "1e-999999999\n").exits(0).stdout.trim(), "0");
    assert_eq!(bounded(&lab, &["console"], "length(split(\"\", 1e70000))\n").exits(0).stdout.trim(), "70001");
    assert_eq!(bounded(&lab, &["console"], "1e60000 * 1e60000 == 1/0\n").exits(0).stdout.trim(), "true");
    refuses("parseint(format(\"%1000000d\", 1), 16)", "digits");
    refuses("tonumber(replace(format(\"%200000s\", \"\"), \" \", \"9\"))", "decimal representation of a number");
    refuses("bcrypt(\"a\", 31)", "outside allowed range (4,18)");
}

#[test]
fn networks_end() {
    refuses("cidrsubnets(\"10.0.0.0/8\", [for a in range(1024): 2]...)", "not enough remaining address space");
}

#[test]
fn locals_that_repeat_each_other_end() {
    let mut text = String::from("locals {\n  l0 = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]\n");
    for n in 1..40 {
        let before = vec![format!("local.l{}", n - 1); 10].join(", ");
        text += &format!("  l{n} = [{before}]\n");
    }
    text += "}\noutput \"o\" {\n  value = length(jsonencode(local.l39))\n}\n";
    let lab = Lab::with(&text);
    let run = bounded(&lab, &["plan"], "").exits(1);
    assert!(told(&run).contains("Value too large") && told(&run).contains("main.tf line"), "{}", run.stderr);
    // As deep as they are long.
    let mut text = String::from("locals {\n  l0 = [1]\n");
    (1..2000).for_each(|n| text += &format!("  l{n} = [local.l{}]\n", n - 1));
    text += "}\noutput \"o\" {\n  value = local.l1999\n}\n";
    let lab = Lab::with(&text);
    let run = bounded(&lab, &["plan"], "").exits(1);
    assert!(told(&run).contains("Value nested too deeply"), "{}", run.stderr);
}

#[test]
fn instances_end() {
    let lab = Lab::with("resource \"terraform_data\" \"a\" {\n  count = 1000000000\n}\n");
    let run = bounded(&lab, &["plan"], "").exits(1);
    assert!(told(&run).contains("must not be greater than 200000"), "{}", run.stderr);
    let each = "toset([for a in setproduct(range(1000), range(201)): \"${a[0]}-${a[1]}\"])";
    let lab = Lab::with(&format!("resource \"terraform_data\" \"a\" {{\n  for_each = {each}\n}}\n"));
    let run = bounded(&lab, &["plan"], "").exits(1);
    assert!(told(&run).contains("more than 200000 elements"), "{}", run.stderr);
}

#[test]
fn files_end() {
    let large =
        |lab: &Lab, name: &str| std::fs::File::create(lab.path().join(name)).unwrap().set_len(100 << 20).unwrap();
    for name in ["large.tf", "large.tf.json", "terraform.tfvars", "terraform.tfvars.json"] {
        let lab = Lab::with("variable \"v\" {}\n");
        large(&lab, name);
        let run = bounded(&lab, &["plan", "-input=false"], "").exits(1);
        let text = told(&run);
        assert!(text.contains(name) && text.contains("longer than 32 MiB"), "{name}: {text}");
    }
    let lab = Lab::with("output \"o\" {\n  value = file(\"/dev/zero\")\n}\n");
    let run = bounded(&lab, &["plan"], "").exits(1);
    assert!(told(&run).contains("failed to read file"), "{}", run.stderr);
    let lab = Lab::with("");
    std::os::unix::fs::symlink("/dev/zero", lab.path().join("p.plan")).unwrap();
    std::os::unix::fs::symlink("/dev/zero", lab.path().join("ampere.toml")).unwrap();
    let run = bounded(&lab, &["plan"], "").exits(1);
    assert!(told(&run).contains("ampere.toml cannot be read: it is longer than 1 MiB"), "{}", run.stderr);
    std::fs::remove_file(lab.path().join("ampere.toml")).unwrap();
    let run = bounded(&lab, &["apply", "p.plan"], "").exits(1);
    assert!(told(&run).contains("Failed to load plan file"), "{}", run.stderr);
    // Many files that are each small enough.
    let lab = Lab::with("");
    for n in 0..5 {
        std::fs::write(lab.path().join(format!("{n}.tf")), "#".repeat(16 << 20)).unwrap();
    }
    let run = bounded(&lab, &["plan"], "").exits(1);
    assert!(told(&run).contains("Configuration too large"), "{}", run.stderr);
}

#[test]
fn nesting_ends() {
    for (name, text) in [
        ("main.tf", format!("locals {{\n  a = {}\n}}\n", "(".repeat(1000))),
        ("main.tf", format!("locals {{\n  a = {}1{}\n}}\n", "[".repeat(1000), "]".repeat(1000))),
        ("main.tf", "a {\n".repeat(1000) + &"}\n".repeat(1000)),
        ("main.tf", format!("locals {{\n  a = {}1\n}}\n", "1 + ".repeat(100_000))),
        ("main.tf", format!("locals {{\n  a = {}x{}\n}}\n", "\"${".repeat(1000), "}\"".repeat(1000))),
        ("main.tf.json", format!("{{\"locals\": {{\"a\": {}1{}}}}}", "[".repeat(1000), "]".repeat(1000))),
    ] {
        let lab = Lab::with("");
        lab.write(name, &text);
        let run = bounded(&lab, &["validate"], "").exits(1);
        assert!(told(&run).contains("Error: ") && told(&run).contains(name), "{}", run.stderr);
    }
}
