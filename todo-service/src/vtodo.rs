//! Todos as iCalendar text (RFC 5545, VTODO), both ways: no database, no messages.
//!
//! Text is read in pieces that may be cut anywhere, and todos are cut out of it one by one, so memory is bounded however
//! long the text is; what is broken is told with its line and takes nothing else with it.
//!
//! Nothing is lost on the way: a property that no field can say, or not in the same words, is kept as it stood. When the
//! todo is written again it stands there again, if the field that it says is still what it says.

mod components;
mod due;
mod fault;
mod fields;
mod identity;
mod item;
mod lines;
mod property;
mod state;
mod text;
mod zones;

pub use self::components::{Component, Cut, Reader};
pub use self::fault::{Broken, Fault};
pub use self::fields::{Fields, Parent};
pub use self::identity::{id, nth};
pub use self::item::{Item, Notice};
pub use self::state::State;
pub use self::zones::Zones;
