//! Terraform's flags to clap's: `-auto-approve` becomes `--auto-approve`.
use std::ffi::OsString;

/// Gives every long flag its second dash. Everything after `--` stays as it is, and so do a lone `-` (standard input) and
/// negative numbers.
pub fn double_dashes(args: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut literal = false;
    args.into_iter()
        .map(|arg| {
            if literal {
                return arg;
            }
            if arg == "--" {
                literal = true;
                return arg;
            }
            if arg == "-h" {
                return "--help".into();
            }
            match arg.to_str() {
                Some(text) if is_single_dashed(text) => format!("-{text}").into(),
                _ => arg,
            }
        })
        .collect()
}

fn is_single_dashed(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next() == Some('-') && chars.next().is_some_and(|c| c.is_ascii_alphabetic())
}

/// The text with every `--name` written `-name`, for help and messages.
pub fn single_dashes(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("--") {
        let (before, after) = rest.split_at(at);
        result.push_str(before);
        let starts_word = !before.ends_with(|c: char| c.is_alphanumeric() || c == '-');
        let names_flag = after[2..].starts_with(|c: char| c.is_ascii_lowercase());
        result.push_str(if starts_word && names_flag { "-" } else { "--" });
        rest = &after[2..];
    }
    result + rest
}

/// A help text in Terraform's form: `-out=FILE`, `-json`.
pub fn help_text(text: &str) -> String {
    let text = single_dashes(text).replace("[=<BOOL>]", "").replace(" (see a summary with '-h')", "");
    let lines = text.lines().map(|line| {
        let is_flag = line.trim_start().starts_with('-');
        match line.split_once(" <").filter(|_| is_flag) {
            Some((flag, value)) => format!("{flag}={}", value.replacen('>', "", 1)),
            None => line.trim_end().to_owned(),
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doubled(args: &[&str]) -> Vec<String> {
        double_dashes(args.iter().map(OsString::from)).into_iter().map(|a| a.into_string().unwrap()).collect()
    }

    #[test]
    fn long_flags_gain_a_dash_and_nothing_else_changes() {
        let args = ["-chdir=x", "plan", "-var", "a=-b", "--out=p", "-", "-1", "--", "-auto-approve"];
        let want = ["--chdir=x", "plan", "--var", "a=-b", "--out=p", "-", "-1", "--", "-auto-approve"];
        assert_eq!(doubled(&args), want);
    }

    #[test]
    fn help_has_one_spelling() {
        assert_eq!(doubled(&["-h", "-help", "--help"]), ["--help", "--help", "--help"]);
    }

    #[test]
    fn messages_lose_the_second_dash_of_flags_only() {
        assert_eq!(
            single_dashes("use '--out=<FILE>' -- or --x; a--b, `-- -v`"),
            "use '-out=<FILE>' -- or -x; a--b, `-- -v`"
        );
    }

    #[test]
    fn help_shows_flags_as_they_are_typed() {
        assert_eq!(help_text("      --out <FILE>\n          Save <it>"), "      -out=FILE\n          Save <it>");
        assert_eq!(help_text("      --json[=<BOOL>]"), "      -json");
    }
}
