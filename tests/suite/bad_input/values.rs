//! What is wrong with a value: found before anything is made where that is possible, and at the cloud where it is not.
use super::{ACCOUNT, CUSTOMER, failed, lab, recovers};

#[test]
fn invalid_email() {
    let lab = lab("resource \"ampere_account\" \"ada\" {\n  email = \"not an address\"\n}\n");
    failed(lab.ampere("plan"), 1, &["Invalid email address", "main.tf line 2", "it has no @"]);
    assert!(lab.cloud().ours().is_empty());
    lab.write("main.tf", ACCOUNT);
    recovers(&lab);
}

#[test]
fn unknown_location() {
    let lab = lab(&CUSTOMER.replace("nbg1", "moon1"));
    failed(lab.ampere("apply -auto-approve"), 3, &["main.tf line 14", "ampere_instance.ada", "nbg1"]);
    assert!(lab.cloud().objects("hetzner", "servers").is_empty());
    lab.write("main.tf", CUSTOMER);
    recovers(&lab);
}

#[test]
fn unknown_server_type() {
    let lab = lab(&CUSTOMER.replace("cx23", "cx99"));
    failed(lab.ampere("apply -auto-approve"), 3, &["main.tf line 15", "ampere_instance.ada", "cx33"]);
    assert!(lab.cloud().objects("hetzner", "servers").is_empty());
    lab.write("main.tf", CUSTOMER);
    recovers(&lab);
}

#[test]
fn unknown_price() {
    let lab = lab(&CUSTOMER.replace("price_hosting_monthly", "price_of_nothing"));
    let run = lab.ampere("apply -auto-approve");
    failed(run, 3, &["main.tf line 7", "there is no such price", "List your prices"]);
    assert!(lab.cloud().objects("hetzner", "servers").is_empty(), "nothing is hosted that nobody pays for");
    lab.write("main.tf", CUSTOMER);
    recovers(&lab);
}

#[test]
fn email_taken() {
    let lab = lab(ACCOUNT);
    let theirs = serde_json::json!({ "localId": "theirs", "email": "ada@example.com" });
    lab.cloud().control("POST", "/objects/identity_toolkit/accounts", Some(theirs));
    let run = lab.ampere("apply -auto-approve");
    failed(run, 1, &["main.tf line 2", "has this email address", "ampere import"]);
    assert!(lab.cloud().ours().is_empty(), "half an account was left");
    lab.edit("main.tf", "ada@", "ada.lovelace@");
    recovers(&lab);
    assert_eq!(lab.cloud().objects("identity_toolkit", "accounts").len(), 2, "theirs is still there");
}

const KEY: &str = "sk-ant-EXAMPLE-literal-7f3a";

#[test]
fn a_secret_literal_is_refused_and_not_repeated() {
    let secret = |value: &str| {
        format!(
            "{ACCOUNT}\nresource \"ampere_secret\" \"key\" {{\n  account  = ampere_account.ada.id\n  \
             kind     = \"anthropic\"\n  value_wo = {value}\n}}\n"
        )
    };
    let lab = lab(&secret(&format!("\"{KEY}\"")));
    for command in ["validate", "plan", "plan -json", "apply -auto-approve"] {
        let run = lab.ampere(command).exits(1).keeps_quiet_about(KEY);
        run.says("Secret in the configuration").says("a variable with ephemeral = true").says("S1");
    }
    // Neither may it come by a detour.
    for (declaration, value) in [
        (format!("locals {{\n  key = \"{KEY}\"\n}}\n"), "local.key"),
        (format!("variable \"key\" {{\n  type    = string\n  default = \"{KEY}\"\n}}\n"), "var.key"),
    ] {
        lab.write("main.tf", &format!("{declaration}{}", secret(value)));
        let run = lab.ampere("plan").keeps_quiet_about(KEY);
        failed(run, 1, &["Secret in the configuration", "value_wo"]);
    }
    let variable = "variable \"key\" {\n  type      = string\n  ephemeral = true\n}\n";
    lab.write("main.tf", &format!("{variable}{}", secret("var.key")));
    lab.write("key.auto.tfvars", &format!("key = \"{KEY}\"\n"));
    lab.ampere("apply -auto-approve").exits(0).keeps_quiet_about(KEY);
    lab.ampere("plan -detailed-exitcode").exits(0).keeps_quiet_about(KEY);
}

#[test]
fn missing_variable() {
    let lab = lab(
        "variable \"email\" {\n  type = string\n}\n\nresource \"ampere_account\" \"ada\" {\n  email = var.email\n}\n",
    );
    let run = lab.ampere("apply -auto-approve -input=false");
    failed(run, 1, &["No value for required variable", "main.tf line 1", "-var or -var-file"]);
    assert!(lab.cloud().ours().is_empty());
    lab.ampere("apply -auto-approve -input=false -var=email=ada@example.com").exits(0);
}

#[test]
fn values_given_for_nothing_or_wrongly() {
    let lab = lab("variable \"size\" {\n  type = number\n}\n");
    failed(lab.ampere("plan -var=size=many"), 1, &["size", "number"]);
    failed(lab.ampere("plan -var=size=1 -var=colour=red"), 1, &["\"colour\"", "undeclared"]);
    failed(lab.ampere("plan -var=size"), 1, &["-var 'name=value'"]);
    failed(lab.ampere("plan -var-file=nowhere.tfvars"), 1, &["nowhere.tfvars"]);
    lab.write("broken.tfvars", "size = \n");
    failed(lab.ampere("plan -var-file=broken.tfvars"), 1, &["broken.tfvars line 1"]);
    lab.ampere("plan -var=size=1").exits(0);
}
