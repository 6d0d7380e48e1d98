//! The rules of a firewall, checked and completed.

use std::net::IpAddr;

use serde_json::{Value, json};

use super::error::Refusal;

/// The most rules of one firewall.
const MOST_RULES: usize = 50;

/// Checks the rules and gives each the fields it is answered with.
///
/// # Errors
///
/// 422 `invalid_input`: a direction or protocol that does not exist, a port where none belongs or
/// none where one does, or an address that is no network.
pub(crate) fn rules(rules: &[Value]) -> Result<Value, Refusal> {
    if rules.len() > MOST_RULES {
        return Err(Refusal::invalid("rules", "there are too many rules"));
    }
    rules.iter().map(rule).collect()
}

fn rule(rule: &Value) -> Result<Value, Refusal> {
    let wrong = |message: &str| Refusal::invalid("rules", message);
    let direction = rule["direction"].as_str().unwrap_or("");
    let (needed, other) = match direction {
        "in" => ("source_ips", "destination_ips"),
        "out" => ("destination_ips", "source_ips"),
        _ => return Err(wrong("the direction must be one of in, out")),
    };
    let protocol = rule["protocol"].as_str().unwrap_or("");
    let port = rule["port"].as_str();
    match (protocol, port) {
        ("tcp" | "udp", Some(port)) if valid_port(port) => {}
        ("tcp" | "udp", _) => return Err(wrong("a tcp or udp rule needs a valid port")),
        ("icmp" | "esp" | "gre", None) => {}
        ("icmp" | "esp" | "gre", Some(_)) => return Err(wrong("this protocol has no port")),
        _ => {
            return Err(wrong("the protocol must be one of tcp, udp, icmp, esp, gre"));
        }
    }
    let networks = rule[needed].as_array().map(Vec::as_slice).unwrap_or_default();
    let valid = |network: &Value| network.as_str().is_some_and(valid_network);
    if networks.is_empty() || !networks.iter().all(valid) {
        return Err(wrong("the addresses must be networks in CIDR notation"));
    }
    Ok(json!({
        "description": rule["description"],
        "direction": direction,
        "protocol": protocol,
        "port": port,
        needed: networks,
        other: [],
    }))
}

fn valid_port(text: &str) -> bool {
    let port = |text: &str| text.parse::<u16>().ok().filter(|port| *port > 0);
    match text.split_once('-') {
        _ if text == "any" => true,
        None => port(text).is_some(),
        Some((low, high)) => {
            matches!((port(low), port(high)), (Some(low), Some(high)) if low <= high)
        }
    }
}

/// Whether a text is a network without host bits, such as `10.0.0.0/8` or `::/0`.
fn valid_network(text: &str) -> bool {
    let Some((address, length)) = text.split_once('/') else {
        return false;
    };
    let (Ok(address), Ok(length)) = (address.parse::<IpAddr>(), length.parse::<u32>()) else {
        return false;
    };
    match address {
        IpAddr::V4(address) => length <= 32 && u32::from(address).checked_shl(length).unwrap_or(0) == 0,
        IpAddr::V6(address) => length <= 128 && u128::from(address).checked_shl(length).unwrap_or(0) == 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_have_no_host_bits() {
        for network in ["0.0.0.0/0", "::/0", "10.0.0.0/8", "192.0.2.1/32", "2001:db8::/32"] {
            assert!(valid_network(network), "{network}");
        }
        for network in ["10.0.0.1/8", "10.0.0.0/33", "10.0.0.0", "::1/64", "x/1"] {
            assert!(!valid_network(network), "{network}");
        }
    }

    #[test]
    fn a_port_belongs_to_tcp_and_udp_only() {
        let rule = |protocol: &str, port: Option<&str>| json!({"direction": "in", "protocol": protocol, "port": port, "source_ips": ["::/0"]});
        assert!(rules(&[rule("tcp", Some("80-85"))]).is_ok());
        assert!(rules(&[rule("tcp", Some("85-80"))]).is_err());
        assert!(rules(&[rule("tcp", None)]).is_err());
        assert!(rules(&[rule("icmp", Some("1"))]).is_err());
        assert!(rules(&[rule("icmp", None)]).is_ok());
    }
}
