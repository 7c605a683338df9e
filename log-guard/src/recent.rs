//! What was logged lately. A token is known to be one when its holder has it: whoever issued it has logged before.

use memchr::memmem;

/// Bytes that are kept at most: some hundred calls.
const KEPT: usize = 2 << 20;

/// The latest lines.
#[derive(Default)]
pub(crate) struct Recent {
    text: Vec<u8>,
}

impl Recent {
    /// Adds a line.
    pub(crate) fn add(&mut self, line: &[u8]) {
        if self.text.len() + line.len() > KEPT {
            self.text.drain(..self.text.len() / 2);
        }
        self.text.extend_from_slice(line);
        self.text.push(b'\n');
    }

    /// The line that has a text in it.
    pub(crate) fn line_with(&self, text: &[u8]) -> Option<&[u8]> {
        let at = memmem::find(&self.text, text)?;
        let (before, after) = self.text.split_at(at);
        let begin = memchr::memrchr(b'\n', before).map_or(0, |end| end + 1);
        let end = memchr::memchr(b'\n', after).map_or(self.text.len(), |length| at + length);
        self.text.get(begin..end)
    }
}
