//! What todos are found by.

use std::collections::BTreeSet;

use service_kit::field::{self, Invalid};

/// Labels that a todo may have at most.
pub const MAX_LABELS: usize = 20;
/// Longest label, in code points.
const MAX_LENGTH: usize = 50;
/// Between the labels where one text holds them all: no label has a control character.
const SEPARATOR: &str = "\u{1f}";

/// 1 the most important to 9 the least, or 0: not said (RFC 5545, 3.8.1.9).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Priority(u8);

/// At most 20 words, no two alike, in the order in which they were given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels(Vec<String>);

impl Priority {
    /// The number.
    #[must_use]
    pub fn get(self) -> u8 {
        self.0
    }
}

impl TryFrom<i32> for Priority {
    type Error = Invalid;

    fn try_from(number: i32) -> Result<Self, Invalid> {
        let known = u8::try_from(number).ok().filter(|number| *number <= 9);
        known.map(Self).ok_or_else(|| Invalid::new("be 0 to 9"))
    }
}

/// A word of 1 to 50 code points, without control characters.
pub fn label(text: &str) -> Result<(), Invalid> {
    field::line(text, 1, MAX_LENGTH)
}

impl Labels {
    /// All in one text, as they are stored and fingerprinted.
    #[must_use]
    pub fn joined(&self) -> String {
        self.0.join(SEPARATOR)
    }
}

impl TryFrom<Vec<String>> for Labels {
    type Error = Invalid;

    fn try_from(labels: Vec<String>) -> Result<Self, Invalid> {
        if labels.len() > MAX_LABELS {
            return Err(Invalid::new(format!("have at most {MAX_LABELS} elements")));
        }
        labels.iter().try_for_each(|text| label(text))?;
        if labels.iter().collect::<BTreeSet<_>>().len() < labels.len() {
            return Err(Invalid::new("have no two elements that are the same"));
        }
        Ok(Self(labels))
    }
}
