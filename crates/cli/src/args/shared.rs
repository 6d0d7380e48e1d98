//! Flags that several commands share.
use std::time::Duration;

use clap::{ArgAction, Args};

use super::VariableArgs;

/// How results are shown.
#[derive(Args, Clone, Debug, Default)]
pub struct ViewArgs {
    /// Write machine-readable JSON instead of text
    #[arg(long, action = ArgAction::Set, value_name = "BOOL", default_value = "false", help_heading = "Output")]
    pub json: bool,
    /// Show warnings in a compact form, if there are no errors
    #[arg(long, action = ArgAction::Set, value_name = "BOOL", default_value = "false", help_heading = "Output")]
    pub compact_warnings: bool,
}

/// How the state is locked.
#[derive(Args, Clone, Debug)]
pub struct LockArgs {
    /// Hold the state's lock meanwhile. Without it two runs can destroy each other's work
    #[arg(long, action = ArgAction::Set, value_name = "BOOL", default_value = "true", help_heading = "State")]
    pub lock: bool,
    /// How long to wait for a lock that another run holds, e.g. 10s, 5m
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = duration, help_heading = "State")]
    pub lock_timeout: Duration,
}

/// What a plan is made of.
#[derive(Args, Clone, Debug)]
pub struct PlanningArgs {
    /// Plan to destroy everything that the stack has
    #[arg(long, action = ArgAction::Set, value_name = "BOOL", default_value = "false", help_heading = "Planning")]
    pub destroy: bool,
    /// Only let the state take over what really is; no object is changed
    #[arg(long, action = ArgAction::Set, value_name = "BOOL", default_value = "false", help_heading = "Planning")]
    pub refresh_only: bool,
    /// List the real objects first. With =false the state is believed
    #[arg(long, action = ArgAction::Set, value_name = "BOOL", default_value = "true", help_heading = "Planning")]
    pub refresh: bool,
    /// Look at everything: firewall rules, refunds and what interrupted runs left behind too. A stack with 50 or more objects
    /// of a kind does so by itself once an hour, and whenever something is in doubt
    #[arg(long, action = ArgAction::Set, value_name = "BOOL", default_value = "false", help_heading = "Planning")]
    pub thorough: bool,
    /// Replace this instance even if it need not change. May be given more than once
    #[arg(long, value_name = "ADDRESS", action = ArgAction::Append, help_heading = "Planning")]
    pub replace: Vec<String>,
    /// Look only at this resource or instance and at what it needs. May be given more than once
    #[arg(long, value_name = "ADDRESS", action = ArgAction::Append, help_heading = "Planning")]
    pub target: Vec<String>,
    /// How many operations may run at the same time
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..), help_heading = "Planning")]
    pub parallelism: u16,
    #[command(flatten)]
    pub variables: VariableArgs,
    /// Ask for variables that have no value, if a person is there to answer
    #[arg(long, action = ArgAction::Set, value_name = "BOOL", default_value = "true", help_heading = "Input variables")]
    pub input: bool,
}

impl PlanningArgs {
    /// What is given when nothing but variables is.
    pub fn with(variables: VariableArgs, input: bool) -> PlanningArgs {
        PlanningArgs {
            destroy: false,
            refresh_only: false,
            refresh: true,
            thorough: false,
            replace: Vec::new(),
            target: Vec::new(),
            parallelism: 10,
            variables,
            input,
        }
    }
}

/// Reads a duration as Go writes it: `90s`, `1m30s`, `500ms`; a bare `0` is allowed.
pub fn duration(text: &str) -> Result<Duration, String> {
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    let mut total = Duration::ZERO;
    let mut rest = text;
    while !rest.is_empty() {
        let number_end =
            rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or("a unit is missing (ms, s, m, h)")?;
        let (number, tail) = rest.split_at(number_end);
        let unit_end = tail.find(|c: char| c.is_ascii_digit()).unwrap_or(tail.len());
        let (unit, next) = tail.split_at(unit_end);
        let seconds = match unit {
            "ms" => 0.001,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            _ => return Err("the unit must be ms, s, m or h".to_owned()),
        };
        let number: f64 = number.parse().map_err(|_| "the number is not one".to_owned())?;
        let part = Duration::try_from_secs_f64(number * seconds).map_err(|_| "it is too long".to_owned())?;
        total = total.checked_add(part).ok_or("it is too long")?;
        rest = next;
    }
    if text.is_empty() { Err("it is empty".to_owned()) } else { Ok(total) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_as_in_go() {
        assert_eq!(duration("10s"), Ok(Duration::from_secs(10)));
        assert_eq!(duration("1m30s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("0"), Ok(Duration::ZERO));
        for wrong in ["", "10", "s", "10 s", "-1s", "1d", "1e99h"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}
