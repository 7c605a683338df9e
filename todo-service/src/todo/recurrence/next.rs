//! The occurrence after the present one.
//!
//! Occurrences are counted by the calendar and the clock on the wall, without a zone; the rrule crate does that well, and
//! its faults at changes of the clocks (its issues 109 and 115) cannot show. A time that the clocks then skip is due
//! when they have skipped it (RFC 5545, 3.3.5, and not 3.3.10, by which a daily task would be left out once a year); a day
//! that the calendar of the zone skips is not counted.

use chrono::{NaiveDate, TimeZone, Utc};
use jiff::civil::DateTime;
use jiff::tz::TimeZone as Zoned;
use rrule::{NWeekday, RRule, RRuleSet, Tz, Unvalidated};

use super::{End, Frequency, NthDay, Recurrence};
use crate::todo::Due;

/// In the order of [`NthDay::day`].
const WEEKDAYS: [chrono::Weekday; 7] = [
    chrono::Weekday::Mon,
    chrono::Weekday::Tue,
    chrono::Weekday::Wed,
    chrono::Weekday::Thu,
    chrono::Weekday::Fri,
    chrono::Weekday::Sat,
    chrono::Weekday::Sun,
];

impl Recurrence {
    /// The due after `due`, the present one, and the rule from there on; `None` when it is over. The crate looks through at
    /// most 100,000 days, weeks, months or years, which takes 13 ms where there is nothing to be found.
    #[must_use]
    pub fn after(&self, due: &Due) -> Option<(Due, Self)> {
        let end = match self.end {
            End::After(count) => End::After(count.checked_sub(1).filter(|left| *left > 0)?),
            end => end,
        };
        let present = due.civil();
        let zone = due.zone();
        let later = self.occurrences(present)?.into_iter().map_while(|at| civil(at.naive_utc()));
        let mut later = later.filter(|at| *at > present && zone.is_none_or(|zone| zone.has_day(*at)));
        let next = Due::at(later.next()?, zone.cloned());
        (!self.is_over(&next)).then(|| (next, Self { end, ..self.clone() }))
    }

    fn occurrences(&self, first: DateTime) -> Option<RRuleSet> {
        let frequency = match self.frequency {
            Frequency::Daily => rrule::Frequency::Daily,
            Frequency::Weekly => rrule::Frequency::Weekly,
            Frequency::Monthly => rrule::Frequency::Monthly,
            Frequency::Yearly => rrule::Frequency::Yearly,
        };
        let rule = RRule::<Unvalidated>::new(frequency).interval(self.interval);
        let rule = rule.by_weekday(self.days.iter().filter_map(|day| weekday(*day)).collect());
        let rule = rule.by_month_day(self.month_days.clone());
        Some(rule.build(wall(first)?).ok()?.limit())
    }

    fn is_over(&self, due: &Due) -> bool {
        let at = due.civil();
        match self.end {
            End::Never | End::After(_) => false,
            End::OnDay(last) => at.date() > last,
            // Of a time its instant counts; a day has none but its own midnight.
            End::At(last) => {
                let utc = |at: DateTime| at.to_zoned(Zoned::UTC).map(|at| at.timestamp()).ok();
                let instant = match due {
                    Due::Date(_) => utc(at),
                    Due::Time(time) => time.instant(),
                };
                instant.zip(utc(last)).is_none_or(|(instant, last)| instant > last)
            }
        }
    }
}

fn weekday(day: NthDay) -> Option<NWeekday> {
    let weekday = WEEKDAYS.get(usize::from(day.day))?;
    Some(NWeekday::new(Some(day.nth.into()).filter(|nth| *nth != 0), *weekday))
}

/// To the crate's calendar, as if the clocks were those of UTC.
fn wall(at: DateTime) -> Option<chrono::DateTime<Tz>> {
    let date = NaiveDate::from_ymd_opt(at.year().into(), at.month().try_into().ok()?, at.day().try_into().ok()?)?;
    let [hour, minute, second] = [at.hour(), at.minute(), at.second()].map(|part| u32::try_from(part).unwrap_or(0));
    Some(Utc.from_utc_datetime(&date.and_hms_opt(hour, minute, second)?).with_timezone(&Tz::UTC))
}

/// And back, to the year 9999.
fn civil(at: chrono::NaiveDateTime) -> Option<DateTime> {
    at.format("%Y-%m-%dT%H:%M:%S").to_string().parse().ok()
}
