//! Values on both sides of every rule.

use std::collections::BTreeSet;

use prost_reflect::{DynamicMessage, EnumDescriptor, MessageDescriptor, Value};

use crate::rules::{Rule, Text};

/// Most paths that the contract admits in a mask.
const MOST_PATHS: usize = 32;
/// Bytes of a text that fit a request, with what else is in it.
const MOST_BYTES: usize = 60 * 1024;
/// What lengths are made of besides what the text has: one code point in four bytes, and one that joins the one before.
const FILLS: [char; 2] = ['\u{1D11E}', '\u{301}'];
/// What patterns are about: control characters (C0, DEL and C1), separators of lines and names, letters of either case and
/// beyond ASCII, and what is beside a range of ASCII.
const INTRUDERS: [char; 17] = [
    '\0',
    '\t',
    '\n',
    '\u{1b}',
    '\u{7f}',
    '\u{85}',
    '\u{2028}',
    ' ',
    '@',
    '/',
    '-',
    '_',
    '~',
    '5',
    'Q',
    'ß',
    '\u{10FFFF}',
];
/// Names, ids, and what could be taken for them.
const SHAPES: [&str; 40] = [
    "",
    " ",
    "/",
    "-",
    "me",
    "inbox",
    "lists",
    "lists/",
    "lists/-",
    "lists/inbox",
    "LISTS/INBOX",
    "lists/me",
    "lists/../lists/inbox",
    "lists/01890a5d-ac96-774b-bcce-b302099a8057",
    "lists/01890A5D-AC96-774B-BCCE-B302099A8057",
    "lists/01890a5dac96774bbcceb302099a8057",
    "lists/01890a5d-ac96-774b-bcce-b302099a805",
    "lists/01890a5d-ac96-774b-bcce-b302099a80577",
    "lists/01890a5d-ac96-774b-bcce-b302099a8057/",
    "lists/01890a5d-ac96-774b-bcce-b302099a8057/todos/01890a5d-ac96-774b-bcce-b302099a8057",
    "lists/01890a5d-ac96-774b-bcce-b302099a8057/todos/01890A5D-ac96-774b-bcce-b302099a8057",
    "lists/01890a5d-ac96-774b-bcce-b302099a8057/todos/-",
    "lists/inbox/todos/01890a5d-ac96-774b-bcce-b302099a8057",
    "lists/01890a5d-ac96-774b-bcce-b302099a8057/members/01890a5d-ac96-774b-bcce-b302099a8057",
    "lists/01890a5d-ac96-774b-bcce-b302099a8057/members/01890A5D-ac96-774b-bcce-b302099a8057",
    "lists/01890a5d-ac96-774b-bcce-b302099a8057/members/me",
    "lists/inbox/members/01890a5d-ac96-774b-bcce-b302099a8057",
    "users/me",
    "users/-",
    "users/01890a5d-ac96-774b-bcce-b302099a8057",
    "users/me/deletion",
    "users/01890a5d-ac96-774b-bcce-b302099a8057/deletion",
    "users/01890a5d-ac96-774b-bcce-b302099a8057/sessions/01890a5d-ac96-774b-bcce-b302099a8057",
    "01890a5d-ac96-774b-bcce-b302099a8057",
    "01890A5D-AC96-774B-BCCE-B302099A8057",
    "01890a5dac96774bbcceb302099a8057",
    "{01890a5d-ac96-774b-bcce-b302099a8057}",
    "urn:uuid:01890a5d-ac96-774b-bcce-b302099a8057",
    "01890a5d-ac967-74b-bcce-b302099a8057",
    "00000000-0000-0000-0000-000000000000",
];

/// A value, and what the contract says to it.
#[derive(Debug)]
pub struct Probe {
    /// The value; `None` leaves the field out.
    pub value: Option<Value>,
    /// Whether it keeps the rule.
    pub admitted: bool,
}

