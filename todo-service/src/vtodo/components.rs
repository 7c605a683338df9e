//! Todos cut out of a text, one by one.

use std::mem;

use super::fault::{Broken, Fault};
use super::lines::{Line, Lines};

/// Most bytes of a VTODO: the longest texts that a todo may have, each byte escaped, and what is kept besides.
pub(super) const MAX_BYTES: usize = 128 * 1024;
/// Most lines of a VTODO.
pub(super) const MAX_LINES: usize = 1_000;
/// Components in a VTODO, one in the other: VALARM is one deep, and VLOCATION in it two (RFC 9074, 8.2).
pub(super) const MAX_DEPTH: usize = 4;
/// Zones that a text may define; what others it defines are read as if it did not.
const MAX_ZONES: usize = 256;
/// Longest name of a zone, in bytes.
const MAX_ZONE: usize = 256;

/// A todo as it stands in a text.
#[derive(Debug, PartialEq, Eq)]
pub struct Component {
    /// The line of its BEGIN, from 1.
    pub line: u64,
    /// The lines between BEGIN and END, each with its number.
    pub lines: Vec<(u64, String)>,
}

/// What was cut out.
#[derive(Debug, PartialEq, Eq)]
pub enum Cut {
    /// A todo.
    Todo(Component),
    /// A zone that the text defines: by which name, and where that is (X-LIC-LOCATION), as an IANA zone.
    Zone {
        /// Its TZID.
        id: String,
        /// Its IANA zone.
        location: String,
    },
    /// A component of another kind, which is passed over.
    Other,
    /// Something that cannot be read.
    Broken(Broken),
}

/// Cuts todos out of a text. Holds one piece of it, and one todo.
#[derive(Debug, Default)]
pub struct Reader {
    lines: Lines,
    place: Place,
    /// Calendars that are open.
    calendar: bool,
    zones: usize,
    ended: bool,
}

/// Where in the text the reader is.
#[derive(Debug, Default)]
enum Place {
    /// In a calendar, or between calendars.
    #[default]
    Between,
    /// In something that is no iCalendar text; said once.
    Astray,
    /// In a todo that is read.
    Todo(Draft),
    /// In a todo that is broken, up to its end.
    Lost,
    /// In a zone, at this depth.
    Zone { depth: usize, id: String, location: String },
    /// In a component that is passed over, at this depth.
    Other(usize),
}

/// A todo so far.
#[derive(Debug)]
struct Draft {
    component: Component,
    bytes: usize,
    /// The components in it that are open.
    open: Vec<String>,
}

/// What a line does.
enum Mark {
    Begin(String),
    End(String),
    Neither,
}

impl Reader {
    /// Takes the next piece of the text, when the one before is read ([`Reader::next`] has nothing more).
    pub fn push(&mut self, piece: Vec<u8>) {
        self.lines.push(piece);
    }

    /// No piece follows.
    pub fn end(&mut self) {
        self.ended = true;
        self.lines.end();
    }

