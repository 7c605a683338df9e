//! What is imported and exported says the same, and what is exported and imported is the same.

use proptest::prelude::*;
use proptest::string::string_regex;
use time::OffsetDateTime;
use todo_service::todo::Due;
use todo_service::vtodo::{Fields, Item, Parent, State};
use uuid::Uuid;

use super::{CREATED, UPDATED, calendar, day, read, zoned};

/// Characters that TEXT can say: all but controls; here those that mean something, and some of each length.
const SAYABLE: &str = "[ a-z,;:\\\\\"=\n\tNnäß\u{301}\u{1D11E}\u{2028}]";

fn due() -> impl Strategy<Value = Option<Due>> {
    let date =
        (1000_i16..=9999, 1..=12, 1..=28).prop_map(|(year, month, day)| format!("{year:04}-{month:02}-{day:02}"));
    let zone =
        prop_oneof![Just("UTC"), Just("Europe/Berlin"), Just("America/Argentina/Ushuaia"), Just("Australia/Lord_Howe")];
    let time = (date.clone(), 0..24, 0..60, 0..60, zone);
    prop_oneof![
        Just(None),
        date.prop_map(|date| Some(day(&date))),
        time.prop_map(|(date, hour, minute, second, zone)| {
            Some(zoned(&format!("{date}T{hour:02}:{minute:02}:{second:02}"), zone))
        }),
    ]
}

fn state() -> impl Strategy<Value = State> {
    let time = (0_i64..4_000_000_000).prop_map(|second| OffsetDateTime::from_unix_timestamp(second).unwrap());
    prop_oneof![Just(State::Open), time.prop_map(State::DoneAt)]
}

fn labels() -> impl Strategy<Value = Vec<String>> {
    proptest::collection::btree_set("[a-z,;\\\\äß\u{1D11E}]{1,50}", 0..=20)
        .prop_map(|labels| labels.into_iter().collect())
}

prop_compose! {
    fn fields()(
        id in any::<u128>().prop_map(|id| Uuid::from_u128(id | 1)),
        title in "[ a-z,;:\\\\\"=Nnäß\u{301}\u{1D11E}\u{2028}]{1,500}",
        notes in string_regex(&format!("{SAYABLE}{{0,300}}")).unwrap(),
        priority in 0_u8..=9,
        labels in labels(),
        due in due(),
        state in state(),
        rule in proptest::option::of(prop_oneof![Just("FREQ=DAILY"), Just("FREQ=MONTHLY;BYDAY=-1FR;COUNT=3")]),
        parent in proptest::option::of(any::<u128>().prop_map(|id| Uuid::from_u128(id | 1))),
    ) -> Fields {
        let recurrence = rule.filter(|_| due.is_some() && parent.is_none()).map(|rule| rule.parse().unwrap());
        let parent = parent.map(|parent| Parent::of(parent, ""));
        Fields { id: Some(id), title, notes, priority, labels, due, recurrence, state, parent }
    }
}

/// A property as some program could write it; of the same name as a field's or not.
fn property() -> impl Strategy<Value = String> {
    let name = "(SUMMARY|DESCRIPTION|PRIORITY|CATEGORIES|DUE|STATUS|COMPLETED|PERCENT-COMPLETE|RELATED-TO|RRULE|UID|X-[A-Z]{1,3}|COMMENT|dtstart)";
    let parameter = "(;(LANGUAGE|VALUE|TZID|RELTYPE|X-P)=(DATE|parent|X[a-z]{0,7}|\"[a-z:;,]{1,5}\"))?";
    let value = prop_oneof![
        "[0-9]{1,2}",
        "2026[0-9]{4}(T[0-9]{6}Z?)?",
        "(COMPLETED|CANCELLED|IN-PROCESS|FREQ=DAILY)",
        "[ a-z,;:\\\\äß\u{1D11E}]{0,90}"
    ];
    (name, parameter, value).prop_map(|(name, parameter, value)| format!("{name}{parameter}:{value}"))
}

fn text_of(item: &Item) -> String {
    let mut text = String::new();
    item.write(CREATED, UPDATED, &mut text);
    text
}

/// What a text says, besides when it was made.
fn said(text: &str) -> Vec<String> {
    let unfolded = text.replace("\r\n ", "");
    let stamps =
        ["BEGIN:V", "END:V", "DTSTAMP", "LAST-MODIFIED", "CREATED:20260102T030405Z", "VERSION", "STATUS:NEEDS-ACTION"];
    let mut lines: Vec<_> = unfolded
        .lines()
        .filter(|line| !stamps.iter().any(|stamp| line.starts_with(stamp)))
        .map(str::to_owned)
        .collect();
    lines.sort();
    lines
}

proptest! {
    #[test]
    fn a_todo_that_is_exported_and_imported_is_the_same(fields in fields()) {
        let item = Item { fields, rest: "CREATED:20260102T030405Z\n".to_owned() };
        prop_assert_eq!(read(&calendar(&[text_of(&item).trim_end()])), (vec![item], vec![]));
    }

    #[test]
    fn a_text_that_is_imported_and_exported_says_the_same(properties in proptest::collection::vec(property(), 0..12)) {
        let mut lines = vec!["BEGIN:VTODO", "UID:a@b", "SUMMARY:first"];
        lines.extend(properties.iter().map(String::as_str));
        lines.push("END:VTODO");
        let text = calendar(&lines);
        let (items, faults) = read(&text);
        prop_assert_eq!(faults, []);
        let again = text_of(&items[0]);
        prop_assert_eq!(said(&again), said(&text));
        prop_assert_eq!(&read(&again).0[0].fields, &items[0].fields);
    }

    #[test]
    fn no_line_that_is_written_is_longer_than_75_bytes(fields in fields()) {
        let text = text_of(&Item { fields, rest: String::new() });
        prop_assert!(text.split("\r\n").all(|line| line.len() <= 75), "{}", text);
        prop_assert!(text.ends_with("END:VTODO\r\n"));
    }
}
