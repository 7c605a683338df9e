//! What is broken is told with its line, and takes nothing else with it.

use todo_service::vtodo::{Broken, Fault};

use super::{calendar, fault, read};

/// Reads a calendar of a good todo, these lines, and a good todo: what is broken, and where. The lines begin on line 6.
fn between(lines: &[&str]) -> Vec<(u64, Fault)> {
    let before = ["BEGIN:VTODO", "SUMMARY:before", "END:VTODO"];
    let after = ["BEGIN:VTODO", "SUMMARY:after", "END:VTODO"];
    let (items, faults) = read(&calendar(&[&before, lines, &after].concat()));
    let titles: Vec<_> = items.iter().map(|item| item.fields.title.as_str()).collect();
    assert_eq!(titles, ["before", "after"], "{faults:?}");
    faults.into_iter().map(|Broken { line, fault }| (line, fault)).collect()
}

#[test]
fn a_todo_without_an_end_is_told_at_its_begin() {
    assert_eq!(between(&["BEGIN:VTODO", "SUMMARY:x"]), [(6, Fault::NotEnded)]);
}

#[test]
fn a_todo_that_the_text_cuts_off_is_told_at_its_begin() {
    let (_, faults) = read("BEGIN:VCALENDAR\r\nBEGIN:VTODO\r\nSUMMARY:x\r\n");
    assert_eq!(faults, [Broken { line: 2, fault: Fault::NotEnded }]);
}

#[test]
fn an_end_of_something_else_is_told_at_its_line() {
    let alarm = ["BEGIN:VTODO", "SUMMARY:x", "BEGIN:VALARM", "END:VTODO"];
    assert_eq!(between(&alarm), [(9, Fault::Mismatched)]);
    assert_eq!(between(&["BEGIN:VTODO", "END:VALARM", "END:VTODO"]), [(7, Fault::Mismatched)]);
}

#[test]
fn a_line_that_is_no_property_is_told() {
    for line in ["no colon", ":no name", "NAME;PARAMETER:x", "NAME;P=\"open:x", "na me:x"] {
        assert_eq!(between(&["BEGIN:VTODO", "SUMMARY:x", line, "END:VTODO"]), [(8, Fault::NotAProperty)], "{line}");
    }
}

#[test]
fn a_todo_needs_a_title() {
    assert_eq!(between(&["BEGIN:VTODO", "UID:1", "END:VTODO"]), [(6, Fault::NoTitle)]);
    assert_eq!(fault(&["SUMMARY:"]), Fault::NoTitle);
}

#[test]
fn bytes_that_are_no_text_are_told() {
    let text = b"BEGIN:VTODO\nSUMMARY:\xff\nEND:VTODO\nBEGIN:VTODO\nSUMMARY:a\0b\nEND:VTODO\n";
    let faults: Vec<_> = super::cut([text.as_slice()]).into_iter().map(|cut| format!("{cut:?}")).collect();
    assert!(faults.len() == 2 && faults.iter().all(|fault| fault.contains("NotText")), "{faults:?}");
}

#[test]
fn what_is_no_icalendar_text_is_told_once() {
    let (_, faults) = read("name;due\nBuy milk;tomorrow\nBuy tea;today\n");
    assert_eq!(faults, [Broken { line: 1, fault: Fault::NoCalendar }]);
}

#[test]
fn components_are_not_nested_without_end() {
    let bomb = vec!["BEGIN:X"; 10_000];
    let lines = [["BEGIN:VTODO"].as_slice(), &bomb, &["END:VTODO"]].concat();
    assert_eq!(between(&lines), [(11, Fault::TooDeep)]);
    let (_, faults) = read(&calendar(&[["BEGIN:VEVENT"].as_slice(), &bomb].concat()));
    assert_eq!(faults, []);
}

#[test]
fn a_todo_of_a_million_lines_is_too_long() {
    let lines = vec!["X:"; 1_000_000];
    assert_eq!(between(&[["BEGIN:VTODO"].as_slice(), &lines, &["END:VTODO"]].concat()), [(1_007, Fault::TooManyLines)]);
}

#[test]
fn a_line_of_many_megabytes_is_too_long() {
    let line = format!("SUMMARY:{}", "x".repeat(8 * 1024 * 1024));
    assert_eq!(between(&["BEGIN:VTODO", &line, "END:VTODO"]), [(7, Fault::LineTooLong)]);
}

#[test]
fn a_todo_of_many_kilobytes_is_too_large() {
    let line = format!("COMMENT:{}", "x".repeat(60_000));
    assert_eq!(between(&["BEGIN:VTODO", &line, &line, &line, "END:VTODO"]), [(9, Fault::TooLarge)]);
    assert_eq!(between(&["BEGIN:VTODO", "SUMMARY:x", &line, "END:VTODO"]), [(6, Fault::TooMuchKept)]);
}
