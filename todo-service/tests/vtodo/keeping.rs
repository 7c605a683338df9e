//! What no field says is kept as it stood, and gives way when a field changes.

use todo_service::vtodo::{Item, Parent, State, id};

use super::{item, written};

#[test]
fn what_no_field_says_is_written_again_as_it_stood() {
    let lines = [
        "UID:a@b",
        "SUMMARY;LANGUAGE=de:Milch kaufen",
        "CATEGORIES:one",
        "CATEGORIES;LANGUAGE=en:two",
        "STATUS:NEEDS-ACTION",
        "SEQUENCE:3",
        "X-APPLE-SORT-ORDER:42",
        "x-lower;VALUE=TEXT;p=\"a:b\",\"c;d\":as \\it: stands\\",
        "ATTENDEE;CN=\"Doe, John\":mailto:john@example.com",
        "ATTENDEE;CN=\"Doe, Jane\":mailto:jane@example.com",
        "BEGIN:VALARM",
        "TRIGGER:-PT15M",
        "ACTION:DISPLAY",
        "SUMMARY:not the title",
        "END:VALARM",
    ];
    assert_eq!(written(&item(&lines)), lines.map(str::to_owned).to_vec());
}

#[test]
fn a_kept_property_gives_way_to_a_field_that_says_something_else() {
    let mut item = item(&["UID:a@b", "SUMMARY;LANGUAGE=de:Milch", "DUE:20261224T183000", "STATUS:IN-PROCESS", "X-A:1"]);
    item.fields.title = "Milk".to_owned();
    item.fields.due = Some(super::day("2026-12-25"));
    item.fields.state = State::Done;
    let now = ["UID:a@b", "SUMMARY:Milk", "DUE;VALUE=DATE:20261225", "STATUS:COMPLETED", "X-A:1"];
    assert_eq!(written(&item), now);
}

#[test]
fn a_uid_stays_with_the_todo_that_it_names() {
    let mut next = item(&["UID:a@b", "SUMMARY:x"]);
    let other = uuid::Uuid::from_u128(7);
    next.fields.id = Some(other);
    assert_eq!(written(&next)[0], format!("UID:{other}"), "the next occurrence has another");
}

#[test]
fn a_done_todo_without_a_time_stays_in_its_own_words() {
    let mut item = item(&["UID:a@b", "SUMMARY:x", "STATUS:CANCELLED"]);
    item.fields.state = State::DoneAt(super::UPDATED);
    assert_eq!(written(&item)[2..], ["STATUS:CANCELLED"]);
    item.fields.state = State::Open;
    assert_eq!(written(&item)[2..], ["STATUS:NEEDS-ACTION"]);
}

#[test]
fn a_text_keeps_when_it_was_made_but_not_when_it_was_written() {
    let item =
        item(&["SUMMARY:x", "CREATED:20200101T000000Z", "DTSTAMP:20200101T000000Z", "LAST-MODIFIED:20200101T000000Z"]);
    assert_eq!(item.rest, "CREATED:20200101T000000Z\n");
    let mut text = String::new();
    item.write(super::CREATED, super::UPDATED, &mut text);
    assert_eq!(text.matches("CREATED:").count(), 1);
    assert!(text.contains("DTSTAMP:20261121T183000Z\r\n") && text.contains("LAST-MODIFIED:20261121T183000Z\r\n"));
}

#[test]
fn a_rule_in_other_words_stays_in_them() {
    let lines = [
        "UID:a@b",
        "SUMMARY:x",
        "DUE;VALUE=DATE:20261224",
        "RRULE:BYDAY=MO;FREQ=weekly;INTERVAL=1",
        "STATUS:NEEDS-ACTION",
    ];
    let mut item = item(&lines);
    assert_eq!(written(&item), lines);
    item.fields.recurrence = Some("FREQ=DAILY".parse().unwrap());
    assert_eq!(written(&item)[3], "RRULE:FREQ=DAILY");
}

#[test]
fn a_relation_to_no_parent_is_kept() {
    for uid in ["a@b", "0192f3a1-0000-7000-8000-000000000002"] {
        let relation = format!("RELATED-TO:{uid}");
        let mut orphan = item(&["UID:c@d", "SUMMARY:x", &relation]);
        orphan.orphan().unwrap();
        assert_eq!(orphan.fields.parent, None);
        assert_eq!(written(&orphan)[3], relation);
    }
}

#[test]
fn a_parent_is_named_as_its_own_text_names_it() {
    let parent = item(&["UID:a@b", "SUMMARY:x"]);
    let mut child = item(&["UID:c@d", "SUMMARY:y"]);
    child.fields.parent = Some(Parent::of(id("a@b", ""), &parent.rest));
    assert!(written(&child).contains(&"RELATED-TO:a@b".to_owned()));
    let other = uuid::Uuid::from_u128(7);
    assert_eq!(Parent::of(other, &parent.rest).uid, other.to_string(), "the next occurrence of the parent has another");
}

#[test]
fn what_somebody_else_kept_is_checked() {
    let kept = "X-A:1\nBEGIN:VALARM\nTRIGGER:-PT5M\nEND:VALARM\n";
    assert_eq!(Item::rest(kept), Ok(kept.to_owned()));
    assert_eq!(Item::rest(""), Ok(String::new()));
    let refused = [
        "no property",
        "END:VTODO",
        "BEGIN:VTODO",
        "X-A:1\nEND:VTODO\nBEGIN:VTODO\nX-B:2",
        "BEGIN:VALARM",
        "END:VALARM",
        "X-A:\0",
    ];
    for text in refused {
        assert!(Item::rest(text).is_err(), "{text:?}");
    }
    assert!(Item::rest(&format!("X-A:{}", "x".repeat(17_000))).is_err());
}
