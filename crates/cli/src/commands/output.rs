//! `ampere output`
use std::path::Path;

use ampere_core::lang::eval::render::render;
use ampere_core::lang::value::{Data, Value, json};
use ampere_core::render::json::value::{Sensitive, known};
use ampere_core::snapshot::OutputValue;
use clap::{ArgAction, Args};
use serde_json::{Map, json};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::operation::outputs;
use crate::project::Configuration;
use crate::stack;
use crate::terminal::Terminal;

/// Show output values from the state
///
/// A sensitive output is concealed in the list. Who names it, or asks for JSON, gets it in the clear.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  ampere output
  ampere output -raw payment_url
  ampere output -json | jq .ipv4.value")]
pub struct OutputArgs {
    /// Only this output
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// Write JSON
    #[arg(long, action = ArgAction::Set, value_name = "BOOL", default_value = "false", conflicts_with = "raw")]
    json: bool,
    /// Write a string as it is, without quotes and line end
    #[arg(long, action = ArgAction::Set, value_name = "BOOL", default_value = "false", requires = "name")]
    raw: bool,
}

/// Runs the command.
pub async fn run(args: &OutputArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    let module = Configuration::read(Path::new("."))?.module;
    let snapshot = stack::remembered(&module).await?;
    match &args.name {
        Some(name) => {
            let output = snapshot.outputs.get(name.as_str()).ok_or_else(|| unknown(name))?;
            show_one(args, name, &output.value.clone().unmark_deep().0, terminal)?;
        }
        None if args.json => {
            let all: Map<String, _> =
                snapshot.outputs.iter().map(|(name, o)| (name.to_string(), document(o))).collect();
            terminal.line(format!("{:#}", serde_json::Value::Object(all)));
        }
        None if snapshot.outputs.is_empty() => {
            let detail = "The state has no outputs, or none is defined in the configuration, or the configuration was not applied yet.";
            terminal.err(&format!("Warning: No outputs found\n\n{detail}\n").into());
        }
        None => terminal.out(&outputs(&snapshot)),
    }
    Ok(Exit::Success)
}

fn document(output: &OutputValue) -> serde_json::Value {
    let value = output.value.clone().unmark_deep().0;
    json!({
        "sensitive": output.sensitive,
        "type": json::type_to_json(value.ty()),
        "value": known(&value, Sensitive::Written),
    })
}

fn show_one(args: &OutputArgs, name: &str, value: &Value, terminal: &Terminal) -> Result<(), Failure> {
    if args.json {
        terminal.line(known(value, Sensitive::Written).unwrap_or_default().to_string());
        return Ok(());
    }
    if !args.raw {
        terminal.line(render(value, 0));
        return Ok(());
    }
    let text = match value.data() {
        Data::String(text) => text.to_string(),
        Data::Number(number) => number.to_string(),
        Data::Bool(truth) => truth.to_string(),
        _ => {
            let detail = format!("The output {name:?} is no string, number or bool. Use -json for structured values.");
            return Err(Failure::error("Unsupported value for raw output", detail));
        }
    };
    terminal.bytes(text.as_bytes());
    Ok(())
}

fn unknown(name: &str) -> Failure {
    let detail =
        format!("The output {name:?} is not in the state. If it was just added to the configuration, apply first.");
    Failure::error(format!("Output {name:?} not found"), detail)
}
