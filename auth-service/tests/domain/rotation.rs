use auth_service::session::{Decision, Fingerprint, GRACE, Lineage, decide};
use time::OffsetDateTime;
use time::macros::datetime;

const ROTATED: OffsetDateTime = datetime!(2026-01-01 00:00 UTC);
const EXPIRES: OffsetDateTime = datetime!(2026-01-15 00:00 UTC);
const TICK: time::Duration = time::Duration::MICROSECOND;

fn fingerprint(byte: u8) -> Fingerprint {
    Fingerprint::from_bytes(&[byte; 32]).unwrap()
}

const OLDER: u8 = 1;
const PREVIOUS: u8 = 2;
const CURRENT: u8 = 3;

fn live() -> Lineage {
    Lineage {
        current: fingerprint(CURRENT),
        previous: Some(fingerprint(PREVIOUS)),
        rotated_at: ROTATED,
        expires: EXPIRES,
        ended: false,
    }
}

#[test]
fn every_token_at_every_time_has_its_decision() {
    let last_of_grace = ROTATED + GRACE - TICK;
    let last_of_life = EXPIRES - TICK;
    let first = Lineage { previous: None, ..live() };
    let ended = Lineage { ended: true, ..live() };
    let short = Lineage { expires: ROTATED + TICK, ..live() };
    let table = [
        ("the latest, at once", live(), CURRENT, ROTATED, Decision::Rotate),
        ("the latest, after the grace", live(), CURRENT, ROTATED + GRACE, Decision::Rotate),
        ("the latest, at the last moment", live(), CURRENT, last_of_life, Decision::Rotate),
        ("the latest, too late", live(), CURRENT, EXPIRES, Decision::Expired),
        ("the latest, before its time by another clock", live(), CURRENT, ROTATED - TICK, Decision::Rotate),
        ("the one before, at once", live(), PREVIOUS, ROTATED, Decision::RepeatSuccessor),
        ("the one before, at the end of the grace", live(), PREVIOUS, last_of_grace, Decision::RepeatSuccessor),
        ("the one before, after the grace", live(), PREVIOUS, ROTATED + GRACE, Decision::Reused),
        ("the one before, too late", live(), PREVIOUS, EXPIRES, Decision::Expired),
        ("an older one, at once", live(), OLDER, ROTATED, Decision::Reused),
        ("an older one, too late", live(), OLDER, EXPIRES, Decision::Expired),
        ("the first", first.clone(), CURRENT, ROTATED, Decision::Rotate),
        ("another than the first", first, PREVIOUS, ROTATED, Decision::Reused),
        ("the latest of an ended session", ended.clone(), CURRENT, ROTATED, Decision::Ended),
        ("the one before, of an ended session", ended.clone(), PREVIOUS, ROTATED, Decision::Ended),
        ("an older one of an ended session", ended.clone(), OLDER, ROTATED, Decision::Ended),
        ("an ended session whose time is over, too", ended, CURRENT, EXPIRES, Decision::Ended),
        ("the grace does not outlive the session", short, PREVIOUS, ROTATED + TICK, Decision::Expired),
    ];
    for (name, session, presented, now, expected) in table {
        assert_eq!(decide(&session, &fingerprint(presented), now), expected, "{name}");
    }
}