/// Values around the rule's boundaries, and variations of a value that keeps it.
///
/// # Panics
/// When the rule has a side that no value is on.
#[must_use]
pub fn probes(rule: &Rule, valid: &Value) -> Vec<Probe> {
    let probes: Vec<_> = match rule {
        Rule::Text(text) => texts(text, valid.as_str().expect("a text")),
        Rule::Numbers(least, most, count) => many(*least, *most, *count),
        Rule::Texts(text, least, most) => {
            let first = valid.as_list().and_then(|texts| texts.first()?.as_str()).unwrap_or("word");
            lists(text, *least, *most, first)
        }
        Rule::Messages(most) => {
            let one = valid.as_list().and_then(|messages| messages.first()).expect("a message");
            let of = |count: usize| Some(Value::List(vec![one.clone(); count]));
            vec![
                Probe { value: of(1), admitted: true },
                Probe { value: of(0), admitted: false },
                Probe { value: of(most + 1), admitted: false },
            ]
        }
        Rule::Number(least, most) => {
            let beside =
                [least.saturating_sub(1), *least, least + 1, *most, most.saturating_add(1), i32::MIN, i32::MAX];
            let probe = |number| Probe { value: Some(Value::I32(number)), admitted: (least..=most).contains(&&number) };
            beside.map(probe).into()
        }
        Rule::Choice(choice, admitted) => numbers(choice)
            .map(|number| Probe { value: Some(Value::EnumNumber(number)), admitted: admitted.contains(&number) })
            .collect(),
        Rule::Choices(choice, most) => choices(choice, *most),
        Rule::Mask(resource) => masks(resource),
        Rule::Time(time, first, last) => times(time, *first, *last),
        Rule::Message => {
            vec![Probe { value: Some(valid.clone()), admitted: true }, Probe { value: None, admitted: false }]
        }
        Rule::OneOf(message) => {
            let neither = Some(Value::Message(DynamicMessage::new(message.clone())));
            vec![Probe { value: None, admitted: true }, Probe { value: neither, admitted: false }]
        }
    };
    for side in [true, false] {
        assert!(probes.iter().any(|probe| probe.admitted == side), "{rule:?} has no value that is admitted: {side}");
    }
    probes
}

/// Every number that the contract defines, and those beside them.
fn numbers(choice: &EnumDescriptor) -> impl Iterator<Item = i32> {
    let defined: BTreeSet<_> = choice.values().map(|value| value.number()).collect();
    let beside = defined.iter().flat_map(|number| [number - 1, number + 1]).chain([i32::MIN, i32::MAX]);
    beside.chain(defined.iter().copied()).collect::<BTreeSet<_>>().into_iter()
}

/// None, each beside the bounds by itself, as many as there may be, and one more.
fn many(least: i32, most: i32, count: usize) -> Vec<Probe> {
    let single = [least - 1, least, most, most + 1, i32::MIN, i32::MAX].map(|number| vec![number]);
    let lists = single.into_iter().chain([vec![], vec![least; count], vec![least; count + 1]]);
    let probe = |numbers: Vec<i32>| Probe {
        admitted: numbers.len() <= count && numbers.iter().all(|number| (least..=most).contains(number)),
        value: Some(Value::List(numbers.into_iter().map(Value::I32).collect())),
    };
    lists.map(probe).collect()
}

/// None, each by itself, as many as there may be, and one more.
fn choices(choice: &EnumDescriptor, most: usize) -> Vec<Probe> {
    let admits = |number: &i32| *number != 0 && choice.get_value(*number).is_some();
    let good = numbers(choice).find(admits).expect("a value");
    let lists = numbers(choice).map(|number| vec![number]).chain([vec![], vec![good; most], vec![good; most + 1]]);
    let probe = |numbers: Vec<i32>| Probe {
        admitted: numbers.len() <= most && numbers.iter().all(admits),
        value: Some(Value::List(numbers.into_iter().map(Value::EnumNumber).collect())),
    };
    lists.map(probe).collect()
}

/// Each text by itself, as many as there may be, one more, and one that is there twice.
fn lists(rule: &Text, least: usize, most: usize, valid: &str) -> Vec<Probe> {
    let list = |texts: Vec<String>| Some(Value::List(texts.into_iter().map(Value::String).collect()));
    let each = texts(rule, valid).into_iter().filter_map(|probe| {
        let value = Value::List(vec![probe.value?]);
        Some(Probe { value: Some(value), admitted: probe.admitted })
    });
    // Names differ in their last digits, and so may any text.
    let stem = valid.get(..valid.len().saturating_sub(4)).unwrap_or_default();
    let many = |count: usize| (0..count).map(|n| format!("{stem}{n:04x}")).collect::<Vec<_>>();
    let twice = [many(2), many(1)].concat();
    let whole = [(many(0), least == 0), (many(most), true), (many(most + 1), false), (twice, false)];
    let whole = whole.map(|(texts, admitted)| Probe { value: list(texts), admitted });
    each.chain(whole).collect()
}

