//! The fields of a todo, and the properties that say them.

use uuid::Uuid;

use super::due;
use super::identity;
use super::property::Property;
use super::state::{self, State};
use super::text::{escape, escape_list, unescape, unescape_list};
use crate::todo::{Due, MAX_LABELS, Recurrence, label};

/// Most code points of a title and of notes. The API documents them.
const TITLE: usize = 500;
const NOTES: usize = 10_000;

/// What both a todo and a VTODO can say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields {
    /// Which todo it is: UID, and RECURRENCE-ID if there is one.
    pub id: Option<Uuid>,
    /// SUMMARY.
    pub title: String,
    /// DESCRIPTION.
    pub notes: String,
    /// PRIORITY, 0 to 9.
    pub priority: u8,
    /// CATEGORIES.
    pub labels: Vec<String>,
    /// DUE.
    pub due: Option<Due>,
    /// RRULE, where there is a due, and no parent.
    pub recurrence: Option<Recurrence>,
    /// STATUS and COMPLETED.
    pub state: State,
    /// RELATED-TO its parent.
    pub parent: Option<Parent>,
}

/// The todo that one is a part of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parent {
    /// Which.
    pub id: Uuid,
    /// How texts name it.
    pub uid: String,
}

/// Properties that say one field together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Group {
    Id,
    Title,
    Notes,
    Priority,
    Labels,
    Due,
    Recurrence,
    State,
    Parent,
    /// When the text was made, which is said anew each time.
    Stamp,
    /// No field.
    Other,
}

impl Parent {
    fn named(uid: String) -> Self {
        Self { id: identity::id(&uid, ""), uid }
    }

    /// The todo of an id, of whose VTODO no field says this.
    #[must_use]
    pub fn of(id: Uuid, rest: &str) -> Self {
        let uid = rest.lines().filter_map(Property::parse).find(|property| property.name == "UID");
        let named = uid.map(|uid| Self::named(unescape(uid.value)));
        named.filter(|named| named.id == id).unwrap_or_else(|| Self { id, uid: id.to_string() })
    }
}

impl Group {
    /// Those that say a field, in the order in which they are written.
    pub(super) const FIELDS: [Self; 9] = [
        Self::Id,
        Self::Title,
        Self::Notes,
        Self::Priority,
        Self::Labels,
        Self::Due,
        Self::Recurrence,
        Self::State,
        Self::Parent,
    ];

    pub(super) fn of(property: &Property<'_>) -> Self {
        match property.name.as_str() {
            "UID" | "RECURRENCE-ID" => Self::Id,
            "SUMMARY" => Self::Title,
            "DESCRIPTION" => Self::Notes,
            "PRIORITY" => Self::Priority,
            "CATEGORIES" => Self::Labels,
            "DUE" => Self::Due,
            "RRULE" => Self::Recurrence,
            "STATUS" | "COMPLETED" | "PERCENT-COMPLETE" => Self::State,
            "RELATED-TO" if is_parent(property) => Self::Parent,
            "DTSTAMP" | "LAST-MODIFIED" => Self::Stamp,
            _ => Self::Other,
        }
    }
}

