//! VTODO text, both ways.

mod broken;
mod fields;
mod garbage;
mod keeping;
mod oracle;
mod pieces;
mod round_trip;
mod zones;

use time::OffsetDateTime;
use time::macros::datetime;
use todo_service::todo::{Due, ZonedTime};
use todo_service::vtodo::{Broken, Component, Cut, Fault, Item, Reader, Zones};

const CREATED: OffsetDateTime = datetime!(2026-01-02 03:04:05 UTC);
const UPDATED: OffsetDateTime = datetime!(2026-11-21 18:30:00 UTC);

/// All that is cut out of a text that comes in these pieces.
fn cut<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<Cut> {
    let (mut reader, mut found) = (Reader::default(), Vec::new());
    for piece in pieces {
        reader.push(piece.to_vec());
        found.extend(std::iter::from_fn(|| reader.next()));
    }
    reader.end();
    found.extend(std::iter::from_fn(|| reader.next()));
    found
}

/// The text of a calendar with these lines in it.
fn calendar(lines: &[&str]) -> String {
    [&["BEGIN:VCALENDAR", "VERSION:2.0"], lines, &["END:VCALENDAR", ""]].concat().join("\r\n")
}

/// What a text says: its todos, and what is broken.
fn read(text: &str) -> (Vec<Item>, Vec<Broken>) {
    let (mut zones, mut items, mut faults) = (Zones::default(), Vec::new(), Vec::new());
    for cut in cut([text.as_bytes()]) {
        match cut {
            Cut::Todo(component) => match Item::read(&component, &zones) {
                Ok(item) => items.push(item),
                Err(broken) => faults.push(broken),
            },
            Cut::Zone { id, location } => zones.define(id, &location),
            Cut::Other => {}
            Cut::Broken(broken) => faults.push(broken),
        }
    }
    (items, faults)
}

/// The todo with these properties.
fn item(properties: &[&str]) -> Item {
    let lines = (1..).zip(properties.iter().map(|&line| line.to_owned())).collect();
    Item::read(&Component { line: 1, lines }, &Zones::default()).expect("a todo")
}

/// Why no todo has these properties.
fn fault(properties: &[&str]) -> Fault {
    let lines = (1..).zip(properties.iter().map(|&line| line.to_owned())).collect();
    Item::read(&Component { line: 1, lines }, &Zones::default()).expect_err("a fault").fault
}

/// A todo as it is written, without BEGIN and END and what says when the text was made; folds taken out.
fn written(item: &Item) -> Vec<String> {
    let mut text = String::new();
    item.write(CREATED, UPDATED, &mut text);
    let lines = text.replace("\r\n ", "");
    let stamps = ["BEGIN:VTODO", "END:VTODO", "DTSTAMP:", "LAST-MODIFIED:", "CREATED:20260102T030405Z"];
    lines.lines().filter(|line| !stamps.iter().any(|stamp| line.starts_with(stamp))).map(str::to_owned).collect()
}

/// A due date.
fn day(day: &str) -> Due {
    Due::Date(day.parse().unwrap())
}

/// A due time in a zone.
fn zoned(local: &str, zone: &str) -> Due {
    Due::Time(ZonedTime { local: local.parse().unwrap(), zone: zone.parse().unwrap() })
}
