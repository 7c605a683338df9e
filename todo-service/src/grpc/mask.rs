//! Update masks (AIP-134, AIP-161).

use prost_types::FieldMask;
use proto::todo::v1::{List, Member, Todo};
use service_kit::field::Invalid;

/// Paths that a mask may have at most.
const MAX_PATHS: usize = 32;
/// Fields of a todo that Update does not write: named in a mask, they are ignored.
const NOT_WRITTEN: [&str; 11] = [
    "name",
    "state",
    "creator",
    "create_time",
    "update_time",
    "complete_time",
    "delete_time",
    "purge_time",
    "etag",
    "position",
    "next_occurrence",
];

/// Fields of a list that Update does not write.
const NOT_WRITTEN_OF_LIST: [&str; 11] = [
    "name",
    "inbox",
    "todo_count",
    "create_time",
    "update_time",
    "etag",
    "owner",
    "role",
    "member_count",
    "delete_time",
    "purge_time",
];

/// Fields of a member that Update does not write.
const NOT_WRITTEN_OF_MEMBER: [&str; 4] = ["name", "user", "create_time", "etag"];

/// The fields of a todo that an update writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "one a field")]
pub(super) struct TodoMask {
    pub(super) title: bool,
    pub(super) notes: bool,
    pub(super) priority: bool,
    pub(super) labels: bool,
    pub(super) due: bool,
    pub(super) recurrence: bool,
    pub(super) parent: bool,
}

impl TodoMask {
    /// Every field.
    const ALL: Self =
        Self { title: true, notes: true, priority: true, labels: true, due: true, recurrence: true, parent: true };

    /// What the mask of a request means, with the todo that came with it: no mask, or one without a path, means the
    /// fields that are set, and `*` all of them.
    pub(super) fn of(mask: Option<&FieldMask>, todo: &Todo) -> Result<Self, Invalid> {
        let paths = mask.map(|mask| mask.paths.as_slice()).unwrap_or_default();
        if paths.is_empty() {
            return Ok(Self::set_in(todo));
        }
        if paths.len() > MAX_PATHS {
            return Err(Invalid::new(format!("have at most {MAX_PATHS} paths")));
        }
        let mut written = Self::default();
        for path in paths {
            written.add(path)?;
        }
        Ok(written)
    }

    fn set_in(todo: &Todo) -> Self {
        Self {
            title: !todo.title.is_empty(),
            notes: !todo.notes.is_empty(),
            priority: todo.priority != 0,
            labels: !todo.labels.is_empty(),
            due: todo.due.is_some(),
            recurrence: !todo.recurrence.is_empty(),
            parent: !todo.parent_todo.is_empty(),
        }
    }

    fn add(&mut self, path: &str) -> Result<(), Invalid> {
        match path {
            "*" => *self = Self::ALL,
            "title" => self.title = true,
            "notes" => self.notes = true,
            "priority" => self.priority = true,
            "labels" => self.labels = true,
            "due" => self.due = true,
            "recurrence" => self.recurrence = true,
            "parent_todo" => self.parent = true,
            _ if NOT_WRITTEN.contains(&path) => {}
            _ => return Err(Invalid::new("name only fields of the todo")),
        }
        Ok(())
    }
}

/// Whether an update writes the name of a list, the only field of one that can be written.
pub(super) fn writes_display_name(mask: Option<&FieldMask>, list: &List) -> Result<bool, Invalid> {
    only(mask, "display_name", !list.display_name.is_empty(), &NOT_WRITTEN_OF_LIST, "name only fields of the list")
}

/// Whether an update writes the role of a member, the only field of one that can be written.
pub(super) fn writes_role(mask: Option<&FieldMask>, member: &Member) -> Result<bool, Invalid> {
    only(mask, "role", member.role != 0, &NOT_WRITTEN_OF_MEMBER, "name only fields of the member")
}

/// Whether the mask of a resource with one field that can be written names it; without a path, whether the field is set.
fn only(
    mask: Option<&FieldMask>,
    field: &str,
    is_set: bool,
    not_written: &[&str],
    must: &'static str,
) -> Result<bool, Invalid> {
    let paths = mask.map(|mask| mask.paths.as_slice()).unwrap_or_default();
    if paths.len() > MAX_PATHS {
        return Err(Invalid::new(format!("have at most {MAX_PATHS} paths")));
    }
    let is_named = |path: &String| path == field || path == "*";
    match paths.iter().all(|path| is_named(path) || not_written.contains(&path.as_str())) {
        true if paths.is_empty() => Ok(is_set),
        true => Ok(paths.iter().any(is_named)),
        false => Err(Invalid::new(must)),
    }
}
