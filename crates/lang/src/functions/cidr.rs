//! Addresses and networks.
use core::net::{Ipv4Addr, Ipv6Addr};

use dashu_int::{IBig, Sign};

use super::call::Arguments;
use super::signature::{Function, FunctionError, Parameter};
use crate::value::{Type, Value};

const PREFIX: Parameter = Parameter::string("prefix");

/// `cidrhost cidrnetmask cidrsubnet cidrsubnets`
pub(super) static FUNCTIONS: &[Function] = &[
    Function::new("cidrhost", &[PREFIX, Parameter::number("hostnum")], || Type::String, host),
    Function::new("cidrnetmask", &[PREFIX], || Type::String, netmask),
    Function::new(
        "cidrsubnet",
        &[PREFIX, Parameter::number("newbits"), Parameter::number("netnum")],
        || Type::String,
        subnet,
    ),
    Function::new("cidrsubnets", &[PREFIX], || Type::list(Type::String), subnets)
        .variadic(&Parameter::number("newbits")),
];

/// A network: its first address as a number of `width` bits, and the length of its prefix.
#[derive(Clone, Copy)]
struct Network {
    start: u128,
    prefix: u32,
    width: u32,
}

impl Network {
    /// How many addresses, less one.
    fn last_offset(&self) -> u128 {
        mask_below(self.width - self.prefix)
    }

    fn address(&self, bits: u128) -> String {
        match self.width {
            32 => Ipv4Addr::from(bits as u32).to_string(),
            _ => Ipv6Addr::from(bits).to_string(),
        }
    }

    fn text(&self) -> String {
        format!("{}/{}", self.address(self.start), self.prefix)
    }
}

/// The lowest so many bits, all set.
fn mask_below(bits: u32) -> u128 {
    1u128.checked_shl(bits).map_or(u128::MAX, |n| n - 1)
}

/// Reads `address/prefix`; the bits after the prefix are dropped, and an IPv4 number may have leading zeros.
fn network(a: &Arguments<'_>) -> Result<Network, FunctionError> {
    let text = a.string(0);
    let parsed = text.split_once('/').and_then(|(address, prefix)| {
        let (bits, width) = match address.contains(':') {
            true => (u128::from(address.parse::<Ipv6Addr>().ok()?), 128),
            false => (u128::from(ipv4(address)?), 32),
        };
        let digits = !prefix.is_empty() && prefix.bytes().all(|b| b.is_ascii_digit());
        let prefix: u32 = prefix.parse().ok().filter(|n| digits && *n <= width)?;
        Some(Network { start: bits & !mask_below(width - prefix), prefix, width })
    });
    parsed.ok_or_else(|| {
        let shown = a.shown(0, text);
        FunctionError::argument(0, format!("invalid CIDR expression: invalid CIDR address: {shown}"))
    })
}

fn ipv4(text: &str) -> Option<u32> {
    let mut bits = 0u32;
    let mut count = 0;
    for part in text.split('.') {
        if part.is_empty() || !part.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        bits = bits << 8 | u32::from(part.parse::<u8>().ok()?);
        count += 1;
    }
    (count == 4).then_some(bits)
}

/// A whole number of any size.
fn whole(a: &Arguments<'_>, index: usize) -> Result<IBig, FunctionError> {
    a.number(index)?.to_integer().ok_or_else(|| FunctionError::argument(index, "value must be a whole number"))
}

fn host(a: &Arguments<'_>) -> Result<Value, FunctionError> {
    let number = whole(a, 1)?;
    let network = network(a)?;
    // A negative number counts from the end.
    let negative = number.sign() == Sign::Negative;
    let offset = if negative { -&number - IBig::ONE } else { number.clone() };
    let offset = u128::try_from(offset).ok().filter(|n| *n <= network.last_offset());
    let offset = offset.ok_or_else(|| {
        let prefix = network.prefix;
        FunctionError::new(format!("prefix of {prefix} does not accommodate a host numbered {number}"))
    })?;
    let offset = if negative { network.last_offset() - offset } else { offset };
    Ok(Value::string(network.address(network.start | offset)))
}

fn netmask(a: &Arguments<'_>) -> Result<Value, FunctionError> {
    let network = network(a)?;
    if network.width != 32 {
        let shown = a.shown(0, a.string(0));
        return Err(FunctionError::new(format!("IPv6 addresses cannot have a netmask: {shown}")));
    }
    Ok(Value::string(network.address(u128::from(u32::MAX) & !network.last_offset())))
}

fn subnet(a: &Arguments<'_>) -> Result<Value, FunctionError> {
    let (bits, number) = (a.integer(1)?, whole(a, 2)?);
    let network = network(a)?;
    let prefix = i64::from(network.prefix).saturating_add(bits);
    let prefix = u32::try_from(prefix).ok().filter(|p| *p <= network.width).ok_or_else(|| {
        let old = network.prefix;
        FunctionError::new(format!("insufficient address space to extend prefix of {old} by {bits}"))
    })?;
    let largest = u32::try_from(bits).map_or(0, mask_below);
    let position = u128::try_from(number.clone()).ok().filter(|n| *n <= largest).ok_or_else(|| {
        FunctionError::new(format!("prefix extension of {bits} does not accommodate a subnet numbered {number}"))
    })?;
    let shifted = position.checked_shl(network.width - prefix).unwrap_or(0);
    Ok(Value::string(Network { start: network.start | shifted, prefix, ..network }.text()))
}

/// Networks one after the other, each at the next place where one of its size may begin.
fn subnets(a: &Arguments<'_>) -> Result<Value, FunctionError> {
    /// Most bits that one step may add.
    const MAX_BITS: i64 = 32;
    let network = network(a)?;
    let end = network.start | network.last_offset();
    let mut next = Some(network.start);
    let mut last = network;
    let mut found = Vec::with_capacity(a.len() - 1);
    for i in 1..a.len() {
        let bits = a.integer(i)?;
        if bits < 1 {
            return Err(FunctionError::argument(i, "must extend prefix by at least one bit"));
        }
        if bits > MAX_BITS {
            return Err(FunctionError::argument(i, "may not extend prefix by more than 32 bits"));
        }
        let prefix = network.prefix + bits as u32;
        if prefix > network.width {
            let protocol = if network.width == 32 { "IPv4" } else { "IPv6" };
            return Err(FunctionError::argument(
                i,
                format!("would extend prefix to {prefix} bits, which is too long for an {protocol} address"),
            ));
        }
        let below = mask_below(network.width - prefix);
        let aligned = next.and_then(|n| n.checked_add(below)).map(|n| n & !below).filter(|n| *n <= end);
        let start = aligned.ok_or_else(|| {
            let after = last.text();
            FunctionError::argument(
                i,
                format!("not enough remaining address space for a subnet with a prefix of {prefix} bits after {after}"),
            )
        })?;
        last = Network { start, prefix, ..network };
        next = (start | below).checked_add(1);
        found.push(Value::string(last.text()));
    }
    Ok(Value::list(Type::String, found))
}
