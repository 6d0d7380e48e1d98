//! `ampere import`
use std::sync::Arc;

use ampere_core::lang::config::Import;
use ampere_core::lang::diagnostic::Diagnostic;
use ampere_core::lang::source::Span;
use ampere_core::lang::syntax;
use ampere_core::plan::{Action, Options, Plan, Target};
use ampere_core::render::plan::{Notes, PlanDocument};
use clap::{ArgAction, Args};

use crate::args::{LockArgs, PlanningArgs, VariableArgs, ViewArgs};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::operation::{self, Operation, Subject, address, approve, show_plan, show_result};
use crate::stack::Stack;
use crate::terminal::Terminal;
use crate::view::View;

/// Take an existing object into the stack
///
/// The resource block must be there already. The object gets this stack's mark. If it differs from what the block says, the
/// changes are shown first, and made only after a yes. An `import` block in the configuration does the same as part of a plan.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  ampere import ampere_account.ada Xa8cQ2…            a Firebase uid
  ampere import 'ampere_instance.bots[\"ada\"]' 42      a Hetzner server number")]
pub struct ImportArgs {
    /// Where it is to go
    #[arg(value_name = "ADDRESS")]
    address: String,
    /// Its id at its cloud
    #[arg(value_name = "ID")]
    id: String,
    #[command(flatten)]
    variables: VariableArgs,
    /// Ask for variables and for a yes, if a person is there to answer
    #[arg(long, action = ArgAction::Set, value_name = "BOOL", default_value = "true")]
    input: bool,
    /// Do not ask before the object is changed
    #[arg(long, action = ArgAction::Set, value_name = "BOOL", default_value = "false")]
    auto_approve: bool,
    #[command(flatten)]
    lock: LockArgs,
    #[command(flatten)]
    view: ViewArgs,
}

/// Runs the command.
pub async fn run(args: ImportArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    let view = View::new(terminal, &args.view);
    Ok(imported(args, &view).await.unwrap_or_else(|failure| view.failure(&failure)))
}

async fn imported(args: ImportArgs, view: &View<'_>) -> Result<Exit, Failure> {
    let target = address(&args.address)?;
    let planning = PlanningArgs::with(args.variables.clone(), args.input);
    let mut subject = Subject::read(view, &planning, false)?;
    if !subject.module.resources.contains_key(&target.resource) {
        let detail = format!(
            "Before importing this resource, write its block:\n\n  resource \"{}\" \"{}\" {{\n    # …\n  }}",
            target.resource.resource_type, target.resource.name
        );
        return Err(Failure::error("Resource address does not exist in the configuration", detail));
    }
    // What the command says is one more import block.
    let block = import_block(&mut subject, &args)?;
    subject.module.imports = vec![block];
    let stack = Stack::open(&subject.module).await?;
    let operation = Operation::open(view, stack, "import", &subject, Some(args.lock.lock_timeout)).await?;
    let options = Options { targets: vec![Target::Instance(target)], refreshed: true, ..Options::default() };
    let mut plan = operation.plan(&subject, &options).await;
    // The command itself is the target: nobody asked for one.
    let findings = std::mem::take(&mut plan.diagnostics);
    plan.diagnostics
        .extend(findings.into_iter().filter(|finding| finding.summary != "Resource targeting is in effect"));
    let done = decide(&args, view, &subject, &operation, &plan).await;
    operation.close(done).await
}

async fn decide(
    args: &ImportArgs,
    view: &View<'_>,
    subject: &Subject,
    operation: &Operation,
    plan: &Plan,
) -> Result<Exit, Failure> {
    let document = PlanDocument { plan, kinds: operation.engine.providers.kinds() };
    let notes = Notes { sandbox: operation.clouds.sandbox_address.clone() };
    show_plan(view, &document, &notes, &subject.module, &subject.findings);
    if plan.diagnostics.has_errors() {
        return Ok(Exit::Failure);
    }
    if !plan.changes.iter().any(|change| change.importing.is_some()) {
        let detail = format!("{} is in the state already, or there is no object {:?}.", args.address, args.id);
        return Err(Failure::error("Nothing to import", detail));
    }
    let changes_something = plan.changes.iter().any(|change| !matches!(change.action, Action::NoOp));
    if changes_something && !args.auto_approve && !approve(view, plan.mode, args.input)? {
        view.news("\nImport cancelled.");
        return Ok(Exit::Failure);
    }
    let applied = operation::apply(view, operation, subject, plan, 1).await?;
    let after = operation.engine.snapshot().await.map_err(operation::engine_failure)?;
    show_result(view, &applied, &subject.module, plan.mode, &after);
    Ok(applied.exit())
}

fn import_block(subject: &mut Subject, args: &ImportArgs) -> Result<Import, Failure> {
    let sources = Arc::make_mut(&mut subject.module.sources);
    let id_text = ampere_core::render::diff::quoted(&args.id);
    let to_file = sources.add("<import address>", args.address.clone());
    let id_file = sources.add("<import id>", id_text.clone());
    let (to, mut findings) = syntax::parse_expression(to_file, &args.address);
    let (id, found) = syntax::parse_expression(id_file, &id_text);
    findings.extend(found);
    if args.id.contains("${") || args.id.contains("%{") {
        findings.push(Diagnostic::error("Invalid id", "An id holds no template."));
    }
    if findings.has_errors() {
        return Err(Failure::findings(findings, subject.module.sources.clone()));
    }
    Ok(Import { to, id, for_each: None, provider: None, span: Span::BUILT })
}
