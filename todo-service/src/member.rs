//! Members of lists: who may do what.

mod operations;

pub(crate) use self::operations::role;

/// What a member may do with a list. Each may also do all that those before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Read the list, its todos and its members.
    Viewer,
    /// Write todos.
    Editor,
    /// Rename, share and delete the list. Each list has exactly one.
    Owner,
}
