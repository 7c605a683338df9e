//! Names of zones.

use todo_service::todo::Due;
use todo_service::vtodo::Notice;

use super::{calendar, read};

/// The zone of a todo that is due in the zone of this name, and its DUE when written; the text defines the zone so.
fn due_in(id: &str, definition: &[&str]) -> (Option<String>, Vec<Notice>, String) {
    let (name, due) = (format!("TZID:{id}"), format!("DUE;TZID=\"{id}\":20261224T183000"));
    let zone = [&["BEGIN:VTIMEZONE", &name], definition, &["END:VTIMEZONE"]].concat();
    let todo = ["BEGIN:VTODO", "SUMMARY:x", &due, "END:VTODO"];
    let (items, faults) = read(&calendar(&[zone.as_slice(), &todo].concat()));
    assert_eq!(faults, []);
    let zone = items[0].fields.due.clone().map(|due| match due {
        Due::Time(time) if time.local.to_string() == "2026-12-24T18:30:00" => time.zone.name().to_owned(),
        other => panic!("{other:?}"),
    });
    let written = super::written(&items[0]).into_iter().find(|line| line.starts_with("DUE")).unwrap();
    (zone, items[0].notices(), written)
}

#[test]
fn zones_of_the_iana_database_are_known_in_every_spelling() {
    for id in ["Europe/Berlin", "europe/berlin", "/mozilla.org/20050126_1/Europe/Berlin", "/Europe/Berlin"] {
        let (zone, notices, written) = due_in(id, &["X-TZINFO:anything"]);
        assert_eq!((zone.as_deref(), notices), (Some("Europe/Berlin"), vec![]), "{id}");
        assert!(written.ends_with("Europe/Berlin\":20261224T183000"), "{written}");
    }
    let (zone, ..) = due_in("/x/America/Argentina/Ushuaia", &[]);
    assert_eq!(zone.as_deref(), Some("America/Argentina/Ushuaia"));
}

#[test]
fn zones_of_windows_are_known() {
    let (zone, _, written) = due_in("W. Europe Standard Time", &[]);
    assert_eq!(zone.as_deref(), Some("Europe/Berlin"));
    assert!(!written.contains("Standard Time"), "{written}");
}

#[test]
fn a_zone_that_the_text_defines_is_the_one_that_it_names() {
    let standard = ["BEGIN:STANDARD", "DTSTART:19701025T030000", "X-LIC-LOCATION:Asia/Tokyo", "END:STANDARD"];
    let (zone, ..) = due_in("Office", &[["X-LIC-LOCATION:Europe/Berlin"].as_slice(), &standard].concat());
    assert_eq!(zone.as_deref(), Some("Europe/Berlin"));
}

#[test]
fn a_zone_that_nobody_knows_is_kept_and_noticed() {
    let (zone, notices, written) = due_in("Office", &[]);
    assert_eq!((zone, notices), (None, vec![Notice::Due]));
    assert_eq!(written, "DUE;TZID=\"Office\":20261224T183000");
}

#[test]
fn a_zone_has_one_name_wherever_the_todo_names_it() {
    let lines = ["BEGIN:VTODO", "SUMMARY:x", "DTSTART;TZID=Romance Standard Time:20261224T183000", "END:VTODO"];
    let (items, _) = read(&calendar(&lines));
    assert!(items[0].rest.contains("DTSTART;TZID=Europe/Paris:20261224T183000\n"), "{}", items[0].rest);
}
