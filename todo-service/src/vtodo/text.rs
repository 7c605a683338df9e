//! Values of type TEXT (RFC 5545, 3.3.11), and lists of them.

/// Writes a text. TEXT has no control characters but the tab: a line break of any kind is one of its own, and the others
/// are left out.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 8);
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' | ';' | ',' => escaped.extend(['\\', character]),
            '\r' if characters.peek() == Some(&'\n') => {}
            '\n' | '\r' => escaped.push_str("\\n"),
            _ if character.is_control() && character != '\t' => {}
            _ => escaped.push(character),
        }
    }
    escaped
}

/// Reads a text. What is no escape stays as it is.
pub(super) fn unescape(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    let mut characters = value.chars();
    while let Some(character) = characters.next() {
        match (character, characters.as_str().chars().next()) {
            ('\\', Some(escaped @ ('\\' | ';' | ','))) => text.push(escaped),
            ('\\', Some('n' | 'N')) => text.push('\n'),
            _ => {
                text.push(character);
                continue;
            }
        }
        characters.next();
    }
    text
}

/// Writes a list of texts.
pub(super) fn escape_list(texts: &[String]) -> String {
    texts.iter().map(|text| escape(text)).collect::<Vec<_>>().join(",")
}

/// Reads a list of texts.
pub(super) fn unescape_list(value: &str) -> Vec<String> {
    let mut escaped = false;
    let separates = |character: char| {
        let separates = character == ',' && !escaped;
        escaped = character == '\\' && !escaped;
        separates
    };
    value.split(separates).map(unescape).collect()
}
