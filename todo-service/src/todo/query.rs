//! Which todos a page holds, and in which order.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Day, Labels, Parent, Priority, State};

/// What a page is asked for.
#[derive(Clone, Debug)]
pub struct Query {
    /// Who asks: of lists that they cannot read, nothing comes.
    pub user: Uuid,
    /// Of which lists.
    pub parent: Parent,
    /// Which todos; all, if there is none.
    pub filter: Option<Filter>,
    /// In which order.
    pub order: Order,
    /// Whether those that are deleted and not purged yet are wanted too.
    pub with_deleted: bool,
}

/// A todo passes if it keeps to all that is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// It is in this state.
    pub state: Option<State>,
    /// It is due on this date or later, on the clock of its own zone.
    pub due_from: Option<Day>,
    /// It is due on this date or earlier.
    pub due_until: Option<Day>,
    /// It has one of these priorities, if there are any.
    pub priorities: Vec<Priority>,
    /// It has all of these labels.
    pub labels: Labels,
    /// This is in its title or its notes, in either case.
    pub phrase: Option<String>,
    /// It changed then or later.
    pub changed_since: Option<OffsetDateTime>,
}

/// The order of a page. What is alike in it comes in the order of keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Order {
    /// By what.
    pub by: SortKey,
    /// The other way around.
    pub descending: bool,
}

/// What todos are put in order by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SortKey {
    /// Where people have put them, list after list.
    #[default]
    Position,
    /// When they are due; what is not comes last.
    Due,
    /// Their priority, 1 first and none last.
    Priority,
    /// When they were made.
    CreateTime,
    /// When they last changed.
    UpdateTime,
}

/// A place in an order: that of a todo, with its key as it was when the page was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The key, as the database writes it.
    pub key: String,
    /// The list.
    pub list: Uuid,
    /// The todo.
    pub id: Uuid,
}
