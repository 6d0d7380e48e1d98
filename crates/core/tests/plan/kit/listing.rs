//! Plans as short texts.
use ampere_core::plan::{Action, Change, Operation, Plan, Reason, Step};
use ampere_lang::diagnostic::Severity;
use ampere_lang::value::Value;

/// One line a change that is none, a deferral, an output change, a finding.
pub fn listing(plan: &Plan) -> String {
    let mut lines: Vec<String> = Vec::new();
    lines.extend(plan.drift.iter().map(|d| {
        format!(
            "drift {}{}",
            d.address,
            d.after.as_ref().map_or(" gone".into(), |after| differences(Some(&d.before), after))
        )
    }));
    lines.extend(plan.changes.iter().filter_map(change));
    lines.extend(plan.deferred.iter().map(|d| {
        format!("wait {}: {}{}", d.address, d.reason, d.url.as_ref().map_or(String::new(), |url| format!(" {url}")))
    }));
    lines.extend(plan.outputs.iter().filter(|(_, o)| o.action != Action::NoOp).map(|(name, o)| {
        format!("{} output.{name} = {}", sign(o.action), o.after.as_ref().map_or("null".into(), show))
    }));
    let problems = problems(plan);
    lines.extend(problems.lines().map(str::to_owned));
    lines.join("\n")
}

/// The findings alone.
pub fn problems(plan: &Plan) -> String {
    let lines = plan.diagnostics.iter().map(|d| {
        let severity = if d.severity == Severity::Error { "error" } else { "warning" };
        let line = d.subject.map_or(String::new(), |s| format!(":{}", s.start.line));
        format!("{severity}{line} {}", d.summary)
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The steps, one a line, with those they wait for.
pub fn steps(plan: &Plan) -> String {
    plan.steps.iter().map(step).collect::<Vec<_>>().join("\n")
}

fn change(change: &Change) -> Option<String> {
    if change.action == Action::NoOp && change.previous_address.is_none() && change.importing.is_none() {
        return None;
    }
    let mut line = format!("{} {}", sign(change.action), change.address);
    if let Some(key) = &change.deposed {
        line += &format!(" (deposed {key})");
    }
    if let Some(from) = &change.previous_address {
        line += &format!(" from {from}");
    }
    if let Some(id) = &change.importing {
        line += &format!(" import {id}");
    }
    if let Some(after) = change.after.as_ref().filter(|_| change.action != Action::NoOp) {
        line += &differences(change.before.as_ref(), after);
    }
    if !change.replace_paths.is_empty() {
        let paths: Vec<String> = change.replace_paths.iter().map(ToString::to_string).collect();
        line += &format!(" forced by {}", paths.join(", "));
    }
    if let Some(reason) = &change.reason {
        line += &format!(" because {}", reason_name(reason));
    }
    if let Some(deadline) = change.deadline {
        line += &format!(" until {deadline}");
    }
    if let Some(loss) = &change.loss {
        line += &format!(" ({loss})");
    }
    Some(line)
}

fn reason_name(reason: &Reason) -> String {
    match reason {
        Reason::Ended { why } => format!("ended: {why}"),
        Reason::PartsMissing(parts) => format!("parts missing: {}", parts.join(", ")),
        other => format!("{other:?}"),
    }
}

fn sign(action: Action) -> &'static str {
    match action {
        Action::NoOp => "=",
        Action::Create => "+",
        Action::Read => "<=",
        Action::Update => "~",
        Action::DeleteThenCreate => "-/+",
        Action::CreateThenDelete => "+/-",
        Action::Delete => "-",
        Action::Forget => ".",
    }
}

/// ` name=value` for every attribute that differs.
fn differences(before: Option<&Value>, after: &Value) -> String {
    let mut line = String::new();
    for (name, value) in after.entries().into_iter().flatten() {
        let old = before.and_then(|b| b.entries()?.get(name));
        let differs = old.map_or(!value.is_null(), |old| !old.same(value) || old.marks() != value.marks());
        if differs {
            line += &format!(" {name}={}", show(value));
        }
    }
    line
}

fn show(value: &Value) -> String {
    match value {
        value if value.marks().sensitive() => "(sensitive)".into(),
        value if !value.is_known() => "?".into(),
        value => match (value.as_str(), value.as_number()) {
            (Some(text), _) => text.to_owned(),
            (_, Some(number)) => number.to_string(),
            _ => format!("{value:?}"),
        },
    }
}

fn step(step: &Step) -> String {
    let what = match &step.operation {
        Operation::Create => "create".to_owned(),
        Operation::Update { .. } => "update".to_owned(),
        Operation::Delete { id, .. } => format!("delete {id}"),
        Operation::Depose { .. } => "depose".to_owned(),
        Operation::Record { moved_from: Some(from), .. } => format!("record (was {from})"),
        Operation::Record { .. } => "record".to_owned(),
        Operation::Forget => "forget".to_owned(),
        Operation::Join => "join".to_owned(),
    };
    let after = match &step.after[..] {
        [] => String::new(),
        after => format!(" after {}", after.iter().map(u32::to_string).collect::<Vec<_>>().join(" ")),
    };
    let guard = if step.precondition.is_some() { " if" } else { "" };
    format!("{} {what} {}{after}{guard}", step.index, step.address)
}
