//! Whatever comes, there is an answer, and it is bounded.

use proptest::prelude::*;
use todo_service::vtodo::{Cut, Item, Zones};

use super::{calendar, cut};

/// Reads to the end; whatever is a todo is written, and must be the same when it is read again.
fn digest(bytes: &[u8], piece: usize) {
    for found in cut(bytes.chunks(piece)) {
        let Cut::Todo(component) = found else { continue };
        let Ok(item) = Item::read(&component, &Zones::default()) else { continue };
        let mut text = String::new();
        item.write(super::CREATED, super::UPDATED, &mut text);
        let (again, faults) = super::read(&text);
        assert_eq!(faults, []);
        assert_eq!(again.into_iter().map(|again| again.fields).collect::<Vec<_>>(), [item.fields]);
    }
}

fn lines() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        Just("BEGIN:VTODO".to_owned()),
        Just("END:VTODO".to_owned()),
        Just("BEGIN:VALARM".to_owned()),
        Just("END:VALARM".to_owned()),
        Just("BEGIN:VCALENDAR".to_owned()),
        Just("END:VCALENDAR".to_owned()),
        Just("BEGIN:VTIMEZONE".to_owned()),
        Just("END:VTIMEZONE".to_owned()),
        "(SUMMARY|DUE|UID|CATEGORIES|STATUS|X-A)(;[A-Z]{1,3}=\"?[a-z:;,]{0,3}\"?)?:.{0,20}",
        "\\PC{0,20}",
    ];
    proptest::collection::vec(word, 0..40).prop_map(|lines| lines.join("\r\n"))
}

proptest! {
    #[test]
    fn random_bytes_end_in_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..2_000), piece in 1_usize..100) {
        cut(bytes.chunks(piece));
    }

    #[test]
    fn random_lines_end_in_an_answer(text in lines(), piece in 1_usize..100) {
        cut(text.as_bytes().chunks(piece));
    }

    #[test]
    fn a_mutated_text_ends_in_an_answer(at in any::<prop::sample::Index>(), byte in any::<u8>(), cut_at in any::<prop::sample::Index>()) {
        let text = calendar(&["BEGIN:VTODO", "UID:1", "SUMMARY;LANGUAGE=\"de\":a\\,b", "DUE;TZID=Europe/Berlin:20261224T183000", "END:VTODO"]);
        let mut bytes = text.into_bytes();
        let place = at.index(bytes.len());
        bytes[place] = byte;
        bytes.truncate(cut_at.index(bytes.len()).max(place) + 1);
        digest(&bytes, 7);
    }
}