fn texts(rule: &Text, valid: &str) -> Vec<Probe> {
    let mut values: BTreeSet<String> = SHAPES.map(str::to_owned).into();
    let another = SHAPES.into_iter().find(|shape| !shape.is_empty() && rule.admits(shape));
    for valid in [valid].into_iter().chain(another).chain(rule.example.as_deref()) {
        values.insert(valid.to_owned());
        values.insert(valid.to_uppercase());
        values.extend(INTRUDERS.iter().flat_map(|intruder| intruded(valid, *intruder)));
        values.extend(lengths(rule).flat_map(|length| sized(valid, length)));
    }
    // What fits no request is refused as such, whatever its fields.
    values.retain(|value| value.len() < MOST_BYTES);
    let probes = values.into_iter();
    let probes: Vec<_> =
        probes.map(|text| Probe { admitted: rule.admits(&text), value: Some(Value::String(text)) }).collect();
    for length in [rule.min].into_iter().chain(rule.max) {
        let of_length =
            |probe: &Probe| matches!(&probe.value, Some(Value::String(text)) if text.chars().count() == length);
        assert!(
            length == 0 || rule.example.is_some() || probes.iter().any(|probe| probe.admitted && of_length(probe)),
            "{rule:?}: none of {length}"
        );
    }
    probes
}

/// The lengths beside the bounds, on both sides.
fn lengths(rule: &Text) -> impl Iterator<Item = usize> {
    let bounds = [Some(rule.min), rule.max].into_iter().flatten();
    bounds.flat_map(|bound| [bound.saturating_sub(1), bound, bound + 1])
}

/// The text with a character put before, into and behind it.
fn intruded(text: &str, intruder: char) -> [String; 3] {
    let (front, back) = text.split_at(text.char_indices().nth(text.chars().count() / 2).map_or(0, |(at, _)| at));
    [format!("{intruder}{text}"), format!("{front}{intruder}{back}"), format!("{text}{intruder}")]
}

/// The text cut to a length in code points, or brought to it by what it begins with, or by what is more than a byte.
fn sized(text: &str, length: usize) -> Vec<String> {
    let fills = FILLS.into_iter().chain([text.chars().next().unwrap_or('a')]);
    let missing = length.saturating_sub(text.chars().count());
    fills.map(|fill| std::iter::repeat_n(fill, missing).chain(text.chars()).take(length).collect()).collect()
}

/// Beside the bounds, at the ends of the type, and what is no fraction of a second.
fn times(time: &MessageDescriptor, first: i64, last: i64) -> Vec<Probe> {
    const NANOS: i32 = 999_999_999;
    let good = [(first, 0), (first, NANOS), (0, 0), (last, 0), (last, NANOS)];
    let bad = [(first - 1, NANOS), (last + 1, 0), (i64::MIN, 0), (i64::MAX, 0), (0, -1), (0, NANOS + 1), (0, i32::MIN)];
    let value = |(seconds, nanos)| {
        let mut time = DynamicMessage::new(time.clone());
        time.set_field_by_name("seconds", Value::I64(seconds));
        time.set_field_by_name("nanos", Value::I32(nanos));
        Some(Value::Message(time))
    };
    let probe = |admitted| move |of| Probe { value: value(of), admitted };
    let none = Probe { value: None, admitted: true };
    good.into_iter().map(probe(true)).chain(bad.into_iter().map(probe(false))).chain([none]).collect()
}

/// Masks of one path, of as many as there may be, and of one more.
fn masks(resource: &MessageDescriptor) -> Vec<Probe> {
    let names: Vec<_> = resource.fields().map(|field| field.name().to_owned()).collect();
    let first = resource.fields().find(|field| field.name() != field.json_name()).expect("a name of two words");
    let many = |count: usize| names.iter().cycle().take(count).cloned().collect::<Vec<_>>();
    let with = |path: &str| [many(2), vec![path.to_owned()]].concat();
    let admitted = names.iter().map(|name| vec![name.clone()]).chain([vec![], with("*"), many(MOST_PATHS)]);
    let unknown = ["", "nothing", "**", "* ", first.json_name(), &names[0].to_uppercase(), "create_time.seconds"];
    let refused = unknown.map(with).into_iter().chain([many(MOST_PATHS + 1), vec!["nothing".to_owned(); 3]]);
    let probe = |paths: Vec<String>, admitted| Probe { value: Some(mask(resource, &paths)), admitted };
    admitted.map(|paths| probe(paths, true)).chain(refused.map(|paths| probe(paths, false))).collect()
}

/// A `google.protobuf.FieldMask`.
///
/// # Panics
/// When the contract of `of` does not know that message.
#[must_use]
pub fn mask(of: &MessageDescriptor, paths: &[String]) -> Value {
    let mask = of.parent_pool().get_message_by_name("google.protobuf.FieldMask").expect("FieldMask");
    let mut mask = DynamicMessage::new(mask);
    mask.set_field_by_name("paths", Value::List(paths.iter().cloned().map(Value::String).collect()));
    Value::Message(mask)
}
