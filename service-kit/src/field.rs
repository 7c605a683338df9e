//! Parsing a request: the only source of INVALID_ARGUMENT. Every field is tried, so that the caller learns of all its
//! mistakes at once, each with its path (AIP-193, `google.rpc.BadRequest`).

use std::borrow::Cow;
use std::str::FromStr;

use tonic::{Code, Status};
use uuid::Uuid;

use crate::status::{Reason, Refusal};

/// Why a value was refused, in words for the caller: what the value must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid(Cow<'static, str>);

impl Invalid {
    /// `must`: completes "this field must …".
    pub fn new(must: impl Into<Cow<'static, str>>) -> Self {
        Self(must.into())
    }

    /// The words.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }
}

/// Checks a length in Unicode code points, as every length of the contract is counted.
pub fn length(value: &str, min: usize, max: usize) -> Result<(), Invalid> {
    let length = value.chars().count();
    if (min..=max).contains(&length) {
        return Ok(());
    }
    Err(Invalid::new(format!("be {min} to {max} characters long, not {length}")))
}

/// Checks a single line of text: its length, and that it has no control characters (category Cc).
pub fn line(value: &str, min: usize, max: usize) -> Result<(), Invalid> {
    length(value, min, max)?;
    if value.chars().any(char::is_control) {
        return Err(Invalid::new("not contain control characters"));
    }
    Ok(())
}

/// Checks text of any number of lines: its length, and that it has no U+0000, which Postgres cannot store.
pub fn prose(value: &str, max: usize) -> Result<(), Invalid> {
    length(value, 0, max)?;
    if value.contains('\0') {
        return Err(Invalid::new("not contain U+0000"));
    }
    Ok(())
}

/// A UUID with hyphens, in either case.
pub fn uuid(value: &str) -> Result<Uuid, Invalid> {
    let parsed = Uuid::try_parse(value).ok().filter(|_| value.len() == 36);
    parsed.ok_or_else(|| Invalid::new("be a UUID with hyphens"))
}

/// A UUID as a segment of a resource name: in lower case, so that a resource has one name.
#[must_use]
pub fn name_uuid(segment: &str) -> Option<Uuid> {
    uuid(segment).ok().filter(|_| !segment.bytes().any(|b| b.is_ascii_uppercase()))
}

/// The fields of one request as they are parsed: collects what is wrong.
#[derive(Debug, Default)]
pub struct Fields {
    refused: Vec<(String, Invalid)>,
}

impl Fields {
    /// Parses the value of a field; `path` as BadRequest wants it (`todo.title`, `items[3].title`).
    pub fn parse<T: FromStr<Err = Invalid>>(&mut self, path: impl Into<String>, value: &str) -> Option<T> {
        self.take(path, value.parse())
    }

    /// Keeps what was parsed elsewhere, or why it was refused.
    pub fn take<T>(&mut self, path: impl Into<String>, parsed: Result<T, Invalid>) -> Option<T> {
        parsed.map_err(|why| self.refuse(path, why)).ok()
    }

    /// Like [`Fields::parse`], where the empty string means that the field was not given.
    pub fn optional<T: FromStr<Err = Invalid>>(&mut self, path: impl Into<String>, value: &str) -> Option<Option<T>> {
        if value.is_empty() { Some(None) } else { self.parse(path, value).map(Some) }
    }

    /// Refuses a field.
    pub fn refuse(&mut self, path: impl Into<String>, why: Invalid) {
        self.refused.push((path.into(), why));
    }

    /// Everything parsed, or one INVALID_ARGUMENT with all that was refused.
    pub fn all<P: Parsed>(self, parsed: P) -> Result<P::Values, Status> {
        match parsed.values() {
            Some(values) if self.refused.is_empty() => Ok(values),
            _ => Err(self.into_status()),
        }
    }

    fn into_status(self) -> Status {
        let count = self.refused.len();
        let message = match self.refused.as_slice() {
            [(path, why)] => format!("{path} must {}", why.text()),
            _ => format!("{count} fields are invalid"),
        };
        let refusal = Refusal::new(Code::InvalidArgument, Reason::FieldInvalid, message);
        let refusal =
            refusal.with("fields", self.refused.iter().map(|(path, _)| path.as_str()).collect::<Vec<_>>().join(","));
        refusal.violations(self.refused.into_iter().map(|(path, why)| (path, format!("must {}", why.text())))).into()
    }
}

/// A tuple of parsed fields, each there or refused.
pub trait Parsed {
    /// The same tuple, without the doubt.
    type Values;
    /// The values, if all are there.
    fn values(self) -> Option<Self::Values>;
}

macro_rules! parsed {
    ($($name:ident: $type:ident),+) => {
        impl<$($type),+> Parsed for ($(Option<$type>,)+) {
            type Values = ($($type,)+);
            fn values(self) -> Option<Self::Values> {
                let ($($name,)+) = self;
                Some(($($name?,)+))
            }
        }
    };
}
parsed!(a: A);
parsed!(a: A, b: B);
parsed!(a: A, b: B, c: C);
parsed!(a: A, b: B, c: C, d: D);
parsed!(a: A, b: B, c: C, d: D, e: E);
parsed!(a: A, b: B, c: C, d: D, e: E, f: F);
