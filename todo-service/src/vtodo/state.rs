//! STATUS, COMPLETED and PERCENT-COMPLETE (RFC 5545, 3.8.1.11, 3.8.2.1, 3.8.1.8).

use jiff::tz::TimeZone;
use time::OffsetDateTime;

use super::due::date_time;
use super::property::Property;

/// Whether a todo is done, and when it was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// Still to do.
    #[default]
    Open,
    /// Done, at a time that is not said.
    Done,
    /// Done then, to the second.
    DoneAt(OffsetDateTime),
}

/// STATUS decides where there is one; a cancelled todo is not to be done any more.
pub(super) fn read(properties: &[&Property<'_>]) -> State {
    let value = |name: &str| properties.iter().find(|property| property.name == name).map(|property| property.value);
    let time = value("COMPLETED");
    let is_done = match value("STATUS").map(str::to_ascii_uppercase).as_deref() {
        Some("COMPLETED" | "CANCELLED") => true,
        Some(_) => false,
        None => time.is_some(),
    };
    match time.and_then(instant) {
        _ if !is_done => State::Open,
        Some(time) => State::DoneAt(time),
        None => State::Done,
    }
}

pub(super) fn write(state: State) -> Vec<String> {
    match state {
        State::Open => vec!["STATUS:NEEDS-ACTION".to_owned()],
        State::Done => vec!["STATUS:COMPLETED".to_owned()],
        State::DoneAt(time) => vec!["STATUS:COMPLETED".to_owned(), format!("COMPLETED:{}", utc(time))],
    }
}

impl State {
    /// Done then, as a text can say it.
    #[must_use]
    pub fn done_at(time: OffsetDateTime) -> Self {
        Self::DoneAt(OffsetDateTime::from_unix_timestamp(time.unix_timestamp()).unwrap_or(time))
    }

    /// Whether `self`, as a text says it, says what `now` is.
    pub(super) fn says(self, now: Self) -> bool {
        self == now || self == Self::Done && now != Self::Open
    }
}

/// A time in UTC, to the second.
pub(super) fn utc(time: OffsetDateTime) -> String {
    let time = time.to_utc();
    let (date, month) = (time.date(), u8::from(time.month()));
    let (hour, minute, second) = time.as_hms();
    format!("{:04}{month:02}{:02}T{hour:02}{minute:02}{second:02}Z", date.year(), date.day())
}

fn instant(value: &str) -> Option<OffsetDateTime> {
    let instant = TimeZone::UTC.to_timestamp(date_time(value.strip_suffix('Z')?)?).ok()?;
    OffsetDateTime::from_unix_timestamp(instant.as_second()).ok()
}