impl Fields {
    /// What the properties of a VTODO say, each by itself.
    pub(super) fn read(properties: &[Property<'_>]) -> Self {
        let group = |group| properties.iter().filter(|of| Group::of(of) == group).collect::<Vec<_>>();
        Self {
            id: id(&group(Group::Id)),
            title: title(&group(Group::Title)),
            notes: notes(&group(Group::Notes)),
            priority: priority(&group(Group::Priority)),
            labels: labels(&group(Group::Labels)),
            due: due::read(&group(Group::Due)),
            recurrence: recurrence(&group(Group::Recurrence)),
            state: state::read(&group(Group::State)),
            parent: group(Group::Parent).first().map(|parent| Parent::named(unescape(parent.value))),
        }
    }

    /// Whether a todo can recur by any rule.
    pub(super) fn may_recur(&self) -> bool {
        self.due.is_some() && self.parent.is_none()
    }

    /// A field as properties, in our words.
    pub(super) fn write(&self, group: Group) -> Vec<String> {
        let text = |name: &str, text: &str| (!text.is_empty()).then(|| format!("{name}:{}", escape(text)));
        let one = match group {
            Group::Id => self.id.map(|id| format!("UID:{id}")),
            Group::Title => text("SUMMARY", &self.title),
            Group::Notes => text("DESCRIPTION", &self.notes),
            Group::Priority => (self.priority != 0).then(|| format!("PRIORITY:{}", self.priority)),
            Group::Labels => (!self.labels.is_empty()).then(|| format!("CATEGORIES:{}", escape_list(&self.labels))),
            Group::Due => self.due.as_ref().map(due::write),
            Group::Recurrence => self.recurrence.as_ref().map(|rule| format!("RRULE:{rule}")),
            Group::State => return state::write(self.state),
            Group::Parent => self.parent.as_ref().map(|parent| format!("RELATED-TO:{}", escape(&parent.uid))),
            Group::Stamp | Group::Other => None,
        };
        one.into_iter().collect()
    }

    /// Whether a field of a text still says what the field is now.
    pub(super) fn says(&self, group: Group, now: &Self) -> bool {
        match group {
            Group::Id => self.id == now.id,
            Group::Title => self.title == now.title,
            Group::Notes => self.notes == now.notes,
            Group::Priority => self.priority == now.priority,
            Group::Labels => self.labels == now.labels,
            Group::Due => self.due == now.due,
            Group::Recurrence => self.recurrence.as_ref().filter(|_| now.may_recur()) == now.recurrence.as_ref(),
            Group::State => self.state.says(now.state),
            Group::Parent => {
                self.parent.as_ref().map(|parent| parent.id) == now.parent.as_ref().map(|parent| parent.id)
            }
            Group::Stamp | Group::Other => true,
        }
    }
}

/// PARENT is what a relation is when it does not say (3.2.15).
fn is_parent(related: &Property<'_>) -> bool {
    match related.parameters.iter().find(|parameter| parameter.name == "RELTYPE") {
        Some(kind) => kind.value.eq_ignore_ascii_case("PARENT"),
        None => true,
    }
}

fn id(properties: &[&Property<'_>]) -> Option<Uuid> {
    let value = |name: &str| properties.iter().find(|property| property.name == name).map(|property| property.value);
    Some(identity::id(&unescape(value("UID")?), value("RECURRENCE-ID").unwrap_or_default()))
}

/// One line of text: what a title cannot have is a space in it.
fn title(properties: &[&Property<'_>]) -> String {
    let value = properties.first().map(|property| unescape(property.value)).unwrap_or_default();
    value.chars().map(|c| if c.is_control() { ' ' } else { c }).take(TITLE).collect()
}

fn notes(properties: &[&Property<'_>]) -> String {
    let value = properties.first().map(|property| unescape(property.value)).unwrap_or_default();
    value.chars().take(NOTES).collect()
}

fn priority(properties: &[&Property<'_>]) -> u8 {
    properties.first().and_then(|property| property.value.parse().ok()).filter(|priority| *priority <= 9).unwrap_or(0)
}

fn recurrence(properties: &[&Property<'_>]) -> Option<Recurrence> {
    let [rule] = properties else { return None };
    rule.value.to_ascii_uppercase().parse().ok().filter(|_| rule.parameters.is_empty())
}

/// Those that can be labels, each once, as many as a todo may have.
fn labels(properties: &[&Property<'_>]) -> Vec<String> {
    let mut labels: Vec<String> = Vec::new();
    for category in properties.iter().flat_map(|property| unescape_list(property.value)) {
        let text = category.trim();
        if label(text).is_ok() && labels.len() < MAX_LABELS && labels.iter().all(|other| other != text) {
            labels.push(text.to_owned());
        }
    }
    labels
}
