//! `ampere instance status`
use std::collections::BTreeMap;

use ampere_core::address::Address;
use ampere_core::identity::ExternalId;
use ampere_core::provider::{ProviderError, Status};
use ampere_core::render::{Style, Text};
use clap::{ArgAction, Args};
use futures::StreamExt;
use futures::stream;
use serde_json::json;

use crate::args::{PlanningArgs, VariableArgs};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::operation::{Operation, Subject, address};
use crate::stack::Stack;
use crate::terminal::Terminal;
use crate::view::View;

/// The resource type.
const KIND: &str = "ampere_instance";
/// How many mailboxes are read at once.
const AT_ONCE: usize = 8;

/// Show how instances are: sealed or not, versions, the last receipt, health
///
/// Without an address it lists all of the state; with one it shows all that is known. An instance reports every ten minutes.
#[derive(Args, Debug)]
pub struct StatusArgs {
    /// The instance
    #[arg(value_name = "ADDRESS")]
    address: Option<String>,
    /// Write JSON
    #[arg(long, action = ArgAction::Set, value_name = "BOOL", default_value = "false")]
    json: bool,
    #[command(flatten)]
    variables: VariableArgs,
}

/// What became of a question.
type Answer = (Address, Result<Option<Status>, ProviderError>);

/// Runs the command.
pub async fn run(args: &StatusArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    let wanted = args.address.as_deref().map(address).transpose()?;
    let subject = Subject::promises(&PlanningArgs::with(args.variables.clone(), false))?;
    let view = View::human(terminal);
    let stack = Stack::open(&subject.module).await?;
    let operation = Operation::open(&view, stack, "instance status", &subject, None).await?;
    let answers = answers(&operation, wanted.as_ref()).await;
    let answers = operation.close(answers).await?;
    let failed = answers.iter().any(|(_, answer)| answer.is_err());
    match &wanted {
        _ if args.json => terminal.line(document(&answers).to_string()),
        None if answers.is_empty() => terminal.line("There is no instance in the state."),
        None => terminal.out(&table(&answers)),
        Some(_) => answers.iter().for_each(|answer| terminal.out(&page(answer))),
    }
    Ok(if failed { Exit::Failure } else { Exit::Success })
}

/// Asks for the instances of the state, or for one.
async fn answers(operation: &Operation, wanted: Option<&Address>) -> Result<Vec<Answer>, Failure> {
    let known = operation.snapshot.objects.iter().filter(|(key, _)| key.deposed.is_none());
    let known = known.map(|(key, object)| (&key.address, &object.id));
    let asked: Vec<(&Address, &ExternalId)> =
        known.filter(|(address, _)| address.kind() == KIND && wanted.is_none_or(|wanted| wanted == *address)).collect();
    if let Some(wanted) = wanted.filter(|_| asked.is_empty()) {
        let detail = format!("No instance in the state is called {wanted}. See: ampere state list");
        return Err(Failure::error("No such instance", detail));
    }
    let Some(provider) = operation.engine.providers.provider(KIND) else { return Ok(Vec::new()) };
    let ask = |(address, id): (&Address, &ExternalId)| {
        let (address, id) = (address.clone(), id.clone());
        async move {
            let status = provider.status(KIND, &id).await;
            (address, status)
        }
    };
    Ok(stream::iter(asked.into_iter().map(ask)).buffered(AT_ONCE).collect().await)
}

fn table(answers: &[Answer]) -> Text {
    let width = answers.iter().map(|(address, _)| address.to_string().len()).max().unwrap_or(0).max(8) + 2;
    let mut text = Text::new();
    text.push(
        Style::Strong,
        format!("{:<width$}{:<10}{:<12}{:<22}{}\n", "ADDRESS", "STATE", "OPENCLAW", "LAST HEARD", "FAULTS"),
    );
    for (address, answer) in answers {
        text.plain(format!("{:<width$}", address.to_string()));
        match answer {
            Ok(Some(status)) => {
                let openclaw = status.facts.iter().find(|fact| fact.name == "OpenClaw").map_or("-", |fact| &fact.value);
                text.push(style(status), format!("{:<10}", status.state));
                text.plain(format!("{openclaw:<12}{:<22}", heard(status)));
                text.push(style(status), status.faults.join("; "));
            }
            Ok(None) => {
                text.push(Style::Faint, "nobody is inside");
            }
            Err(error) => {
                text.push(Style::Alarm, error.to_string());
            }
        }
        text.newline();
    }
    text
}

fn page((address, answer): &Answer) -> Text {
    let mut text = Text::new();
    text.push(Style::Strong, address.to_string()).newline();
    let mut line = |style: Style, name: &str, value: &str| {
        text.plain(format!("  {name:<18}"));
        text.push(style, value).newline();
    };
    match answer {
        Ok(Some(status)) => {
            line(style(status), "state", &status.state);
            line(Style::Plain, "last heard", &heard(status));
            for fact in &status.facts {
                line(Style::Plain, fact.name, &fact.value);
            }
            for fault in &status.faults {
                line(Style::Alarm, "fault", fault);
            }
        }
        Ok(None) => line(Style::Faint, "state", "nobody is inside"),
        Err(error) => line(Style::Alarm, "error", &error.to_string()),
    }
    text
}

fn heard(status: &Status) -> String {
    status.heard_at.map_or_else(|| "never".into(), |at| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}

fn style(status: &Status) -> Style {
    match &*status.state {
        _ if !status.faults.is_empty() => Style::Alarm,
        "sealed" => Style::Success,
        _ => Style::Update,
    }
}

fn document(answers: &[Answer]) -> serde_json::Value {
    let entries = answers.iter().map(|(address, answer)| {
        let value = match answer {
            Ok(status) => json!(status),
            Err(error) => json!({"error": error.to_string()}),
        };
        (address.to_string(), value)
    });
    json!(entries.collect::<BTreeMap<_, _>>())
}
