//! One property: `name *(";" parameter) ":" value` (RFC 5545, 3.1).

/// A property, its value as it stands.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Property<'a> {
    /// The line that it is, its folds taken out.
    pub(super) line: &'a str,
    /// In upper case: names are compared without it.
    pub(super) name: String,
    pub(super) parameters: Vec<Parameter<'a>>,
    /// Not yet unescaped.
    pub(super) value: &'a str,
}

/// A parameter of a property.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Parameter<'a> {
    /// In upper case.
    pub(super) name: String,
    /// Without its quotes; a list of values as it stands.
    pub(super) value: &'a str,
    /// Where in the line the value begins, in bytes.
    at: usize,
}

impl<'a> Property<'a> {
    /// The property that a line is, its folds taken out.
    pub(super) fn parse(line: &'a str) -> Option<Self> {
        let (name, mut rest) = word(line)?;
        let mut parameters = Vec::new();
        while let Some(parameter) = rest.strip_prefix(';') {
            let (name, value) = word(parameter)?;
            let stated = value.strip_prefix('=')?;
            let (value, after) = parameter_value(stated)?;
            let quote = usize::from(stated.starts_with('"') && !value.starts_with('"'));
            parameters.push(Parameter { name, value, at: line.len() - stated.len() + quote });
            rest = after;
        }
        Some(Self { line, name, parameters, value: rest.strip_prefix(':')? })
    }

    /// A parameter, if it stands there once.
    pub(super) fn parameter(&self, name: &str) -> Option<&Parameter<'a>> {
        let mut named = self.parameters.iter().filter(|parameter| parameter.name == name);
        named.next().filter(|_| named.next().is_none())
    }

    /// Whether there are no parameters but those that a reader knows, each once.
    pub(super) fn has_only(&self, known: &[&str]) -> bool {
        let once = |parameter: &Parameter<'_>| self.parameter(&parameter.name).is_some();
        self.parameters.iter().all(|parameter| known.contains(&parameter.name.as_str()) && once(parameter))
    }

    /// The line with another value of a parameter.
    pub(super) fn with(&self, parameter: &Parameter<'_>, value: &str) -> String {
        let (before, rest) = self.line.split_at_checked(parameter.at).unwrap_or((self.line, ""));
        let (_, after) = rest.split_at_checked(parameter.value.len()).unwrap_or_default();
        [before, value, after].concat()
    }
}

/// A name, in upper case, and what follows it. With `_`, which the grammar does not have and programs write.
fn word(text: &str) -> Option<(String, &str)> {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_'))?;
    let (name, rest) = text.split_at(end);
    (end > 0).then(|| (name.to_ascii_uppercase(), rest))
}

/// A value or a list of them, and what follows it. In quotes it may have `:`, `;` and `,`.
fn parameter_value(text: &str) -> Option<(&str, &str)> {
    let mut quoted = false;
    let ends = |c: char| {
        quoted ^= c == '"';
        !quoted && matches!(c, ';' | ':')
    };
    let (value, rest) = text.split_at(text.find(ends)?);
    let inner = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
    Some((inner.filter(|inner| !inner.contains('"')).unwrap_or(value), rest))
}
