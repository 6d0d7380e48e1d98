//! What is said when the program itself is wrong.
use std::panic::{Location, PanicHookInfo};

/// Replaces the message of a panic by the place it happened at: the message may hold a value, and a value may be secret.
pub fn install() {
    std::panic::set_hook(Box::new(report));
}

fn report(info: &PanicHookInfo<'_>) {
    crate::terminal::Terminal::new(true).err(&text(info.location()).into());
}

/// What is said. It is made from the place alone: neither message nor payload gets here.
fn text(at: Option<&Location<'_>>) -> String {
    let place = at.map_or_else(|| "an unknown place".to_owned(), |at| format!("{}:{}", at.file(), at.line()));
    format!(
        "\nAmpere has a defect: it stopped at {place}.\n\n\
         Nothing is lost: every step is written down before it is taken, and the next run looks at what really is.\n\
         Please report the place above and what you did; the message itself is kept back because it may hold a secret.\n"
    )
}
