//! DUE (RFC 5545, 3.8.2.3).

use jiff::civil::{Date, DateTime, Time};

use super::property::Property;
use super::zones::iana;
use crate::todo::{Due, ZonedTime};

/// How a date is written, and what follows it if a time does.
const DATE: &str = "%Y%m%d";
const DATE_TIME: &str = "%Y%m%dT%H%M%S";
/// The zone that times which end in `Z` are in.
const UTC: &str = "UTC";

/// `None` where there is no DUE, or not one alone, or one that is neither a day nor a time in a zone of the IANA database.
pub(super) fn read(properties: &[&Property<'_>]) -> Option<Due> {
    let [due] = properties else { return None };
    let (zone, kind) = (due.parameter("TZID"), due.parameter("VALUE").map(|kind| kind.value.to_ascii_uppercase()));
    if !due.has_only(&["TZID", "VALUE"]) {
        return None;
    }
    match (kind.as_deref(), zone, due.value.strip_suffix('Z')) {
        (Some("DATE"), None, None) => date(due.value)?.to_string().parse().ok().map(Due::Date),
        (None | Some("DATE-TIME"), None, Some(utc)) => time(utc, UTC),
        (None | Some("DATE-TIME"), Some(zone), None) => time(due.value, zone.value),
        _ => None,
    }
}

pub(super) fn write(due: &Due) -> String {
    let civil = due.civil();
    match due.zone() {
        None => format!("DUE;VALUE=DATE:{}", civil.strftime(DATE)),
        Some(zone) if zone.name() == UTC => format!("DUE:{}Z", civil.strftime(DATE_TIME)),
        Some(zone) => format!("DUE;TZID={}:{}", zone.name(), civil.strftime(DATE_TIME)),
    }
}

fn time(value: &str, zone: &str) -> Option<Due> {
    let time = ZonedTime { local: date_time(value)?.to_string().parse().ok()?, zone: iana(zone)? };
    time.instant().is_some().then_some(Due::Time(time))
}

/// Eight digits that are a day.
fn date(digits: &str) -> Option<Date> {
    let number = |from: usize, to: usize| {
        let digits = digits.get(from..to).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
        digits?.parse::<i16>().ok()
    };
    let (year, month, day) = (number(0, 4)?, number(4, 6)?, number(6, 8)?);
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok().filter(|_| digits.len() == 8)
}

/// A day, a T, and six digits that are a time of it.
pub(super) fn date_time(value: &str) -> Option<DateTime> {
    let (day, time) = value.split_once('T')?;
    let number = |from: usize| {
        let digits = time.get(from..from + 2).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
        digits?.parse::<i8>().ok()
    };
    let time = Time::new(number(0)?, number(2)?, number(4)?, 0).ok().filter(|_| time.len() == 6)?;
    Some(date(day)?.to_datetime(time))
}
