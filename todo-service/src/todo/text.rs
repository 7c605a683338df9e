//! The texts of a todo, parsed once.

use std::str::FromStr;

use service_kit::field::{self, Invalid};

/// What is to be done: 1 to 500 code points, no control characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Title(String);

/// Anything more to say: at most 10,000 code points, all but U+0000.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notes(String);

impl Title {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Notes {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Title {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        field::line(text, 1, 500)?;
        Ok(Self(text.to_owned()))
    }
}

impl FromStr for Notes {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        field::prose(text, 10_000)?;
        Ok(Self(text.to_owned()))
    }
}
