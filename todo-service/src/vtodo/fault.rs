//! What can be wrong with a text.

use super::components::{MAX_BYTES, MAX_DEPTH, MAX_LINES};
use super::item::MAX_REST;
use super::lines::MAX_LINE;

/// A part of the text that no todo could be made of. The rest is read on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The line of the text where it is, from 1.
    pub line: u64,
    /// What is wrong.
    pub fault: Fault,
}

/// What is wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The line stands in no component.
    #[error("this is no iCalendar text: BEGIN:VCALENDAR is missing")]
    NoCalendar,
    /// A VTODO has no END, because the text ends or something else begins.
    #[error("the VTODO does not end")]
    NotEnded,
    /// An END of something else than what began last.
    #[error("END does not name what began last")]
    Mismatched,
    /// Components in components in components.
    #[error("components are nested more than {MAX_DEPTH} deep")]
    TooDeep,
    /// A line, its folds taken out.
    #[error("the line is longer than {MAX_LINE} bytes")]
    LineTooLong,
    /// All lines of a VTODO.
    #[error("the VTODO is longer than {MAX_BYTES} bytes")]
    TooLarge,
    /// The number of its lines.
    #[error("the VTODO has more than {MAX_LINES} lines")]
    TooManyLines,
    /// Bytes that are no characters, or U+0000.
    #[error("the line is not UTF-8 text")]
    NotText,
    /// Not `name *(";" parameter) ":" value` (3.1).
    #[error("the line is no property")]
    NotAProperty,
    /// No SUMMARY, or an empty one.
    #[error("the VTODO has no SUMMARY")]
    NoTitle,
    /// What no field can say, and would have to be kept.
    #[error("the VTODO has more than {MAX_REST} bytes that no field can say")]
    TooMuchKept,
}
