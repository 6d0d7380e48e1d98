//! Texts of libraries quote what they could not read. None of them reaches a person or a log: each way in which a secret can be
//! wrong is taken, at the highest level of every log there is.
use super::kit::Lab;

/// Not a secret of anybody's; every part of it is looked for.
const CANARY: &str = "sk-ant-EXAMPLE-canary-7f3ae1c9d5";

/// A variable that takes the canary, and something that uses it.
fn using(expression: &str) -> Lab {
    lab(&format!(
        "variable \"key\" {{\n  sensitive = true\n  default = \"{CANARY}\"\n}}\n\noutput \"o\" {{\n  sensitive = true\n  value = {expression}\n}}\n"
    ))
}

fn lab(main: &str) -> Lab {
    let mut lab = Lab::with(main);
    for log in ["AMPERE_LOG", "TF_LOG", "RUST_LOG", "TF_LOG_PROVIDER"] {
        lab.set(log, "trace");
    }
    lab.set("RUST_BACKTRACE", "full");
    lab
}

/// The command fails with this finding, and says nothing of the canary.
#[track_caller]
fn conceals(lab: &Lab, args: &[&str], expected: &str) {
    for json in [false, true] {
        let args: Vec<&str> = args.iter().copied().chain(json.then_some("-json")).collect();
        let run = lab.run(&args);
        let told = format!("{}{}", run.stdout, run.stderr);
        let line = told.replace(['│', '╷', '╵'], " ").split_whitespace().collect::<Vec<_>>().join(" ");
        assert_ne!(run.code, 0, "{}: {line}", std::fs::read_to_string(lab.path().join("main.tf")).unwrap());
        assert!(line.contains(expected), "{args:?} says {expected}: {line}");
        for part in CANARY.as_bytes().windows(12) {
            let part = std::str::from_utf8(part).unwrap();
            assert!(!line.contains(part), "{args:?} shows {part}: {line}");
        }
    }
}

#[test]
fn toml() {
    for text in [
        format!("stack = \"{CANARY}"),
        format!("stack = {CANARY}"),
        format!("actor = [\"{CANARY}\"]"),
        format!("\"{CANARY}\" = 1"),
        format!("stack = \"{CANARY} \""),
    ] {
        let lab = lab("");
        lab.write("ampere.toml", &text);
        conceals(&lab, &["plan"], "Invalid settings");
    }
}

#[test]
fn files_and_texts_of_variables() {
    let declared = "variable \"key\" {\n  type = object({ a = number })\n  sensitive = true\n}\n";
    for (name, text, expected) in [
        ("terraform.tfvars", format!("key = \"{CANARY}\n"), "rror"),
        ("terraform.tfvars", format!("key = {{ a = \"{CANARY}\" }}\n"), "number is required"),
        ("terraform.tfvars", format!("key = {{ a = {}( }}\n", CANARY.replace('-', "_")), "rror"),
        ("terraform.tfvars.json", format!("{{\"key\": \"{CANARY}"), "rror"),
        ("terraform.tfvars.json", format!("{{\"key\": {{\"a\": \"{CANARY}\"}}}}"), "number is required"),
    ] {
        let lab = lab(declared);
        lab.write(name, &text);
        conceals(&lab, &["plan"], expected);
    }
    for value in [format!("{{ a = \"{CANARY}\" }}"), format!("\"{CANARY}"), CANARY.to_owned()] {
        let mut given = lab(declared);
        given.set("TF_VAR_key", &value);
        conceals(&given, &["plan"], "rror");
        conceals(&lab(declared), &["plan", "-var", &format!("key={value}")], "rror");
    }
}

#[test]
fn functions_that_read() {
    for call in [
        "jsondecode(var.key)",
        "yamldecode(\"a: [${var.key}\")",
        "csvdecode(\"a\\n${var.key},1\")",
        "base64decode(var.key)",
        "textdecodebase64(var.key, \"UTF-8\")",
        "tonumber(var.key)",
        "tobool(var.key)",
        "parseint(var.key, 10)",
        "regex(var.key, \"x\")",
        "regex(\"(${var.key}\", \"x\")",
        "replace(\"x\", \"/(${var.key}/\", \"\")",
        "format(\"%d\", var.key)",
        "format(\"%!${var.key}\", 1)",
        "timeadd(var.key, \"1h\")",
        "timeadd(\"2026-01-01T00:00:00Z\", var.key)",
        "formatdate(\"'${var.key}\", \"2026-01-01T00:00:00Z\")",
        "cidrhost(var.key, 1)",
        "file(var.key)",
        "templatefile(var.key, {})",
        "uuidv5(var.key, \"a\")",
        "rsadecrypt(var.key, var.key)",
        "textencodebase64(\"a\", var.key)",
        "{ a = 1 }[var.key]",
        "-var.key",
        "[for k in [var.key]: tonumber(k)]",
        "zipmap([\"a\"], [var.key, 1])",
    ] {
        conceals(&using(call), &["plan"], "rror");
    }
}

#[test]
fn urls_and_credentials() {
    for (argument, value) in [
        ("hcloud_endpoint", format!("https://ada:{CANARY}@example.com:99999/")),
        ("hcloud_endpoint", format!("ht tp://{CANARY}")),
        ("stripe_api_base", format!("https://ada:{CANARY}@example.com/")),
    ] {
        let lab = lab(&format!(
            "provider \"ampere\" {{\n  {argument} = \"{value}\"\n}}\n\nresource \"ampere_account\" \"a\" {{\n  email = \"ada@example.com\"\n}}\n"
        ));
        // The source line of the configuration is shown with a finding: what stands there in the clear is no secret. As a variable it is.
        let text = std::fs::read_to_string(lab.path().join("main.tf")).unwrap();
        lab.write("main.tf", &text.replace(&format!("\"{value}\""), "var.secret"));
        lab.write("variables.tf", "variable \"secret\" {\n  sensitive = true\n}\n");
        lab.write("terraform.tfvars", &format!("secret = \"{value}\"\n"));
        conceals(&lab, &["plan"], "rror");
    }
    let mut elsewhere = lab("");
    elsewhere.set("AMPERE_STATE_URL", &format!("postgres://ada:{CANARY}@127.0.0.1:1/ampere"));
    conceals(&elsewhere, &["plan"], "rror");
    elsewhere.set("AMPERE_STATE_URL", &format!("postgres://ada:{CANARY}@[bad/ampere"));
    conceals(&elsewhere, &["plan"], "rror");
}

#[test]
fn root_keys() {
    for text in [CANARY.to_owned(), format!("ampere_root1_{CANARY}"), format!("ampere_root1_\u{1f511}{CANARY}")] {
        let lab = lab("output \"o\" {\n  value = 1\n}\n");
        lab.run(&["plan"]).exits(0);
        lab.write(".ampere/key", &text);
        conceals(&lab, &["plan"], "key");
    }
}
