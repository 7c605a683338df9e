//! A whole VTODO: its fields, and what none of them says.

use std::fmt;

use time::OffsetDateTime;

use super::components::{Component, Cut, Reader};
use super::fault::{Broken, Fault};
use super::fields::{Fields, Group};
use super::lines::fold;
use super::property::Property;
use super::state::utc;
use super::text::{unescape, unescape_list};
use super::zones::Zones;

/// Most bytes of what no field says.
pub(super) const MAX_REST: usize = 16 * 1024;

/// Before the name of a relation to a parent that is none, as it is kept: it is no field that somebody has changed.
const ORPHANED: &str = "X-TODO-ORPHANED-";

/// A todo, as a text says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// What its fields say.
    pub fields: Fields,
    /// Lines that no field says, or not in the same words, as they stood, with a line feed after each.
    pub rest: String,
}

/// Something that a field does not say although the text does. It is kept, and exported again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// SUMMARY or DESCRIPTION is longer than the field.
    Shortened,
    /// A category is no label, or one too many.
    Labels,
    /// DUE has no zone, or one that is not of the IANA database.
    Due,
    /// RRULE says more than a todo can, or there is no due to begin with.
    Recurrence,
    /// RELATED-TO names no todo that can have parts.
    Parent,
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Shortened => "a text is longer than its field",
            Self::Labels => "some categories are no labels",
            Self::Due => "the due time has no zone, or one that is unknown",
            Self::Recurrence => "the todo cannot recur by this rule",
            Self::Parent => "the parent is no todo of the list that can have parts",
        })
    }
}

impl Item {
    /// Reads a VTODO. `zones` are those that the text defines.
    pub fn read(component: &Component, zones: &Zones) -> Result<Self, Broken> {
        let broken = |fault| Broken { line: component.line, fault };
        let (lines, inner) = split(component, zones)?;
        let properties: Vec<_> = lines.iter().filter_map(|line| Property::parse(line)).collect();
        let mut fields = Fields::read(&properties);
        if !fields.may_recur() {
            fields.recurrence = None;
        }
        if fields.title.is_empty() {
            return Err(broken(Fault::NoTitle));
        }
        let said = |group: &Group| {
            let stated = properties.iter().filter(|of| Group::of(of) == *group).map(|of| of.line);
            stated.eq(fields.write(*group).iter().map(String::as_str))
        };
        let said: Vec<_> = Group::FIELDS.into_iter().filter(said).chain([Group::Stamp]).collect();
        let kept = properties.iter().filter(|property| !said.contains(&Group::of(property))).map(|kept| kept.line);
        let rest = joined(kept.chain(inner.iter().map(String::as_str))).map_err(broken)?;
        Ok(Self { fields, rest })
    }

    /// What no field says of a VTODO, as somebody else kept it.
    pub fn rest(text: &str) -> Result<String, Fault> {
        let mut reader = Reader::default();
        reader.push(["BEGIN:VTODO\n", text, "\nEND:VTODO\n"].concat().into_bytes());
        reader.end();
        match (reader.next(), reader.next()) {
            (Some(Cut::Todo(component)), None) => {
                let (lines, inner) = split(&component, &Zones::default()).map_err(|broken| broken.fault)?;
                joined(lines.iter().chain(&inner).map(String::as_str))
            }
            (Some(Cut::Broken(Broken { fault, .. })), _) => Err(fault),
            _ => Err(Fault::Mismatched),
        }
    }

    /// What the fields do not say although the rest does.
    #[must_use]
    pub fn notices(&self) -> Vec<Notice> {
        let lines: Vec<_> = self.rest.lines().filter_map(Property::parse).collect();
        let of = |group| lines.iter().filter(move |property| Group::of(property) == group);
        let is_longer =
            |group, field: &str| of(group).any(|of| unescape(of.value).chars().count() > field.chars().count());
        let is_label = |category: &String| self.fields.labels.iter().any(|label| label == category.trim());
        let mut categories = of(Group::Labels).flat_map(|of| unescape_list(of.value));
        let noticed = [
            (
                Notice::Shortened,
                is_longer(Group::Title, &self.fields.title) || is_longer(Group::Notes, &self.fields.notes),
            ),
            (Notice::Labels, !categories.all(|category| is_label(&category))),
            (Notice::Due, self.fields.due.is_none() && of(Group::Due).next().is_some()),
            (Notice::Recurrence, self.fields.recurrence.is_none() && of(Group::Recurrence).next().is_some()),
        ];
        noticed.into_iter().filter(|(_, is_so)| *is_so).map(|(notice, _)| notice).collect()
    }

