//! Update masks (AIP-134, AIP-161).

use prost_types::FieldMask;
use proto::todo::v1::Todo;
use service_kit::field::{Fields, Invalid};

/// Paths that a mask may have at most.
const MAX_PATHS: usize = 32;
/// Fields of a todo that Update does not write: named in a mask, they are ignored.
const NOT_WRITTEN: [&str; 9] = [
    "name",
    "state",
    "creator",
    "create_time",
    "update_time",
    "complete_time",
    "delete_time",
    "purge_time",
    "etag",
];

/// The fields of a todo that an update writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct TodoMask {
    pub(super) title: bool,
    pub(super) notes: bool,
}

impl TodoMask {
    /// No mask, or one without a path, means the fields that are set; `*` means all.
    pub(super) fn parse(fields: &mut Fields, mask: Option<&FieldMask>, todo: &Todo) -> Self {
        let paths = mask.map(|mask| mask.paths.as_slice()).unwrap_or_default();
        if paths.is_empty() {
            return Self { title: !todo.title.is_empty(), notes: !todo.notes.is_empty() };
        }
        if paths.len() > MAX_PATHS {
            fields.refuse("update_mask", Invalid::new(format!("have at most {MAX_PATHS} paths")));
            return Self::default();
        }
        let mut written = Self::default();
        for path in paths {
            match path.as_str() {
                "title" => written.title = true,
                "notes" => written.notes = true,
                "*" => written = Self { title: true, notes: true },
                path if NOT_WRITTEN.contains(&path) => {}
                _ => fields.refuse("update_mask", Invalid::new("name only fields of the todo")),
            }
        }
        written
    }
}
