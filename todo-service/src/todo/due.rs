//! When a todo is to be done: on a day, or at a time in a zone, and neither is ever made into the other.

use std::fmt::{self, Display};
use std::str::FromStr;

use jiff::civil::{Date, DateTime};
use jiff::tz::{Disambiguation, TimeZone};
use jiff::{Timestamp, tz};
use service_kit::field::{self, Invalid};

/// Longest name of a zone, in code points.
const MAX_ZONE: usize = 64;
/// Years are written with four digits, and not with a zero first.
const FIRST_YEAR: i16 = 1000;

/// When it is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Due {
    /// On this day, wherever one is.
    Date(Day),
    /// At this time, in its zone.
    Time(ZonedTime),
}

/// A day: `2026-12-24`, of the years 1000 to 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(pub(crate) Date);

/// What clocks show, to the second: `2026-12-24T18:30:00`, in the years 1000 to 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LocalTime(pub(crate) DateTime);

/// A zone of the IANA time zone database, which is compiled in: `Europe/Berlin`. In either case; written as the
/// database does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone(String);

/// A time as the clocks of a zone show it: it stays what it is when the rules of the zone change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZonedTime {
    /// What the clocks show.
    pub local: LocalTime,
    /// Where.
    pub zone: Zone,
}

impl Due {
    /// What a calendar and a clock show: of a day, its midnight.
    pub(crate) fn civil(&self) -> DateTime {
        match self {
            Self::Date(day) => day.0.to_datetime(jiff::civil::Time::midnight()),
            Self::Time(time) => time.local.0,
        }
    }

    /// The zone of a time.
    #[must_use]
    pub fn zone(&self) -> Option<&Zone> {
        match self {
            Self::Date(_) => None,
            Self::Time(time) => Some(&time.zone),
        }
    }

    /// The same, at what another calendar and clock show.
    pub(crate) fn at(civil: DateTime, zone: Option<Zone>) -> Self {
        match zone {
            None => Self::Date(Day(civil.date())),
            Some(zone) => Self::Time(ZonedTime { local: LocalTime(civil), zone }),
        }
    }
}

impl ZonedTime {
    /// When that is (RFC 5545, 3.3.5): a time that the clocks skip is read with the offset from before the gap, and of one
    /// that they show twice it is the first. `None` where the database of this build does not know the zone, which
    /// another one did.
    #[must_use]
    pub fn instant(&self) -> Option<Timestamp> {
        let zone = self.zone.rules()?;
        zone.into_ambiguous_zoned(self.local.0).disambiguate(Disambiguation::Compatible).ok().map(|at| at.timestamp())
    }
}

impl Zone {
    /// As it was stored.
    pub(crate) fn stored(name: String) -> Self {
        Self(name)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0
    }

    /// Whether its calendar has this day: where the date line moved, it may have left one out (Samoa, 30 December 2011).
    pub(crate) fn has_day(&self, at: DateTime) -> bool {
        let shown = self.rules().and_then(|rules| at.to_zoned(rules).ok());
        shown.is_none_or(|shown| shown.date() == at.date())
    }

    pub(crate) fn rules(&self) -> Option<TimeZone> {
        tz::db().get(&self.0).ok()
    }
}

impl FromStr for Day {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let day = text.parse().ok().filter(|day: &Date| day.year() >= FIRST_YEAR && day.to_string() == text);
        day.map(Self).ok_or_else(|| Invalid::new("be a day, as in 2026-12-24"))
    }
}

impl FromStr for LocalTime {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let time = text.parse().ok().filter(|time: &DateTime| time.year() >= FIRST_YEAR && time.to_string() == text);
        time.map(Self).ok_or_else(|| Invalid::new("be a local time to the second, as in 2026-12-24T18:30:00"))
    }
}

impl FromStr for Zone {
    type Err = Invalid;

    fn from_str(name: &str) -> Result<Self, Invalid> {
        field::length(name, 1, MAX_ZONE)?;
        let zone = tz::db().get(name).ok();
        // Etc/Unknown is there, and says nothing.
        let known = zone.as_ref().filter(|zone| !zone.is_unknown()).and_then(TimeZone::iana_name);
        let known = known.ok_or_else(|| Invalid::new("be in the IANA time zone database"))?;
        Ok(Self(known.to_owned()))
    }
}

impl Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Display for LocalTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Display for Due {
    /// As the fingerprint of a request has it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Date(day) => day.fmt(f),
            Self::Time(time) => write!(f, "{} {}", time.local, time.zone.0),
        }
    }
}
