//! The command line: Terraform's grammar (`-flag`, `-flag=value`) over clap.
mod normalize;
mod shared;
mod variables;

pub use normalize::{double_dashes, help_text, single_dashes};
pub use shared::{LockArgs, PlanningArgs, ViewArgs, duration};
pub use variables::{GivenVariable, VariableArgs};

use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use clap::{ArgAction, CommandFactory, Parser};

use crate::commands::Command;

/// Plan and apply private OpenClaw hosting from Terraform files
///
/// An account, a subscription, sealed secrets and an instance are written in Terraform's own language. Ampere compares them
/// with what really is at Firebase, Stripe and Hetzner Cloud, shows what it would change and why, and changes it. With no
/// endpoints and tokens given it does so against a sandbox on this machine.
#[derive(Parser, Debug)]
#[command(name = "ampere", version, arg_required_else_help = true, max_term_width = 100, after_help = EXAMPLES)]
pub struct Cli {
    /// Change to this directory first; the configuration is read from there
    #[arg(long, value_name = "DIR")]
    pub chdir: Option<PathBuf>,
    /// Write no colours
    #[arg(long, global = true, action = ArgAction::Set, value_name = "BOOL", default_value = "false", help_heading = "Output")]
    pub no_color: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const EXAMPLES: &str = "\
Examples:
  ampere plan                      what would change, and why
  ampere apply                     the same, then ask, then do it
  ampere apply -auto-approve       without asking
  ampere plan -out=p.plan && ampere apply p.plan
  ampere destroy                   take everything away again

Environment:
  AMPERE_DATA_DIR      where key, state and sandbox lie (default .ampere)
  TF_VAR_name          the value of input variable `name`
  TF_LOG, AMPERE_LOG   trace, debug, info, warn, error: logs to standard error
  NO_COLOR             no colours

Exit codes:
  0 done or nothing to do   1 failed   2 changes present (-detailed-exitcode)   3 applied in part
  4 stale plan or lock held   5 audit log does not verify   64 usage   70 a defect of ampere";

/// The grammar, with boolean flags that may stand alone (`-json`) or with a value (`-input=false`).
pub fn grammar() -> clap::Command {
    lenient_booleans(Cli::command())
}

fn lenient_booleans(command: clap::Command) -> clap::Command {
    let command = command.mut_args(|arg| {
        let is_boolean = arg.get_value_names().is_some_and(|names| names.iter().any(|name| name == "BOOL"));
        if !is_boolean {
            return arg;
        }
        arg.num_args(0..=1)
            .require_equals(true)
            .default_missing_value("true")
            .value_parser(BoolishValueParser::new())
            .hide_possible_values(true)
            .hide_default_value(true)
    });
    command.mut_subcommands(lenient_booleans)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::FromArgMatches;

    fn parse(args: &[&str]) -> Result<Cli, clap::Error> {
        let args = double_dashes(std::iter::once("ampere").chain(args.iter().copied()).map(Into::into));
        Cli::from_arg_matches(&grammar().try_get_matches_from(args)?)
    }

    #[test]
    fn the_grammar_is_sound() {
        grammar().debug_assert();
    }

    #[test]
    fn variables_keep_their_common_order() {
        let cli = parse(&["plan", "-var", "a=1", "-var-file=x", "-var=a=2"]).unwrap();
        let Command::Plan(plan) = cli.command else { panic!("not a plan") };
        let want = [
            GivenVariable::Assignment("a=1".into()),
            GivenVariable::File("x".into()),
            GivenVariable::Assignment("a=2".into()),
        ];
        assert!(plan.planning.variables.given == want);
    }

    #[test]
    fn booleans_stand_alone_or_take_a_value() {
        let Command::Plan(plan) = parse(&["plan", "-json", "-refresh=false", "-input=0"]).unwrap().command else {
            panic!("not a plan")
        };
        assert!(plan.view.json && !plan.planning.refresh && !plan.planning.input && plan.lock.lock);
    }

    #[test]
    fn nonsense_is_refused() {
        for args in [
            &["frobnicate"][..],
            &["plan", "-nope"],
            &["plan", "extra"],
            &["plan", "-parallelism=0"],
            &["plan", "-lock-timeout=x"],
        ] {
            assert!(parse(args).is_err(), "{args:?}");
        }
    }
}
