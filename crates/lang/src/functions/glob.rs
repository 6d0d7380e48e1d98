//! File name patterns: `*`, `?`, `[…]`, `{a,b}`, and `**` for any directories.

/// A pattern, component by component.
pub(super) struct Pattern(Vec<Component>);

enum Component {
    /// `**`
    AnyDirectories,
    /// A name without special characters.
    Name(String),
    /// Anything else: every way to read its braces.
    Alternatives(Vec<Vec<Token>>),
}

enum Token {
    Character(char),
    AnyCharacter,
    AnyCharacters,
    Class { negated: bool, ranges: Vec<(char, char)> },
}

/// Most readings of a component with braces (a bound against absurd patterns).
const MAX_ALTERNATIVES: usize = 1024;

/// Reads a pattern of components between `/`.
///
/// # Errors
/// A class or a brace that is not closed in its component.
pub(super) fn parse(pattern: &str) -> Result<Pattern, &'static str> {
    pattern.split('/').map(component).collect::<Result<_, _>>().map(Pattern)
}

/// Replaces the first `{a,b}` by each of its choices, and so on with what follows.
fn expand_braces(pattern: &str) -> Result<Vec<String>, &'static str> {
    let Some(open) = find_unescaped(pattern, '{') else { return Ok(vec![pattern.to_string()]) };
    let mut depth = 0usize;
    let mut cuts = vec![open];
    let mut escaped = false;
    let mut close = None;
    for (i, c) in pattern.char_indices().skip_while(|(i, _)| *i < open) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '{' => depth += 1,
            '}' if depth == 1 => {
                close = Some(i);
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 1 => cuts.push(i),
            _ => {}
        }
    }
    let close = close.ok_or("syntax error in pattern")?;
    cuts.push(close);
    let mut expanded = Vec::new();
    for pair in cuts.windows(2) {
        let choice = &pattern[pair[0] + 1..pair[1]];
        expanded.extend(expand_braces(&format!("{}{choice}{}", &pattern[..open], &pattern[close + 1..]))?);
        if expanded.len() > MAX_ALTERNATIVES {
            return Err("too many alternatives in pattern");
        }
    }
    Ok(expanded)
}

fn find_unescaped(text: &str, wanted: char) -> Option<usize> {
    let mut escaped = false;
    text.char_indices().find_map(|(i, c)| {
        let found = c == wanted && !escaped;
        escaped = c == '\\' && !escaped;
        found.then_some(i)
    })
}

fn component(text: &str) -> Result<Component, &'static str> {
    if text == "**" {
        return Ok(Component::AnyDirectories);
    }
    if !text.contains(['*', '?', '[', '{', '\\']) {
        return Ok(Component::Name(text.to_string()));
    }
    let expanded = expand_braces(text)?;
    Ok(Component::Alternatives(expanded.iter().map(|text| tokens(text)).collect::<Result<_, _>>()?))
}

fn tokens(text: &str) -> Result<Vec<Token>, &'static str> {
    let mut tokens = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        tokens.push(match c {
            '*' => Token::AnyCharacters,
            '?' => Token::AnyCharacter,
            '\\' => Token::Character(rest.next().ok_or("syntax error in pattern")?),
            '[' => class(&mut rest)?,
            c => Token::Character(c),
        });
    }
    Ok(tokens)
}

fn class(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Result<Token, &'static str> {
    const BAD: &str = "syntax error in pattern";
    let negated = rest.next_if(|c| matches!(c, '^' | '!')).is_some();
    let mut ranges = Vec::new();
    loop {
        let low = match rest.next().ok_or(BAD)? {
            ']' if !ranges.is_empty() => return Ok(Token::Class { negated, ranges }),
            '\\' => rest.next().ok_or(BAD)?,
            '-' | ']' => return Err(BAD),
            c => c,
        };
        let high = if rest.next_if_eq(&'-').is_some() {
            match rest.next().ok_or(BAD)? {
                '\\' => rest.next().ok_or(BAD)?,
                ']' | '-' => return Err(BAD),
                c => c,
            }
        } else {
            low
        };
        ranges.push((low, high));
    }
}

impl Pattern {
    /// The directory that every match lies in, `.` for the current one.
    pub(super) fn fixed_directory(&self) -> String {
        let directories = self.0.split_last().map(|(_, directories)| directories).unwrap_or_default();
        let names: Vec<&str> = directories
            .iter()
            .map_while(|c| if let Component::Name(name) = c { Some(name.as_str()) } else { None })
            .collect();
        match &names[..] {
            [] => ".".into(),
            [""] => "/".into(),
            names => names.join("/"),
        }
    }

    /// Whether a path matches as a whole.
    pub(super) fn matches(&self, path: &str) -> bool {
        let names: Vec<&str> = path.split('/').collect();
        components_match(&self.0, &names)
    }
}

fn components_match(components: &[Component], names: &[&str]) -> bool {
    // Which suffixes of the path the rest of the pattern matches, from its end to its start.
    let mut reachable = vec![false; names.len() + 1];
    reachable[names.len()] = true;
    for component in components.iter().rev() {
        let mut next = vec![false; names.len() + 1];
        for at in (0..=names.len()).rev() {
            next[at] = match component {
                Component::AnyDirectories => reachable[at] || at < names.len() && next[at + 1],
                Component::Name(name) => at < names.len() && names[at] == name && reachable[at + 1],
                Component::Alternatives(alternatives) => {
                    at < names.len() && reachable[at + 1] && {
                        let name: Vec<char> = names[at].chars().collect();
                        alternatives.iter().any(|tokens| tokens_match(tokens, &name))
                    }
                }
            };
        }
        reachable = next;
    }
    reachable[0]
}

fn tokens_match(tokens: &[Token], name: &[char]) -> bool {
    let mut reachable = vec![false; name.len() + 1];
    reachable[name.len()] = true;
    for token in tokens.iter().rev() {
        let mut next = vec![false; name.len() + 1];
        for at in (0..=name.len()).rev() {
            let one = |fits: bool| at < name.len() && fits && reachable[at + 1];
            next[at] = match token {
                Token::AnyCharacters => reachable[at] || at < name.len() && next[at + 1],
                Token::AnyCharacter => one(true),
                Token::Character(c) => one(name.get(at) == Some(c)),
                Token::Class { negated, ranges } => {
                    one(name.get(at).is_some_and(|n| ranges.iter().any(|(a, b)| a <= n && n <= b) != *negated))
                }
            };
        }
        reachable = next;
    }
    reachable[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, path: &str) -> bool {
        parse(pattern).unwrap().matches(path)
    }

    #[test]
    fn stars_stay_in_their_component_and_double_stars_do_not() {
        assert!(matches("*.tf", "a.tf"));
        assert!(!matches("*.tf", "d/a.tf"));
        assert!(matches("**/*.tf", "a.tf") && matches("**/*.tf", "d/e/a.tf"));
        assert!(matches("d/**", "d/e/f"));
        assert!(matches("{a,b*}.txt", "bx.txt") && matches("[!x-z]?", "ab"));
        assert!(!matches("[!x-z]?", "xb"));
        assert!(parse("[a").is_err() && parse("{a").is_err() && parse("{a,b/c}").is_err());
        assert_eq!(parse("d/e/*.tf").unwrap().fixed_directory(), "d/e");
    }
}
