//! `ampere completions SHELL`
use clap::{Args, ValueEnum};
use clap_complete::Shell;

use crate::args;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::terminal::Terminal;

/// Write a completion script for a shell
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  bash   ampere completions bash > ~/.local/share/bash-completion/completions/ampere
  zsh    ampere completions zsh > \"${fpath[1]}/_ampere\"
  fish   ampere completions fish > ~/.config/fish/completions/ampere.fish")]
pub struct CompletionsArgs {
    /// Which shell
    #[arg(value_name = "SHELL")]
    shell: KnownShell,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum KnownShell {
    Bash,
    Zsh,
    Fish,
}

/// Runs the command.
pub fn run(args: &CompletionsArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    terminal.bytes(script(args.shell).as_bytes());
    Ok(Exit::Success)
}

fn script(shell: KnownShell) -> String {
    let generator = match shell {
        KnownShell::Bash => Shell::Bash,
        KnownShell::Zsh => Shell::Zsh,
        KnownShell::Fish => Shell::Fish,
    };
    let mut buffer = Vec::new();
    clap_complete::generate(generator, &mut args::grammar(), "ampere", &mut buffer);
    let text = String::from_utf8_lossy(&buffer).into_owned();
    match shell {
        // Fish calls a long option with one dash an old-style one.
        KnownShell::Fish => text.replace(" -l ", " -o "),
        KnownShell::Bash => args::single_dashes(&text),
        // `-s` would let zsh read `-json` as a heap of one-letter options.
        KnownShell::Zsh => args::single_dashes(&text).replace("(-s -S -C)", "(-S -C)").replace("(-s -C)", "(-C)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_offer_flags_with_one_dash() {
        for shell in [KnownShell::Bash, KnownShell::Zsh, KnownShell::Fish] {
            let script = script(shell);
            assert!(!script.contains("--json"), "{shell:?}");
            assert!(!script.contains("--chdir"), "{shell:?}");
        }
        assert!(script(KnownShell::Bash).contains("-chdir"));
        assert!(script(KnownShell::Fish).contains("-o chdir"));
        assert!(script(KnownShell::Zsh).contains("-chdir="));
    }
}
