//! `google.protobuf.Timestamp`, from and to the times of the domain.

use prost_types::Timestamp;
use time::OffsetDateTime;

use crate::field::Invalid;

/// The first second of the year 1, and the last microsecond of the year 9999, since the epoch: the times of protobuf.
const FIRST_SECOND: i64 = -62_135_596_800;
const LAST_MICROSECOND: i64 = 253_402_300_799_999_999;

/// As a message.
#[must_use]
pub fn timestamp(at: OffsetDateTime) -> Timestamp {
    // `nanosecond` is below 10^9.
    Timestamp { seconds: at.unix_timestamp(), nanos: at.nanosecond().cast_signed() }
}

/// The first microsecond at or after a time: the database has whole ones, so that what is from it on, and what is before
/// it, are the same.
pub fn parse(sent: Option<Timestamp>) -> Result<Option<OffsetDateTime>, Invalid> {
    let Some(Timestamp { seconds, nanos }) = sent else { return Ok(None) };
    let invalid = || Invalid::new("be a time of the years 1 to 9999");
    if !(0..1_000_000_000).contains(&nanos) || !(FIRST_SECOND..=LAST_MICROSECOND / 1_000_000).contains(&seconds) {
        return Err(invalid());
    }
    let micros = (seconds * 1_000_000 + (i64::from(nanos) + 999) / 1_000).min(LAST_MICROSECOND);
    let time = OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1_000);
    time.map(Some).map_err(|_| invalid())
}
