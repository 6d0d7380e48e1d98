//! `ampere graph`
use std::path::Path;

use ampere_core::evaluate::{Graph, Node};
use clap::{Args, ValueEnum};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::project::Configuration;
use crate::terminal::Terminal;

/// Draw what depends on what, for Graphviz
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  ampere graph | dot -Tsvg > graph.svg
  ampere graph -type=all")]
pub struct GraphArgs {
    /// Which things to draw
    #[arg(long = "type", value_name = "TYPE", default_value = "resources")]
    what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum What {
    /// Resources only.
    Resources,
    /// Variables, locals, outputs and checks too.
    All,
}

/// Runs the command.
pub fn run(args: &GraphArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    let (module, _) = Configuration::read(Path::new("."))?.sound_or_empty()?;
    let graph = Graph::new(&module);
    if let Err(cycles) = graph.order() {
        return Err(Failure::findings(cycles, module.sources));
    }
    terminal.bytes(dot(&graph, args.what).as_bytes());
    Ok(Exit::Success)
}

/// The graph in the language of Graphviz; an arrow points at what is needed.
fn dot(graph: &Graph, what: What) -> String {
    let mut text = "digraph G {\n  rankdir = \"RL\";\n  node [shape = rect, fontname = \"sans-serif\"];\n".to_owned();
    let edges = graph.edges();
    let is_drawn = |node: &Node| what == What::All || matches!(node, Node::Resource(_));
    for node in edges.keys().filter(|node| is_drawn(node)) {
        text.push_str(&format!("  {:?} [label={:?}];\n", node.to_string(), node.to_string()));
    }
    if what == What::All {
        for (needed, by) in &edges {
            for node in by {
                text.push_str(&format!("  {:?} -> {:?};\n", node.to_string(), needed.to_string()));
            }
        }
    } else {
        for node in edges.keys().filter(|node| is_drawn(node)) {
            for dependency in graph.dependencies(node) {
                text.push_str(&format!("  {:?} -> {:?};\n", node.to_string(), dependency.resource.to_string()));
            }
        }
    }
    text + "}\n"
}
