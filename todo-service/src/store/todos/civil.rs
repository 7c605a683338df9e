//! What a calendar and a clock show, between two crates: jiff knows zones, and sqlx knows time.

use jiff::civil::DateTime;
use sqlx::types::time::PrimitiveDateTime;
use time::{Date, Time};

/// As it is stored, to the second.
pub(super) fn store(at: DateTime) -> Option<PrimitiveDateTime> {
    let month = u8::try_from(at.month()).ok()?.try_into().ok()?;
    let date = Date::from_calendar_date(at.year().into(), month, at.day().try_into().ok()?).ok()?;
    let [hour, minute, second] = [at.hour(), at.minute(), at.second()].map(|part| u8::try_from(part).unwrap_or(0));
    Some(PrimitiveDateTime::new(date, Time::from_hms(hour, minute, second).ok()?))
}

/// As it was stored.
pub(super) fn parse(at: PrimitiveDateTime) -> Option<DateTime> {
    let [month, day, hour, minute, second] =
        [at.month().into(), at.day(), at.hour(), at.minute(), at.second()].map(|part| i8::try_from(part).unwrap_or(0));
    DateTime::new(at.year().try_into().ok()?, month, day, hour, minute, second, 0).ok()
}
