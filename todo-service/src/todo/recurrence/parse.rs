//! From the text of a rule. Its parts may come in any order, each once.

use std::str::FromStr;

use jiff::civil::{Date, DateTime};
use service_kit::field::{self, Invalid};

use super::{DAYS, End, FREQUENCIES, Frequency, MAX_LENGTH, NthDay, Recurrence};

/// Longest text that is looked at, in code points.
const MAX_SENT: usize = 500;

/// The parts of a rule, as they stand in the text.
#[derive(Default)]
struct Parts<'a> {
    frequency: Option<&'a str>,
    interval: Option<&'a str>,
    days: Option<&'a str>,
    month_days: Option<&'a str>,
    count: Option<&'a str>,
    until: Option<&'a str>,
}

impl FromStr for Recurrence {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        field::length(text, 0, MAX_SENT)?;
        let parts = Parts::of(text)?;
        let frequency = parts
            .frequency
            .and_then(frequency)
            .ok_or_else(|| Invalid::new("have FREQ=DAILY, FREQ=WEEKLY, FREQ=MONTHLY or FREQ=YEARLY"))?;
        let rule = Self {
            frequency,
            interval: parts.interval.map_or(Ok(1), number)?,
            days: sorted(parts.days, |day| nth_day(day, frequency))?,
            month_days: sorted(parts.month_days, |day| month_day(day, frequency))?,
            end: end(parts.count, parts.until)?,
        };
        // They mean a day that is both, which most months and years do not have, and many rules never.
        if rule.days.iter().any(|day| day.nth != 0) && !rule.month_days.is_empty() {
            return Err(Invalid::new("have numbers in BYDAY, or a BYMONTHDAY, not both"));
        }
        if rule.to_string().len() > MAX_LENGTH {
            return Err(Invalid::new(format!("have at most {MAX_LENGTH} characters in its normal form")));
        }
        Ok(rule)
    }
}

impl<'a> Parts<'a> {
    fn of(text: &'a str) -> Result<Self, Invalid> {
        let mut parts = Self::default();
        for part in text.split(';') {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let place = match name {
                "FREQ" => &mut parts.frequency,
                "INTERVAL" => &mut parts.interval,
                "BYDAY" => &mut parts.days,
                "BYMONTHDAY" => &mut parts.month_days,
                "COUNT" => &mut parts.count,
                "UNTIL" => &mut parts.until,
                _ => {
                    let known = "FREQ, INTERVAL, BYDAY, BYMONTHDAY, COUNT and UNTIL";
                    return Err(Invalid::new(format!("be a recurrence rule of {known}")));
                }
            };
            if place.replace(value).is_some() {
                return Err(Invalid::new("have each part once"));
            }
        }
        Ok(parts)
    }
}

fn frequency(name: &str) -> Option<Frequency> {
    FREQUENCIES.iter().find(|(known, _)| *known == name).map(|(_, frequency)| *frequency)
}

/// Of INTERVAL and COUNT.
fn number(text: &str) -> Result<u16, Invalid> {
    let is_plain = !text.starts_with(['0', '+']);
    let number = text.parse().ok().filter(|number| is_plain && (1..=999).contains(number));
    number.ok_or_else(|| Invalid::new("have an INTERVAL or COUNT of 1 to 999"))
}

/// The elements of a list, sorted and without repeats; of no list none.
fn sorted<T: Ord>(list: Option<&str>, element: impl Fn(&str) -> Option<T>) -> Result<Vec<T>, Invalid> {
    let elements = list.into_iter().flat_map(|list| list.split(',')).map(element).collect::<Option<Vec<_>>>();
    let mut elements = elements.ok_or_else(|| {
        let which = "BYDAY of days of the week (with a number if MONTHLY, to 5, or YEARLY, to 53)";
        Invalid::new(format!("have a {which}, and a BYMONTHDAY (not if WEEKLY) of 1 to 31 or -31 to -1"))
    })?;
    elements.sort_unstable();
    elements.dedup();
    Ok(elements)
}

/// `MO`, or `-1FR`: a number counts the days of a month or year, so it goes with those.
fn nth_day(text: &str, frequency: Frequency) -> Option<NthDay> {
    let (nth, name) = text.split_at_checked(text.len().checked_sub(2)?)?;
    let day = DAYS.iter().position(|known| *known == name)?;
    let most = match frequency {
        Frequency::Daily | Frequency::Weekly => 0,
        Frequency::Monthly => 5,
        Frequency::Yearly => 53,
    };
    let nth = if nth.is_empty() { 0 } else { signed(nth, most)? };
    Some(NthDay { nth, day: u8::try_from(day).ok()? })
}

fn month_day(text: &str, frequency: Frequency) -> Option<i8> {
    signed(text, 31).filter(|_| frequency != Frequency::Weekly)
}

/// 1 to `most`, from the beginning or, negative, from the end.
fn signed(text: &str, most: u8) -> Option<i8> {
    text.parse().ok().filter(|number: &i8| (1..=most).contains(&number.unsigned_abs()))
}

fn end(count: Option<&str>, until: Option<&str>) -> Result<End, Invalid> {
    match (count, until) {
        (None, None) => Ok(End::Never),
        (Some(count), None) => number(count).map(End::After),
        (None, Some(until)) => {
            let day = || Date::strptime("%Y%m%d", until).ok().map(End::OnDay);
            let time = || DateTime::strptime("%Y%m%dT%H%M%SZ", until).ok().map(End::At);
            let exact = |end: &End| matches!((end, until.len()), (End::OnDay(_), 8) | (End::At(_), 16));
            let end = day().or_else(time).filter(exact).filter(|_| !until.starts_with('0'));
            end.ok_or_else(|| Invalid::new("have an UNTIL as in 20261231 or 20261231T170000Z"))
        }
        (Some(_), Some(_)) => Err(Invalid::new("have COUNT or UNTIL, not both")),
    }
}
