//! What we write, as another program reads it: the `icalendar` crate. And why it does not do our reading.

use icalendar::parser::{Property, read_calendar, unfold};
use icalendar::{Calendar, CalendarComponent, Component, DatePerhapsTime, EventLike, Todo, TodoStatus};
use todo_service::vtodo::State;

use super::{CREATED, UPDATED, calendar, item};

fn todo(text: &str) -> Todo {
    let calendar: Calendar = text.parse().unwrap();
    match calendar.components.into_iter().next() {
        Some(CalendarComponent::Todo(todo)) => todo,
        other => panic!("{other:?}"),
    }
}

#[test]
fn another_program_reads_what_we_write() {
    let mut item = item(&["UID:a@b", "SUMMARY:x", "PRIORITY:9", "DUE;TZID=Europe/Berlin:20261224T183000"]);
    item.fields.title = format!("Buy milk, eggs; {} and \\", "\u{1D11E}".repeat(40));
    item.fields.notes = format!("first\nsecond {}", "long ".repeat(100));
    item.fields.labels = vec!["home".to_owned(), "a,b".to_owned()];
    item.fields.state = State::DoneAt(UPDATED);
    let mut text = String::new();
    item.write(CREATED, UPDATED, &mut text);
    let todo = todo(&calendar(&[text.trim_end()]));
    assert_eq!(todo.get_uid(), Some("a@b"));
    assert_eq!(todo.get_summary(), Some(item.fields.title.as_str()));
    assert_eq!(todo.get_description(), Some(item.fields.notes.as_str()));
    assert_eq!(todo.get_priority(), Some(9));
    assert_eq!(todo.get_categories(), Some(item.fields.labels));
    assert_eq!(todo.get_status(), Some(TodoStatus::Completed));
    assert_eq!(todo.get_completed().map(|time| time.timestamp()), Some(UPDATED.unix_timestamp()));
    assert_eq!(todo.get_last_modified().map(|time| time.timestamp()), Some(UPDATED.unix_timestamp()));
    let due = todo.get_due().and_then(|due| match due {
        DatePerhapsTime::DateTime(icalendar::CalendarDateTime::WithTimezone { date_time, tzid }) => {
            Some((date_time, tzid))
        }
        _ => None,
    });
    assert_eq!(
        due.map(|(at, zone)| (at.to_string(), zone)),
        Some(("2026-12-24 18:30:00".into(), "Europe/Berlin".into()))
    );
}

/// `icalendar` 0.17: it would lose what we keep. A test that fails here says that a reason to do it ourselves is gone.
mod faults {
    use super::*;

    #[test]
    fn it_loses_all_but_the_last_of_properties_with_one_name() {
        let text = calendar(&["BEGIN:VTODO", "RELATED-TO:a", "RELATED-TO;RELTYPE=CHILD:b", "END:VTODO"]);
        assert_eq!(todo(&text).to_string().matches("RELATED-TO").count(), 1);
    }

    #[test]
    fn it_takes_a_property_that_it_cannot_read_for_an_empty_one() {
        let property: icalendar::Property = "DUE;TZID=\"a\"b:20261224T183000".parse().unwrap();
        assert_eq!((property.key(), property.value()), ("DUE", ""));
    }

    #[test]
    fn it_does_not_write_a_property_as_it_stood() {
        let line = "COMMENT;X=\"a:b\":c\\, d";
        assert_ne!(Property::try_from(line).unwrap().to_string().trim_end(), line);
    }

    #[test]
    fn it_does_not_unescape_what_is_named_in_lower_case() {
        assert_eq!(Property::try_from("summary:a\\,b").unwrap().val.as_ref(), "a\\,b");
    }

    #[test]
    fn it_loses_all_for_one_broken_todo() {
        let text = calendar(&["BEGIN:VTODO", "SUMMARY:x", "END:VTODO", "BEGIN:VTODO", "END:VALARM", "END:VTODO"]);
        assert!(read_calendar(&unfold(&text)).is_err());
    }
}
