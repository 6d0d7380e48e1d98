//! Every channel with every model provider passes OpenClaw's own validation.
use std::collections::BTreeMap;
use std::fs;

use ampere_bundle::openclaw::{Channel, DmPolicy, GroupPolicy, MODEL_PROVIDERS, Settings, ToolsProfile, configuration};
use serde_json::{Value, json};

use crate::home::Home;
use crate::installed::{ALL, Installed};

/// Settings as a customer has them: each channel with every setting that it can have.
pub fn settings(installed: Installed, provider: &str, channels: &[Channel]) -> Settings {
    let version = installed.release.version();
    let channels: serde_json::Map<String, Value> = channels
        .iter()
        .map(|channel| {
            let settings = match channel {
                Channel::Signal => json!({ "account": "+15550001111", "allow_from": ["+15551234567"] }),
                Channel::Imessage => json!({ "remote_host": "ada@mac.example.com", "allow_from": ["ada@example.com"] }),
                Channel::Whatsapp => json!({ "allow_from": ["+15551234567"] }),
                Channel::Discord | Channel::Telegram => json!({ "allow_from": ["123456789"] }),
            };
            (channel.name().to_owned(), settings)
        })
        .collect();
    let text = json!({ "openclaw": version, "model": format!("{provider}/m1"), "channels": channels });
    serde_json::from_value(text).expect("settings")
}

fn of(home: &Home, settings: &Settings) -> Value {
    let secrets = settings.channels.keys().map(|channel| channel.name()).chain([settings.model.provider().name]);
    configuration(settings, &home.resolver(), secrets)
}

/// The findings of OpenClaw's validation, by the configuration's name, all in one process: a process costs seconds.
fn findings(home: &Home, configurations: &BTreeMap<String, Value>) -> BTreeMap<String, Vec<Value>> {
    let directory = home.path().join("configurations");
    fs::create_dir(&directory).expect("a directory");
    for (name, configuration) in configurations {
        fs::write(directory.join(name), configuration.to_string()).expect("a configuration");
    }
    home.configure(&json!({}));
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/validate.mjs");
    let output = home.node().arg(script).arg(home.package().join("dist")).arg(&directory).output().expect("Node.js");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("its findings")
}

fn assert_accepted(home: &Home, configurations: &BTreeMap<String, Value>) {
    let found = findings(home, configurations);
    assert_eq!(found.len(), configurations.len());
    let refused: Vec<_> = found.iter().filter(|(_, findings)| !findings.is_empty()).collect();
    assert!(refused.is_empty(), "{refused:#?}");
}

#[test]
fn f1_f2_every_channel_with_every_provider() {
    let home = Home::new(ALL[0]);
    let mut table = BTreeMap::new();
    for provider in MODEL_PROVIDERS {
        for channel in Channel::ALL {
            let configuration = of(&home, &settings(ALL[0], provider, &[channel]));
            table.insert(format!("{provider}-{}", channel.name()), configuration);
        }
    }
    assert_eq!(table.len(), 27 * 5);
    assert_accepted(&home, &table);
}

/// An upgrade goes from one of them to the other, with the same settings.
#[test]
fn the_release_before_takes_every_provider_with_all_channels() {
    let home = Home::new(ALL[1]);
    let table = MODEL_PROVIDERS.map(|name| (name.to_owned(), of(&home, &settings(ALL[1], name, &Channel::ALL))));
    assert_accepted(&home, &table.into());
}

#[test]
fn every_policy_and_every_tools_profile() {
    let home = Home::new(ALL[0]);
    let mut table = BTreeMap::new();
    let direct =
        [None, Some(DmPolicy::Pairing), Some(DmPolicy::Allowlist), Some(DmPolicy::Open), Some(DmPolicy::Disabled)];
    let groups = [None, Some(GroupPolicy::Allowlist), Some(GroupPolicy::Open), Some(GroupPolicy::Disabled)];
    for (i, policy) in direct.into_iter().enumerate() {
        for (j, group) in groups.into_iter().enumerate() {
            for empty in [false, true] {
                let mut settings = settings(ALL[0], "anthropic", &Channel::ALL);
                for channel in settings.channels.values_mut() {
                    (channel.dm_policy, channel.group_policy) = (policy, group);
                    channel.group_allow_from = channel.allow_from.clone();
                    if empty {
                        channel.allow_from.clear();
                        channel.group_allow_from.clear();
                    }
                }
                table.insert(format!("policy-{i}-{j}-{empty}"), of(&home, &settings));
            }
        }
    }
    for profile in [ToolsProfile::Minimal, ToolsProfile::Messaging, ToolsProfile::Coding, ToolsProfile::Full] {
        let mut settings = settings(ALL[0], "openai", &Channel::ALL);
        settings.tools = profile;
        table.insert(format!("{profile:?}"), of(&home, &settings));
        // Of a box that has no secret yet, and of one that has them all.
        table.insert(format!("{profile:?}-none"), configuration(&settings, &home.resolver(), []));
        let all = MODEL_PROVIDERS.into_iter().chain(["generic/NAME"]);
        table.insert(format!("{profile:?}-all"), configuration(&settings, &home.resolver(), all));
    }
    assert_accepted(&home, &table);
}

/// The validation that the other tests go by says no where it must.
#[test]
fn the_validation_refuses_what_is_wrong() {
    for installed in ALL {
        refuses(installed);
    }
}

fn refuses(installed: Installed) {
    let home = Home::new(installed);
    let good = of(&home, &settings(installed, "anthropic", &Channel::ALL));
    type Break = fn(&mut Value);
    let broken: [(&str, Break); 6] = [
        ("unknown", |c| c["gateway"]["backdoor"] = json!(true)),
        ("bind", |c| c["gateway"]["bind"] = json!("everywhere")),
        ("channel", |c| c["channels"]["whatsapp"]["token"] = json!("x")),
        ("transport", |c| c["channels"]["signal"]["transport"]["kind"] = json!("ssh")),
        ("reference", |c| c["gateway"]["auth"]["token"]["source"] = json!("mail")),
        ("resolver", |c| c["secrets"]["providers"]["ampere"]["command"] = json!("/bin/does-not-exist")),
    ];
    let mut table = BTreeMap::from([("good".to_owned(), good.clone())]);
    for (name, break_it) in broken {
        let mut configuration = good.clone();
        break_it(&mut configuration);
        table.insert(name.to_owned(), configuration);
    }
    let found = findings(&home, &table);
    let accepted: Vec<&String> =
        found.iter().filter(|(_, findings)| findings.is_empty()).map(|(name, _)| name).collect();
    assert_eq!(accepted, ["good"], "{found:#?}");
}

/// As people check it: by OpenClaw's command, for all channels of one provider and all providers of one channel.
#[test]
fn the_command_says_the_same() {
    let home = Home::new(ALL[0]);
    let row = Channel::ALL.map(|channel| ("anthropic", channel));
    let column = MODEL_PROVIDERS.map(|provider| (provider, Channel::Telegram));
    for (provider, channel) in row.into_iter().chain(column) {
        home.configure(&of(&home, &settings(ALL[0], provider, &[channel])));
        let (code, said) = home.ask(&["config", "validate", "--json"]);
        assert_eq!(
            (code, &said["valid"], &said["warnings"]),
            (0, &json!(true), &json!([])),
            "{provider} {channel:?}: {said}"
        );
    }
}
