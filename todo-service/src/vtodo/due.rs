//! DUE (RFC 5545, 3.8.2.3).

use jiff::civil::{Date, DateTime, Time};

use super::property::Property;
use super::zones::iana;

/// How a date is written, and what follows it if a time does.
const DATE: &str = "%Y%m%d";
const DATE_TIME: &str = "%Y%m%dT%H%M%S";
/// The zone that times which end in `Z` are in.
const UTC: &str = "UTC";

/// When a todo is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Due {
    /// On a day, wherever one is.
    Date(Date),
    /// When a clock on the wall of an IANA zone shows this.
    Time(DateTime, String),
}

/// `None` where there is no DUE, or not one alone, or one that is neither: a floating time, or one in a zone that is not of the
/// IANA database.
pub(super) fn read(properties: &[&Property<'_>]) -> Option<Due> {
    let [due] = properties else { return None };
    let (zone, kind) = (due.parameter("TZID"), due.parameter("VALUE").map(|kind| kind.value.to_ascii_uppercase()));
    if !due.has_only(&["TZID", "VALUE"]) {
        return None;
    }
    match (kind.as_deref(), zone, due.value.strip_suffix('Z')) {
        (Some("DATE"), None, None) => Some(Due::Date(date(due.value)?)),
        (None | Some("DATE-TIME"), None, Some(utc)) => Some(Due::Time(date_time(utc)?, UTC.to_owned())),
        (None | Some("DATE-TIME"), Some(zone), None) => Some(Due::Time(date_time(due.value)?, iana(zone.value)?)),
        _ => None,
    }
}

pub(super) fn write(due: &Due) -> String {
    match due {
        Due::Date(date) => format!("DUE;VALUE=DATE:{}", date.strftime(DATE)),
        Due::Time(local, zone) if zone == UTC => format!("DUE:{}Z", local.strftime(DATE_TIME)),
        Due::Time(local, zone) => format!("DUE;TZID={zone}:{}", local.strftime(DATE_TIME)),
    }
}

/// Eight digits that are a day of the years 1 to 9999.
fn date(digits: &str) -> Option<Date> {
    let number = |from: usize, to: usize| {
        let digits = digits.get(from..to).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
        digits?.parse::<i16>().ok()
    };
    let (year, month, day) = (number(0, 4)?, number(4, 6)?, number(6, 8)?);
    let is_whole = digits.len() == 8 && year >= 1;
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok().filter(|_| is_whole)
}

pub(super) fn date_time(value: &str) -> Option<DateTime> {
    let (day, time) = value.split_once('T')?;
    let number = |from: usize| {
        let digits = time.get(from..from + 2).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
        digits?.parse::<i8>().ok()
    };
    let time = Time::new(number(0)?, number(2)?, number(4)?, 0).ok().filter(|_| time.len() == 6)?;
    Some(date(day)?.to_datetime(time))
}
