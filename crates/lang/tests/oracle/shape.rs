//! What both sides write alike.

/// A part of a template.
pub enum Piece {
    Text(String),
    Code(String),
}

/// A template; one without any code is a string, whatever was written around it.
pub fn pieces(parts: Vec<Piece>) -> String {
    let mut merged: Vec<Piece> = Vec::new();
    for part in parts {
        match (merged.last_mut(), part) {
            (_, Piece::Text(text)) if text.is_empty() => {}
            (Some(Piece::Text(before)), Piece::Text(text)) => before.push_str(&text),
            (_, part) => merged.push(part),
        }
    }
    match &merged[..] {
        [] => string(""),
        [Piece::Text(text)] => string(text),
        parts => {
            let parts = parts.iter().map(|part| match part {
                Piece::Text(text) => string(text),
                Piece::Code(code) => format!("${code}"),
            });
            format!("(template {})", parts.collect::<Vec<_>>().join(" "))
        }
    }
}

pub fn string(text: &str) -> String {
    format!("{text:?}")
}

/// A number to the precision that both keep.
pub fn number(text: &str) -> String {
    text.parse::<f64>().expect("a number").to_string()
}
