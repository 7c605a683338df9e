//! Which property says which field.

use time::macros::datetime;
use todo_service::vtodo::{Notice, Parent, State, id};

use super::{day, item, written, zoned};

#[test]
fn every_field_has_its_property() {
    let uid = "0192f3a1-0000-7000-8000-000000000001";
    let properties = [
        &format!("UID:{uid}"),
        r"SUMMARY:Buy milk\, eggs\; and \\",
        r"DESCRIPTION:first line\nsecond",
        "PRIORITY:1",
        r"CATEGORIES:home,a\,b",
        "DUE;TZID=Europe/Berlin:20261224T183000",
        "STATUS:COMPLETED",
        "COMPLETED:20261120T101112Z",
        "RELATED-TO:0192f3a1-0000-7000-8000-000000000002",
    ];
    let item = item(&properties);
    let fields = &item.fields;
    assert_eq!(fields.id.unwrap().to_string(), uid);
    assert_eq!(fields.title, r"Buy milk, eggs; and \");
    assert_eq!(fields.notes, "first line\nsecond");
    assert_eq!(fields.priority, 1);
    assert_eq!(fields.labels, ["home", "a,b"]);
    assert_eq!(fields.due, Some(zoned("2026-12-24T18:30:00", "Europe/Berlin")));
    assert_eq!(fields.state, State::DoneAt(datetime!(2026-11-20 10:11:12 UTC)));
    let parent = "0192f3a1-0000-7000-8000-000000000002";
    assert_eq!(fields.parent, Some(Parent { id: parent.parse().unwrap(), uid: parent.to_owned() }));
    assert_eq!((item.rest.as_str(), written(&item)), ("", properties.map(str::to_owned).to_vec()));
}

#[test]
fn a_due_date_stays_a_date_and_a_time_in_utc_stays_one() {
    let due = |line| item(&["SUMMARY:x", line]).fields.due;
    assert_eq!(due("DUE;VALUE=DATE:20261224"), Some(day("2026-12-24")));
    let utc = Some(zoned("2026-12-24T17:30:00", "UTC"));
    assert_eq!(due("DUE:20261224T173000Z"), utc);
    assert_eq!(due("DUE;VALUE=DATE-TIME:20261224T173000Z"), utc);
}

#[test]
fn a_due_time_that_no_field_can_say_is_none_and_noticed() {
    for line in [
        "DUE:20261224T183000",
        "DUE;TZID=Nowhere/Here:20261224T183000",
        "DUE:20261224",
        "DUE;VALUE=DATE:20261324",
        "DUE;VALUE=DATE:2026122",
        "DUE;VALUE=DATE:09991224",
        "DUE:20261224T235960Z",
        "DUE:20261224T18300Z",
        "DUE;VALUE=DATE;X=y:20261224",
        "DUE:+2026224T183000Z",
        "DUE:2026122ßT183000Z",
    ] {
        let item = item(&["UID:1", "SUMMARY:x", line]);
        assert_eq!((&item.fields.due, item.notices()), (&None, vec![Notice::Due]), "{line}");
        assert!(written(&item).contains(&line.to_owned()), "{line}");
    }
}

#[test]
fn status_decides_whether_a_todo_is_done() {
    let at = State::DoneAt(datetime!(2026-11-20 10:11:12 UTC));
    let completed = "COMPLETED:20261120T101112Z";
    for (lines, expected) in [
        (vec![], State::Open),
        (vec!["STATUS:NEEDS-ACTION"], State::Open),
        (vec!["STATUS:in-process", "PERCENT-COMPLETE:50"], State::Open),
        (vec!["STATUS:NEEDS-ACTION", completed], State::Open),
        (vec!["STATUS:completed"], State::Done),
        (vec!["STATUS:COMPLETED", completed], at),
        (vec!["STATUS:CANCELLED"], State::Done),
        (vec![completed], at),
        (vec!["COMPLETED:nonsense"], State::Done),
    ] {
        let item = item(&[["SUMMARY:x"].as_slice(), &lines].concat());
        assert_eq!(item.fields.state, expected, "{lines:?}");
        assert!(lines.iter().all(|line| written(&item).contains(&(*line).to_owned())), "{lines:?}");
    }
}

#[test]
fn labels_are_the_categories_that_can_be_labels() {
    let long = "x".repeat(51);
    let many = (0..30).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
    let labels = |line: &str| item(&["SUMMARY:x", line]).fields.labels;
    assert_eq!(labels("CATEGORIES:a, b ,,a"), ["a", "b"]);
    assert_eq!(labels(&format!("CATEGORIES:{long},short")), ["short"]);
    assert_eq!(labels(&format!("CATEGORIES:{many}")).len(), 20);
    assert_eq!(item(&["SUMMARY:x", &format!("CATEGORIES:{many}")]).notices(), [Notice::Labels]);
    assert_eq!(item(&["SUMMARY:x", "CATEGORIES:a, b"]).notices(), []);
}

#[test]
fn a_text_that_is_too_long_is_shortened_and_noticed() {
    let line = format!("SUMMARY:{}", "ü".repeat(501));
    let item = item(&["UID:1", &line]);
    assert_eq!(item.fields.title, "ü".repeat(500));
    assert_eq!(item.notices(), [Notice::Shortened]);
    assert!(written(&item).contains(&line));
}

#[test]
fn a_title_is_one_line() {
    assert_eq!(item(&[r"SUMMARY:one\ntwo"]).fields.title, "one two");
}

#[test]
fn an_id_follows_from_uid_and_recurrence_id_alone() {
    let of = |lines: &[&str]| item(&[["SUMMARY:x"].as_slice(), lines].concat()).fields.id;
    assert_eq!(of(&[]), None);
    assert_eq!(of(&["UID:a@b"]), of(&["UID:a@b", "PRIORITY:1"]));
    assert_ne!(of(&["UID:a@b"]), of(&["UID:a@c"]));
    assert_ne!(of(&["UID:a@b"]), of(&["UID:a@b", "RECURRENCE-ID:20261224T183000Z"]));
    let own = "0192f3a1-0000-7000-8000-000000000001";
    assert_eq!(id(own, "").to_string(), own);
    assert_ne!(id(&own.to_uppercase(), "").to_string(), own, "the text says another UID");
    assert!(!id("00000000-0000-0000-0000-000000000000", "").is_nil());
}

#[test]
fn only_a_relation_to_a_parent_is_one() {
    let parent = |line| item(&["SUMMARY:x", line]).fields.parent.map(|parent| parent.id);
    assert_eq!(parent("RELATED-TO:a@b"), Some(id("a@b", "")));
    assert_eq!(parent("RELATED-TO;RELTYPE=parent:a@b"), Some(id("a@b", "")));
    assert_eq!(parent("RELATED-TO;RELTYPE=CHILD:a@b"), None);
    assert_eq!(parent("RELATED-TO;RELTYPE=SIBLING:a@b"), None);
}

#[test]
fn a_rule_needs_a_due_and_no_parent() {
    let rule = |lines: &[&str]| {
        let item = item(&[&["UID:1", "SUMMARY:x"], lines].concat());
        (item.fields.recurrence.as_ref().map(ToString::to_string), item.notices())
    };
    let due = "DUE;VALUE=DATE:20261224";
    assert_eq!(rule(&[due, "RRULE:FREQ=WEEKLY;BYDAY=MO"]), (Some("FREQ=WEEKLY;BYDAY=MO".to_owned()), vec![]));
    assert_eq!(rule(&["RRULE:FREQ=WEEKLY"]), (None, vec![Notice::Recurrence]));
    assert_eq!(rule(&[due, "RRULE:FREQ=WEEKLY", "RELATED-TO:a@b"]), (None, vec![Notice::Recurrence]));
    assert_eq!(rule(&[due, "RRULE:FREQ=HOURLY"]), (None, vec![Notice::Recurrence]));
    assert_eq!(rule(&[due, "RRULE:FREQ=DAILY", "RRULE:FREQ=WEEKLY"]), (None, vec![Notice::Recurrence]));
}
