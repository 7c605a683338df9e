//! A whole VTODO: its fields, and what none of them says.

use std::fmt;

use time::OffsetDateTime;

use super::components::Component;
use super::fault::{Broken, Fault};
use super::fields::{Fields, Group};
use super::lines::fold;
use super::property::Property;
use super::state::utc;
use super::text::{unescape, unescape_list};
use super::zones::Zones;

/// Most bytes of what no field says.
pub(super) const MAX_REST: usize = 16 * 1024;

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
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Shortened => "a text is longer than its field",
            Self::Labels => "some categories are no labels",
            Self::Due => "the due time has no zone, or one that is unknown",
        })
    }
}

impl Item {
    /// Reads a VTODO. `zones` are those that the text defines.
    pub fn read(component: &Component, zones: &Zones) -> Result<Self, Broken> {
        let broken = |line, fault| Broken { line, fault };
        let (mut lines, mut inner, mut depth) = (Vec::new(), Vec::new(), 0_usize);
        for (number, line) in &component.lines {
            let property = Property::parse(line).ok_or_else(|| broken(*number, Fault::NotAProperty))?;
            let (begins, ends) = (property.name == "BEGIN", property.name == "END");
            depth = depth.saturating_add(usize::from(begins));
            if depth == 0 { &mut lines } else { &mut inner }.push(placed(&property, zones));
            depth = depth.saturating_sub(usize::from(ends));
        }
        let properties: Vec<_> = lines.iter().filter_map(|line| Property::parse(line)).collect();
        let fields = Fields::read(&properties);
        if fields.title.is_empty() {
            return Err(broken(component.line, Fault::NoTitle));
        }
        let said = |group: &Group| {
            let stated = properties.iter().filter(|of| Group::of(of) == *group).map(|of| of.line);
            stated.eq(fields.write(*group).iter().map(String::as_str))
        };
        let said: Vec<_> = Group::FIELDS.into_iter().filter(said).chain([Group::Stamp]).collect();
        let kept = properties.iter().filter(|property| !said.contains(&Group::of(property)));
        let mut rest = String::new();
        for line in kept.map(|property| property.line).chain(inner.iter().map(String::as_str)) {
            rest.extend([line, "\n"]);
        }
        if rest.len() > MAX_REST {
            return Err(broken(component.line, Fault::TooMuchKept));
        }
        Ok(Self { fields, rest })
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
        ];
        noticed.into_iter().filter(|(_, is_so)| *is_so).map(|(notice, _)| notice).collect()
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
        other.chain(&inner).for_each(|property| fold(property.line, out));
        fold("END:VTODO", out);
    }
}

/// The line of a property, its zone by the name that the IANA database gives it.
fn placed(property: &Property<'_>, zones: &Zones) -> String {
    let zone = property.parameter("TZID").and_then(|id| Some((id, zones.resolve(id.value)?)));
    zone.map_or_else(|| property.line.to_owned(), |(id, zone)| property.with(id, &zone))
}
