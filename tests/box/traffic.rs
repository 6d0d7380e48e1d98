//! What goes over the box's network card, counted by the kernel, by whom it is for.
use std::io::Write;
use std::process::{Command, Stdio};

use crate::lab::{BRIDGE, CLOUD, MESSENGER, METADATA, MIRROR, MODEL, run};

/// Bytes in both directions since the counting began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// To and from cloud and mailbox: us.
    pub ours: u64,
    /// To and from the model.
    pub model: u64,
    /// To and from the messenger.
    pub messenger: u64,
    /// To and from the mirror and the metadata service.
    pub packages: u64,
    /// Everything else that is IPv4.
    pub other: u64,
}

/// Begins to count. Whatever came or went is counted once, by the address of ours that it names.
pub fn count() {
    let parts = [
        ("ours", vec![CLOUD]),
        ("model", vec![MODEL]),
        ("messenger", vec![MESSENGER]),
        ("packages", vec![MIRROR, METADATA]),
    ];
    let mut rules = "table ip traffic {\n".to_owned();
    for name in ["ours", "model", "messenger", "packages", "other"] {
        rules += &format!("  counter {name} {{ }}\n");
    }
    for (hook, device, end) in [("input", "iifname", "daddr"), ("output", "oifname", "saddr")] {
        rules += &format!(
            "  chain {hook} {{\n    type filter hook {hook} priority 0;\n    {device} != \"{BRIDGE}\" accept\n"
        );
        for (name, addresses) in &parts {
            rules += &format!("    ip {end} {{ {} }} counter name {name} accept\n", addresses.join(", "));
        }
        rules += "    counter name other\n  }\n";
    }
    rules += "}\n";
    let mut nft = Command::new("nft").args(["-f", "-"]).stdin(Stdio::piped()).spawn().expect("nft runs");
    nft.stdin.take().expect("a pipe").write_all(rules.as_bytes()).expect("written");
    assert!(nft.wait().expect("it ends").success(), "{rules}");
}

/// What has been counted.
pub fn counted() -> Traffic {
    let bytes = |name: &str| {
        let text = run(&format!("nft list counter ip traffic {name}"));
        let mut words = text.split_whitespace().skip_while(|word| *word != "bytes");
        words.nth(1).and_then(|number| number.parse().ok()).unwrap_or_else(|| panic!("no number of bytes: {text}"))
    };
    Traffic {
        ours: bytes("ours"),
        model: bytes("model"),
        messenger: bytes("messenger"),
        packages: bytes("packages"),
        other: bytes("other"),
    }
}

impl std::ops::Sub for Traffic {
    type Output = Traffic;
    fn sub(self, earlier: Traffic) -> Traffic {
        Traffic {
            ours: self.ours - earlier.ours,
            model: self.model - earlier.model,
            messenger: self.messenger - earlier.messenger,
            packages: self.packages - earlier.packages,
            other: self.other - earlier.other,
        }
    }
}
