//! Content lines (RFC 5545, 3.1) out of pieces that may be cut anywhere: in a line, a fold, a line break, a character.

use std::mem;

use super::fault::Fault;

/// Longest line that is read, in bytes, its folds taken out: notes of 10,000 code points, each of four bytes or escaped,
/// and more than is kept of what no field can say.
pub(super) const MAX_LINE: usize = 64 * 1024;
/// Longest line that is written, in bytes, its break not counted (3.1).
const FOLD: usize = 75;
/// The line that is not folded: a todo that has come whole does not wait for what follows it.
const LAST: &[u8] = b"END:VTODO";

/// A line, its folds taken out.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// The line of the text that it begins on, from 1.
    pub(super) number: u64,
    /// What it says; [`Fault::LineTooLong`] or [`Fault::NotText`] if that cannot be read.
    pub(super) text: Result<String, Fault>,
}

/// Cuts text into lines. Holds one piece and one line at a time.
#[derive(Debug, Default)]
pub(super) struct Lines {
    piece: Vec<u8>,
    /// How far the piece is read.
    at: usize,
    /// The line so far.
    line: Vec<u8>,
    too_long: bool,
    /// Line breaks before the line so far, and before what is read.
    begun: u64,
    breaks: u64,
    /// Whether a line break was read last: what follows says whether the line goes on.
    at_break: bool,
    ended: bool,
}

impl Lines {
    /// Takes the next piece, when the one before is read ([`Lines::next`] has nothing more).
    pub(super) fn push(&mut self, piece: Vec<u8>) {
        (self.piece, self.at) = (piece, 0);
    }

    /// No piece follows.
    pub(super) fn end(&mut self) {
        self.ended = true;
    }

    /// The next line that is not empty; `None` when more pieces are needed, or nothing is left.
    pub(super) fn next(&mut self) -> Option<Line> {
        loop {
            let rest = self.piece.get(self.at..).unwrap_or_default();
            let Some(first) = rest.first() else {
                return if self.ended { self.take() } else { None };
            };
            if mem::take(&mut self.at_break) {
                self.breaks += 1;
                if matches!(first, b' ' | b'\t') {
                    self.at += 1;
                } else if let Some(line) = self.take() {
                    return Some(line);
                }
                continue;
            }
            let length = rest.iter().position(|byte| *byte == b'\n');
            let part = rest.get(..length.unwrap_or(rest.len())).unwrap_or_default();
            self.too_long |= self.line.len() + part.len() > MAX_LINE;
            if !self.too_long {
                self.line.extend_from_slice(part);
            }
            self.at += part.len() + usize::from(length.is_some());
            self.at_break = length.is_some();
            if self.at_break {
                self.drop_returns();
                if self.line.eq_ignore_ascii_case(LAST) {
                    self.at_break = false;
                    self.breaks += 1;
                    return self.take();
                }
            }
        }
    }

    /// Drops what stands before a line break besides it: one carriage return, or more where a program has doubled it.
    fn drop_returns(&mut self) {
        while self.line.last() == Some(&b'\r') {
            self.line.pop();
        }
    }

    /// The line so far, and begins the next; `None` if it is empty.
    fn take(&mut self) -> Option<Line> {
        self.drop_returns();
        let (bytes, too_long) = (mem::take(&mut self.line), mem::take(&mut self.too_long));
        let number = mem::replace(&mut self.begun, self.breaks) + 1;
        if too_long {
            return Some(Line { number, text: Err(Fault::LineTooLong) });
        }
        let text = String::from_utf8(bytes).ok().filter(|text| !text.contains('\0')).ok_or(Fault::NotText);
        (text.as_deref() != Ok("")).then_some(Line { number, text })
    }
}

/// Writes a line, folded so that no more than 75 bytes stand on one, and no character is cut.
pub(super) fn fold(line: &str, out: &mut String) {
    let (mut rest, mut room) = (line, FOLD);
    while rest.len() > room {
        let (head, tail) = rest.split_at(rest.floor_char_boundary(room));
        out.push_str(head);
        out.push_str("\r\n ");
        // The space that marks a fold counts.
        (rest, room) = (tail, FOLD - 1);
    }
    out.push_str(rest);
    out.push_str("\r\n");
}
