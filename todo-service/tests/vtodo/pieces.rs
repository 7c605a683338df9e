//! Text comes in pieces that may be cut anywhere.

use todo_service::vtodo::Cut;

use super::{calendar, cut};

fn todos(found: &[Cut]) -> Vec<Vec<(u64, String)>> {
    let lines = |cut: &Cut| match cut {
        Cut::Todo(component) => Some(component.lines.clone()),
        _ => None,
    };
    found.iter().filter_map(lines).collect()
}

#[test]
fn it_does_not_matter_where_a_text_is_cut() {
    let text = calendar(&[
        "BEGIN:VTODO",
        "UID:1",
        "SUMMARY:Grüße \u{1D11E} und ein sehr lan",
        " ger Titel",
        "\t mit Tabulator",
        "END:VTODO",
        "BEGIN:VTODO",
        "SUMMARY:zwei",
        "END:VTODO",
    ]);
    let whole = cut([text.as_bytes()]);
    assert_eq!(todos(&whole)[0][1], (5, "SUMMARY:Grüße \u{1D11E} und ein sehr langer Titel mit Tabulator".to_owned()));
    for at in 0..=text.len() {
        let (head, tail) = text.as_bytes().split_at(at);
        assert_eq!(cut([head, tail]), whole, "cut at {at}");
    }
    assert_eq!(cut(text.as_bytes().chunks(1)), whole, "byte by byte");
}

#[test]
fn a_character_may_be_folded_in_its_middle() {
    let text = b"BEGIN:VTODO\r\nSUMMARY:caf\xc3\r\n \xa9\r\nEND:VTODO\r\n";
    assert_eq!(todos(&cut([text.as_slice()])), [[(2, "SUMMARY:café".to_owned())]]);
}

#[test]
fn lines_may_end_as_they_do_on_any_system() {
    for end in ["\n", "\r\n", "\r\r\n"] {
        let text = ["BEGIN:VTODO", "SUMMARY:one,", "  two", "", "END:VTODO"].join(end);
        assert_eq!(todos(&cut([text.as_bytes()])), [[(2, "SUMMARY:one, two".to_owned())]], "{end:?}");
    }
}

#[test]
fn the_last_line_needs_no_end() {
    assert_eq!(todos(&cut([b"BEGIN:VTODO\nSUMMARY:x\nEND:VTODO".as_slice()])).len(), 1);
}

#[test]
fn what_is_no_todo_is_passed_over() {
    let text = calendar(&[
        "BEGIN:VEVENT",
        "BEGIN:VALARM",
        "END:VALARM",
        "SUMMARY:not this",
        "END:VEVENT",
        "BEGIN:VTODO",
        "SUMMARY:this",
        "END:VTODO",
        "BEGIN:VJOURNAL",
        "END:VJOURNAL",
    ]);
    let found = cut([text.as_bytes()]);
    assert!(matches!(found.as_slice(), [Cut::Other, Cut::Todo(_), Cut::Other]), "{found:?}");
}

#[test]
fn a_todo_is_read_as_soon_as_it_has_ended() {
    let mut reader = todo_service::vtodo::Reader::default();
    reader.push(b"BEGIN:VTODO\r\nSUMMARY:x\r\nEND:VTODO\r\n".to_vec());
    assert!(matches!(reader.next(), Some(Cut::Todo(_))));
    reader.push(b"BEGIN:VTODO\r\n".to_vec());
    reader.end();
    let told = reader.next();
    assert!(matches!(&told, Some(Cut::Broken(broken)) if broken.line == 4), "{told:?}");
}