    /// What comes next; `None` when more pieces are needed, or nothing is left.
    #[expect(
        clippy::should_implement_trait,
        reason = "an iterator that has ended has ended; this one waits for pieces"
    )]
    pub fn next(&mut self) -> Option<Cut> {
        while let Some(line) = self.lines.next() {
            if let Some(cut) = self.read(line) {
                return Some(cut);
            }
        }
        match mem::take(&mut self.place) {
            Place::Todo(draft) if self.ended => Some(broken(draft.component.line, Fault::NotEnded)),
            place => {
                self.place = place;
                None
            }
        }
    }

    fn read(&mut self, line: Line) -> Option<Cut> {
        let mark = line.text.as_deref().map_or(Mark::Neither, mark);
        match (mem::take(&mut self.place), mark) {
            // Todos do not stand in each other: whatever is open was not ended.
            (place, Mark::Begin(name)) if name == "VTODO" => {
                let component = Component { line: line.number, lines: Vec::new() };
                self.place = Place::Todo(Draft { component, bytes: 0, open: Vec::new() });
                unended(&place)
            }
            (place, Mark::Begin(name)) if name == "VCALENDAR" => {
                self.calendar = true;
                unended(&place)
            }
            (place, Mark::End(name)) if name == "VCALENDAR" => {
                self.calendar = false;
                unended(&place)
            }
            (Place::Todo(draft), mark) => self.within(draft, line, mark),
            (Place::Lost, Mark::End(name)) if name == "VTODO" => None,
            (Place::Lost, _) => self.stay(Place::Lost),
            (Place::Between | Place::Astray, Mark::Begin(name)) if name == "VTIMEZONE" => {
                self.stay(Place::Zone { depth: 0, id: String::new(), location: String::new() })
            }
            (Place::Between | Place::Astray, Mark::Begin(_)) => {
                self.place = Place::Other(0);
                Some(Cut::Other)
            }
            (Place::Between, Mark::Neither | Mark::End(_)) if self.calendar => None,
            (Place::Between, _) => {
                self.place = Place::Astray;
                Some(broken(line.number, line.text.err().unwrap_or(Fault::NoCalendar)))
            }
            (Place::Astray, _) => self.stay(Place::Astray),
            (Place::Other(depth), Mark::Begin(_)) => self.stay(Place::Other(depth + 1)),
            (Place::Other(depth), Mark::End(_)) => self.stay(depth.checked_sub(1).map_or(Place::Between, Place::Other)),
            (place @ Place::Other(_), Mark::Neither) => self.stay(place),
            (Place::Zone { depth, id, location }, mark) => self.zone(depth, id, location, &line, &mark),
        }
    }

    fn stay(&mut self, place: Place) -> Option<Cut> {
        self.place = place;
        None
    }

    /// A line in a todo.
    fn within(&mut self, mut draft: Draft, line: Line, mark: Mark) -> Option<Cut> {
        let kept = match mark {
            Mark::End(name) if draft.open.is_empty() => {
                let ends = name == "VTODO";
                return Some(if ends { Cut::Todo(draft.component) } else { self.lost(line.number, Fault::Mismatched) });
            }
            Mark::End(name) if draft.open.pop().as_deref() != Some(&name) => {
                let fault = self.lost(line.number, Fault::Mismatched);
                // Its END is read already.
                self.place = if name == "VTODO" { Place::Between } else { Place::Lost };
                return Some(fault);
            }
            Mark::Begin(_) if draft.open.len() >= MAX_DEPTH => Err(Fault::TooDeep),
            Mark::Begin(name) => {
                draft.open.push(name);
                line.text
            }
            Mark::End(_) | Mark::Neither => line.text,
        };
        match kept.and_then(|text| draft.keep(line.number, text)) {
            Ok(()) => self.stay(Place::Todo(draft)),
            Err(fault) => Some(self.lost(line.number, fault)),
        }
    }

    fn lost(&mut self, line: u64, fault: Fault) -> Cut {
        self.place = Place::Lost;
        broken(line, fault)
    }

    /// A line in a zone: of all that it says, only its name and its place count.
    fn zone(&mut self, depth: usize, mut id: String, mut location: String, line: &Line, mark: &Mark) -> Option<Cut> {
        let depth = match mark {
            Mark::Begin(_) => depth + 1,
            Mark::End(_) => match depth.checked_sub(1) {
                Some(depth) => depth,
                None if id.is_empty() || location.is_empty() || self.zones >= MAX_ZONES => return None,
                None => {
                    self.zones += 1;
                    return Some(Cut::Zone { id, location });
                }
            },
            Mark::Neither => {
                let property = line.text.as_deref().ok().and_then(|text| text.split_once(':'));
                let property = property.filter(|(_, value)| depth == 0 && value.len() <= MAX_ZONE);
                match property {
                    Some((name, value)) if name.eq_ignore_ascii_case("TZID") => value.clone_into(&mut id),
                    Some((name, value)) if name.eq_ignore_ascii_case("X-LIC-LOCATION") => {
                        value.clone_into(&mut location);
                    }
                    _ => {}
                }
                depth
            }
        };
        self.stay(Place::Zone { depth, id, location })
    }
}

impl Draft {
    fn keep(&mut self, number: u64, text: String) -> Result<(), Fault> {
        self.bytes += text.len();
        if self.bytes > MAX_BYTES {
            return Err(Fault::TooLarge);
        }
        if self.component.lines.len() >= MAX_LINES {
            return Err(Fault::TooManyLines);
        }
        self.component.lines.push((number, text));
        Ok(())
    }
}

fn broken(line: u64, fault: Fault) -> Cut {
    Cut::Broken(Broken { line, fault })
}

/// What leaving a place in its middle breaks.
fn unended(place: &Place) -> Option<Cut> {
    let Place::Todo(draft) = place else { return None };
    Some(broken(draft.component.line, Fault::NotEnded))
}

fn mark(text: &str) -> Mark {
    match text.split_once(':') {
        Some((word, name)) if word.eq_ignore_ascii_case("BEGIN") => Mark::Begin(name.trim().to_ascii_uppercase()),
        Some((word, name)) if word.eq_ignore_ascii_case("END") => Mark::End(name.trim().to_ascii_uppercase()),
        _ => Mark::Neither,
    }
}
