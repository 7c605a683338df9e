//! Todos into a list and out of it, many at once, with memory that does not grow with their number.

mod arrival;
mod export;
mod import;
mod waiting;

pub use self::arrival::{Arrival, Place};
pub use self::export::{Departure, Export, TEXT_BEGIN, TEXT_END};
pub use self::import::{Import, Progress, Reason, Target, Told};
