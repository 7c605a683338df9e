//! How a todo comes again: a subset of the recurrence rules of RFC 5545, 3.3.10.

mod next;
mod parse;

use std::fmt::{self, Display};

use jiff::civil::{Date, DateTime};

/// Longest rule in its normal form, in characters.
const MAX_LENGTH: usize = 200;

/// A recurrence rule, which the due of its todo begins: FREQ, INTERVAL, BYDAY, BYMONTHDAY, and COUNT or UNTIL. Printed in
/// its normal form: in this order, without what goes without saying, lists sorted and without repeats.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recurrence {
    pub(crate) frequency: Frequency,
    /// 1 to 999.
    pub(crate) interval: u16,
    pub(crate) days: Vec<NthDay>,
    /// Days of the month, -31 to 31 without 0; negative from its end.
    pub(crate) month_days: Vec<i8>,
    pub(crate) end: End,
}

/// The unit of the interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Frequency {
    Daily,
    Weekly,
    Monthly,
    Yearly,
}

/// A day of the week: each (0), or the nth of the month or year; negative from its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct NthDay {
    pub(crate) nth: i8,
    /// 0 is Monday.
    pub(crate) day: u8,
}

/// When it is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Never,
    /// After so many, the present one among them: 1 to 999.
    After(u16),
    /// After the last that is not after this day.
    OnDay(Date),
    /// After the last that is not after this time, in UTC.
    At(DateTime),
}

/// In the order of [`NthDay::day`].
const DAYS: [&str; 7] = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];

const FREQUENCIES: [(&str, Frequency); 4] = [
    ("DAILY", Frequency::Daily),
    ("WEEKLY", Frequency::Weekly),
    ("MONTHLY", Frequency::Monthly),
    ("YEARLY", Frequency::Yearly),
];

impl Display for Recurrence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { frequency, interval, days, month_days, end } = self;
        write!(f, "FREQ={frequency}")?;
        if *interval > 1 {
            write!(f, ";INTERVAL={interval}")?;
        }
        list(f, "BYDAY", days)?;
        list(f, "BYMONTHDAY", month_days)?;
        match end {
            End::Never => Ok(()),
            End::After(count) => write!(f, ";COUNT={count}"),
            End::OnDay(day) => write!(f, ";UNTIL={}", day.strftime("%Y%m%d")),
            End::At(time) => write!(f, ";UNTIL={}", time.strftime("%Y%m%dT%H%M%SZ")),
        }
    }
}

fn list<T: Display>(f: &mut fmt::Formatter<'_>, name: &str, values: &[T]) -> fmt::Result {
    for (index, value) in values.iter().enumerate() {
        if index == 0 {
            write!(f, ";{name}={value}")?;
        } else {
            write!(f, ",{value}")?;
        }
    }
    Ok(())
}

impl Display for Frequency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = FREQUENCIES.iter().find(|(_, frequency)| frequency == self).map_or("", |(name, _)| name);
        f.write_str(name)
    }
}

impl Display for NthDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.nth != 0 {
            write!(f, "{}", self.nth)?;
        }
        f.write_str(DAYS.get(usize::from(self.day)).unwrap_or(&""))
    }
}
