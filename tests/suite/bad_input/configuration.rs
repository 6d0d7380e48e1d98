//! What is wrong in the text of a configuration.
use super::{ACCOUNT, failed, lab, recovers};

/// Neither plan nor apply goes on, nothing is made, and the corrected text works.
fn refused(wrong: &str, says: &[&str]) {
    let lab = lab(wrong);
    for command in ["validate", "plan", "apply -auto-approve"] {
        failed(lab.ampere(command), 1, says);
    }
    assert!(lab.cloud().ours().is_empty(), "something was made");
    lab.write("main.tf", ACCOUNT);
    recovers(&lab);
}

#[test]
fn syntax_error() {
    refused(
        "resource \"ampere_account\" \"ada\" {\n  email = \"ada@example.com\n}\n",
        &["Invalid multi-line string", "main.tf line 2", "email = \"ada@example.com"],
    );
}

#[test]
fn unclosed_block() {
    refused("resource \"ampere_account\" \"ada\" {\n  email = \"ada@example.com\"\n", &["main.tf line 1", "Unclosed"]);
}

#[test]
fn unknown_argument() {
    refused(
        "resource \"ampere_account\" \"ada\" {\n  email = \"ada@example.com\"\n  nmae  = \"Ada\"\n}\n",
        &["Unsupported argument", "main.tf line 3", "Did you mean \"name\"?"],
    );
}

#[test]
fn missing_argument() {
    refused(
        "resource \"ampere_account\" \"ada\" {\n}\n",
        &["Missing required argument", "main.tf line 1", "The argument \"email\" is required"],
    );
}

#[test]
fn unknown_resource_type() {
    refused(
        "resource \"ampere_acount\" \"ada\" {\n  email = \"ada@example.com\"\n}\n",
        &["Invalid resource type", "main.tf line 1", "\"ampere_acount\"", "Did you mean \"ampere_account\"?"],
    );
}

#[test]
fn duplicate_address() {
    let twice = format!("{ACCOUNT}\n{ACCOUNT}");
    refused(&twice, &["Duplicate resource \"ampere_account\"", "main.tf line 5", "already declared at main.tf:1"]);
}

#[test]
fn undeclared_references() {
    refused(
        "resource \"terraform_data\" \"a\" {\n  input = terraform_data.b.output\n}\noutput \"x\" {\n  value = var.nope\n}\n",
        // All findings at once.
        &[
            "main.tf line 2",
            "\"terraform_data\" \"b\" has not been declared",
            "main.tf line 5",
            "variable \"nope\" {} block",
        ],
    );
}

#[test]
fn a_cycle_is_named_as_a_path() {
    refused(
        "resource \"terraform_data\" \"a\" {\n  input = terraform_data.b.output\n}\n\
         resource \"terraform_data\" \"b\" {\n  input = terraform_data.c.output\n}\n\
         resource \"terraform_data\" \"c\" {\n  input = terraform_data.a.output\n}\n",
        &[
            "Cycle: ",
            "main.tf line 1",
            "terraform_data.a → terraform_data.b → terraform_data.c → terraform_data.a",
            "Remove one of these references",
        ],
    );
}

#[test]
fn wrong_type() {
    refused(
        "resource \"ampere_account\" \"ada\" {\n  email = [\"ada@example.com\"]\n}\n",
        &["Incorrect attribute value type", "main.tf line 2", "attribute \"email\": string required"],
    );
}

#[test]
fn all_findings_of_a_configuration_at_once() {
    refused(
        "resource \"ampere_account\" \"a\" {\n  email = \"no address\"\n  shade = 1\n}\n\
         resource \"ampere_account\" \"b\" {\n  email = \"b@example.com\"\n  color = \"red\"\n}\n",
        &["main.tf line 2", "Invalid email address", "main.tf line 3", "main.tf line 7", "Unsupported argument"],
    );
}

#[test]
fn a_file_that_is_not_text() {
    let lab = lab(ACCOUNT);
    std::fs::write(lab.path().join("zz.tf"), [0xff, 0xfe, 0x00]).expect("written");
    failed(lab.ampere("plan"), 1, &["zz.tf", "not encoded in UTF-8"]);
    std::fs::remove_file(lab.path().join("zz.tf")).expect("removed");
    recovers(&lab);
}

#[test]
fn no_configuration_at_all() {
    let lab = ampere_tests::Lab::new();
    failed(lab.ampere("plan"), 1, &["No configuration files", "create a file like main.tf first"]);
    lab.write("main.tf", ACCOUNT);
    recovers(&lab);
}
