//! `-var` and `-var-file`: two flags of which the common order matters.
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};

/// What was said about input variables, in the order it was said: the later one wins, whichever flag it is.
#[derive(Clone, Debug, Default)]
pub struct VariableArgs {
    /// Both flags, mixed as they were.
    pub given: Vec<GivenVariable>,
}

/// One `-var` or `-var-file`.
#[derive(Clone, PartialEq, Eq)]
pub enum GivenVariable {
    /// `-var 'name=value'`, not yet split.
    Assignment(String),
    /// `-var-file=PATH`
    File(String),
}

/// The value is concealed: it may be a secret.
impl std::fmt::Debug for GivenVariable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            GivenVariable::Assignment(_) => f.write_str("Assignment(concealed)"),
            GivenVariable::File(path) => write!(f, "File({path:?})"),
        }
    }
}

const HEADING: &str = "Input variables";

impl Args for VariableArgs {
    fn augment_args(command: Command) -> Command {
        let var = Arg::new("var")
            .long("var")
            .value_name("NAME=VALUE")
            .action(ArgAction::Append)
            .allow_hyphen_values(true)
            .help_heading(HEADING)
            .help("Set an input variable of the configuration. May be given more than once");
        let file = Arg::new("var_file")
            .long("var-file")
            .value_name("FILE")
            .action(ArgAction::Append)
            .help_heading(HEADING)
            .help("Read input variables from a file, after terraform.tfvars and *.auto.tfvars. May be given more than once");
        command.arg(var).arg(file)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for VariableArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut found: Vec<(usize, GivenVariable)> = Vec::new();
        for (id, make) in [("var", GivenVariable::Assignment as fn(String) -> _), ("var_file", GivenVariable::File)] {
            let places = matches.indices_of(id).into_iter().flatten();
            let values = matches.get_many::<String>(id).into_iter().flatten();
            found.extend(places.zip(values).map(|(place, value)| (place, make(value.clone()))));
        }
        found.sort_by_key(|(place, _)| *place);
        Ok(VariableArgs { given: found.into_iter().map(|(_, given)| given).collect() })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