    /// Takes its parent away, which is no todo that can have parts. What the text says of it is kept.
    pub fn orphan(&mut self) -> Result<(), Fault> {
        let has_parent = |line: &str| Property::parse(line).is_some_and(|of| Group::of(&of) == Group::Parent);
        let written = if self.rest.lines().any(has_parent) { Vec::new() } else { self.fields.write(Group::Parent) };
        let lines = written.iter().map(String::as_str).chain(self.rest.lines());
        let kept: Vec<_> = lines.map(|line| [if has_parent(line) { ORPHANED } else { "" }, line].concat()).collect();
        self.rest = joined(kept.iter().map(String::as_str))?;
        self.fields.parent = None;
        Ok(())
    }

    /// Writes the VTODO, with the times at which the todo was made and last changed. A property that was kept stands for its
    /// field as long as it says what the field is.
    pub fn write(&self, created: OffsetDateTime, updated: OffsetDateTime, out: &mut String) {
        let (mut lines, mut inner) = (Vec::new(), Vec::new());
        for property in self.rest.lines().filter_map(Property::parse) {
            let is_inner = !inner.is_empty() || property.name == "BEGIN";
            if is_inner { &mut inner } else { &mut lines }.push(property);
        }
        let kept = Fields::read(&lines);
        fold("BEGIN:VTODO", out);
        fold(&format!("DTSTAMP:{}", utc(updated)), out);
        if lines.iter().all(|property| property.name != "CREATED") {
            fold(&format!("CREATED:{}", utc(created)), out);
        }
        fold(&format!("LAST-MODIFIED:{}", utc(updated)), out);
        for group in Group::FIELDS {
            let mut stated = lines.iter().filter(|property| Group::of(property) == group).peekable();
            if stated.peek().is_some() && kept.says(group, &self.fields) {
                stated.for_each(|property| fold(property.line, out));
            } else {
                self.fields.write(group).iter().for_each(|line| fold(line, out));
            }
        }
        let other = lines.iter().filter(|property| Group::of(property) == Group::Other);
        let stated = |line: &str| line.strip_prefix(ORPHANED).unwrap_or(line).to_owned();
        other.chain(&inner).for_each(|property| fold(&stated(property.line), out));
        fold("END:VTODO", out);
    }
}

/// The lines of a VTODO itself, and those of the components in it.
fn split(component: &Component, zones: &Zones) -> Result<(Vec<String>, Vec<String>), Broken> {
    let (mut lines, mut inner, mut depth) = (Vec::new(), Vec::new(), 0_usize);
    for (number, line) in &component.lines {
        let broken = || Broken { line: *number, fault: Fault::NotAProperty };
        let property = Property::parse(line).ok_or_else(broken)?;
        depth = depth.saturating_add(usize::from(property.name == "BEGIN"));
        if depth == 0 { &mut lines } else { &mut inner }.push(placed(&property, zones));
        depth = depth.saturating_sub(usize::from(property.name == "END"));
    }
    Ok((lines, inner))
}

/// Lines in one text.
fn joined<'a>(lines: impl Iterator<Item = &'a str>) -> Result<String, Fault> {
    let text: String = lines.flat_map(|line| [line, "\n"]).collect();
    if text.len() > MAX_REST { Err(Fault::TooMuchKept) } else { Ok(text) }
}

/// The line of a property, its zone by the name that the IANA database gives it.
fn placed(property: &Property<'_>, zones: &Zones) -> String {
    let zone = property.parameter("TZID").and_then(|id| Some((id, zones.resolve(id.value)?)));
    zone.map_or_else(|| property.line.to_owned(), |(id, zone)| property.with(id, zone.name()))
}
