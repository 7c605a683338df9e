//! The rules of request fields as the contract states them, by `buf.validate` and `google.api.field_behavior`.

use jiff::tz::TimeZone;
use prost_reflect::{
    DynamicMessage, EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor, MethodDescriptor, ReflectMessage, Value,
};
use regex::Regex;

/// `google.api.FieldBehavior`.
const REQUIRED: i32 = 2;
const OUTPUT_ONLY: i32 = 3;
const IDENTIFIER: i32 = 8;
/// `buf.validate.Ignore.IGNORE_IF_ZERO_VALUE`.
const IF_ZERO: i32 = 1;
/// What `buf.validate` means by `uuid`: RFC 9562 with hyphens, in either case.
const UUID: &str = "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$";

/// A field that a client may send.
#[derive(Debug)]
pub struct Field {
    /// As BadRequest names it: `todo.title`.
    pub path: String,
    /// What its value must be.
    pub rule: Rule,
}

/// What a value must be.
#[derive(Debug)]
pub enum Rule {
    /// A text.
    Text(Text),
    /// A number from this one to that.
    Number(i32, i32),
    /// One of these values that the contract defines.
    Choice(EnumDescriptor, Vec<i32>),
    /// At most so many of the values that the contract defines, without the unspecified one.
    Choices(EnumDescriptor, usize),
    /// From so many texts to so many, no two alike.
    Texts(Text, usize, usize),
    /// At most so many numbers, from the first to the second.
    Numbers(i32, i32, usize),
    /// From one message to so many.
    Messages(usize),
    /// Paths of fields of this message.
    Mask(MessageDescriptor),
    /// A `google.protobuf.Timestamp`, or none, from the first second to the end of the last.
    Time(MessageDescriptor, i64, i64),
    /// A message, and not none.
    Message,
    /// A message, or none; but not one without the member of a `oneof` that it must have.
    OneOf(MessageDescriptor),
}

/// What a text must be.
#[derive(Debug)]
pub struct Text {
    /// Whether the empty text is one.
    pub empty: bool,
    /// Fewest code points of one that is not empty.
    pub min: usize,
    /// Most code points.
    pub max: Option<usize>,
    /// What it must match.
    pub pattern: Option<Regex>,
    /// One that keeps the rule, where the contract gives it.
    pub example: Option<String>,
    /// Whether it must name a zone of the IANA time zone database, which no pattern can say.
    pub zone: bool,
}

impl Text {
    /// Whether the contract lets a client send this.
    #[must_use]
    pub fn admits(&self, value: &str) -> bool {
        if value.is_empty() {
            return self.empty;
        }
        let length = value.chars().count();
        let matches = self.pattern.as_ref().is_none_or(|pattern| pattern.is_match(value));
        let exists = !self.zone || TimeZone::get(value).is_ok_and(|zone| !zone.is_unknown());
        matches && exists && length >= self.min && self.max.is_none_or(|max| length <= max)
    }
}

/// Every field of the rpc's request that the service reads, messages before what is in them.
///
/// # Panics
/// At a field without a rule, or with one that this module does not know: no field goes untested.
#[must_use]
pub fn fields(method: &MethodDescriptor) -> Vec<Field> {
    let mut fields = Vec::new();
    visit(&method.input(), "", &mut |path, field| {
        // Of a bool or of bytes, every value keeps the rules.
        let is_ruled = !is_free(field) && !is_judged_alone(field) && !matches!(field.kind(), Kind::Bool | Kind::Bytes);
        if !is_output(field) && is_ruled {
            fields.push(Field { path, rule: rule(method, field) });
        }
    });
    fields
}

/// Every field of the rpc's request that only the service sets, by its path.
#[must_use]
pub fn outputs(method: &MethodDescriptor) -> Vec<(String, FieldDescriptor)> {
    let mut outputs = Vec::new();
    visit(&method.input(), "", &mut |path, field| {
        if is_output(field) {
            outputs.push((path, field.clone()));
        }
    });
    outputs
}

/// Sets the field at a path, or clears it.
///
/// # Panics
/// When there is no such field.
pub fn set(message: &mut DynamicMessage, path: &str, value: Option<Value>) {
    let (outer, name) = path.rsplit_once('.').map_or(("", path), |(outer, name)| (outer, name));
    let mut inner = message;
    for segment in outer.split('.').filter(|segment| !segment.is_empty()) {
        let value = inner.get_field_by_name_mut(segment.trim_end_matches("[0]"));
        let value = value.map(|value| match value {
            Value::List(values) => values.first_mut().expect("an element"),
            one => one,
        });
        inner = value.and_then(Value::as_message_mut).expect("a message");
    }
    let is_list = inner.descriptor().get_field_by_name(name).is_some_and(|field| field.is_list());
    match value {
        Some(one) if is_list && !matches!(one, Value::List(_)) => inner.set_field_by_name(name, Value::List(vec![one])),
        Some(value) => inner.set_field_by_name(name, value),
        None => inner.clear_field_by_name(name),
    }
}

/// The value of the field at a path.
///
/// # Panics
/// When there is no such field.
#[must_use]
pub fn get(message: &DynamicMessage, path: &str) -> Value {
    let mut value = Value::Message(message.clone());
    for segment in path.split('.') {
        let inner = value.as_message().expect("a message").get_field_by_name(segment.trim_end_matches("[0]"));
        value = inner.expect("a field").into_owned();
        if let (Some(values), true) = (value.as_list(), segment.ends_with("[0]")) {
            value = values.first().expect("an element").clone();
        }
    }
    value
}

/// The value of a field's option, if it is set.
///
/// # Panics
/// When the contract does not know the option.
#[must_use]
pub fn option(field: &FieldDescriptor, name: &str) -> Option<Value> {
    let extension = field.parent_pool().get_extension_by_name(name).expect("an extension of that name");
    let options = field.options();
    options.has_extension(&extension).then(|| options.get_extension(&extension).into_owned())
}

/// Whether the field identifies its resource.
#[must_use]
pub fn is_identifier(field: &FieldDescriptor) -> bool {
    behaves(field, IDENTIFIER)
}

/// Calls `with` for each field of our own messages, from the outside in.
pub fn visit(message: &MessageDescriptor, prefix: &str, with: &mut impl FnMut(String, &FieldDescriptor)) {
    for field in message.fields() {
        let path = format!("{prefix}{}", field.name());
        with(path.clone(), &field);
        if let Kind::Message(inner) = field.kind()
            && !inner.full_name().starts_with("google.")
            && !is_judged_alone(&field)
        {
            let first = if field.is_list() { "[0]" } else { "" };
            visit(&inner, &format!("{path}{first}."), with);
        }
    }
}

/// Whether this is a message that may be left out, or is one of several, and has only the rules of its fields.
fn is_free(field: &FieldDescriptor) -> bool {
    let ours = field.kind().as_message().cloned().filter(|message| !message.full_name().starts_with("google."));
    let has_rule = || option(field, "buf.validate.field").is_some();
    ours.is_some_and(|message| {
        field.containing_oneof().is_some() || !field.is_list() && message.oneofs().len() == 0 && !has_rule()
    })
}

/// Whether what breaks a rule there is told in the answer, and the rest of the request taken: `e2e/tests/transfer.rs`.
fn is_judged_alone(field: &FieldDescriptor) -> bool {
    matches!(field.kind(), Kind::Message(message) if message.full_name() == "todo.v1.TransferredTodo")
}

fn is_output(field: &FieldDescriptor) -> bool {
    behaves(field, OUTPUT_ONLY)
}

fn behaves(field: &FieldDescriptor, behaviour: i32) -> bool {
    let behaviours = option(field, "google.api.field_behavior");
    let behaviours = behaviours.as_ref().and_then(Value::as_list).unwrap_or_default();
    behaviours.iter().any(|value| value.as_enum_number() == Some(behaviour))
}

fn rule(method: &MethodDescriptor, field: &FieldDescriptor) -> Rule {
    if let Kind::Message(inner) = field.kind()
        && inner.full_name() == "google.protobuf.FieldMask"
    {
        return Rule::Mask(masked(field));
    }
    if let Some(message) = field.kind().as_message().filter(|message| message.oneofs().len() > 0) {
        return Rule::OneOf(message.clone());
    }
    let rules = option(field, "buf.validate.field").unwrap_or_else(|| panic!("{field:?} has no rule"));
    let rules = rules.as_message().expect("a message");
    let ignored = number(rules, "ignore") == Some(IF_ZERO) && !needed(method, field);
    let mut known = None;
    for (of, value) in rules.fields() {
        known = match of.name() {
            "string" => Some(Rule::Text(text(field, value.as_message().expect("a message"), ignored))),
            "int32" => {
                let bound = |name| number(value.as_message().expect("a message"), name);
                bound("gte").map(|least| Rule::Number(least, bound("lte").unwrap_or(i32::MAX)))
            }
            "enum" => field.kind().as_enum().cloned().map(|choice| {
                let choices = choices(&choice, value.as_message().expect("a message"));
                Rule::Choice(choice, choices)
            }),
            "repeated" => {
                let bound = |name| value.as_message().expect("a message").get_field_by_name(name)?.as_u64();
                let [least, most] = ["min_items", "max_items"].map(|name| usize::try_from(bound(name)?).ok());
                let choices = field.kind().as_enum().cloned().zip(most);
                let choices = choices.map(|(choice, most)| Rule::Choices(choice, most));
                let messages = || Some(Rule::Messages(most.filter(|_| field.kind().as_message().is_some())?));
                let numbers = || {
                    let items = value.as_message()?.get_field_by_name("items")?.into_owned();
                    let numbers = items.as_message()?.get_field_by_name("int32")?.into_owned();
                    let bound = |name| number(numbers.as_message()?, name);
                    Some(Rule::Numbers(bound("gte")?, bound("lte")?, most?))
                };
                let texts = || Some(Rule::Texts(element(field, value.as_message()?)?, least?, most?));
                choices.or_else(messages).or_else(numbers).or_else(texts)
            }
            "timestamp" => {
                let seconds = |bound| seconds(value.as_message().expect("a message"), bound);
                field.kind().as_message().map(|time| Rule::Time(time.clone(), seconds("gte"), seconds("lte")))
            }
            "required" => Some(Rule::Message),
            "ignore" => continue,
            other => panic!("{field:?}: no test knows the rule {other}"),
        };
    }
    known.unwrap_or_else(|| panic!("{field:?} has no rule that a test knows"))
}

/// The values that a rule for one admits: those that it lists, or all that are defined.
fn choices(choice: &EnumDescriptor, rules: &DynamicMessage) -> Vec<i32> {
    let listed = rules.get_field_by_name("in").expect("a list");
    let listed: Vec<_> = listed.as_list().unwrap_or_default().iter().filter_map(Value::as_i32).collect();
    if listed.is_empty() { choice.values().map(|value| value.number()).collect() } else { listed }
}

/// A rule that holds for values alone still asks for one where the rpc cannot do without (AIP-203): a required field of
/// what is made, and the name of what is changed.
fn needed(method: &MethodDescriptor, field: &FieldDescriptor) -> bool {
    let name = method.name().trim_start_matches("Batch");
    name.starts_with("Create") && behaves(field, REQUIRED) || name.starts_with("Update") && is_identifier(field)
}

/// The seconds of a bound of a `google.protobuf.Timestamp`.
fn seconds(rules: &DynamicMessage, bound: &str) -> i64 {
    let bound = rules.get_field_by_name(bound).expect("a bound");
    bound.as_message().and_then(|time| time.get_field_by_name("seconds")?.as_i64()).expect("seconds")
}

/// The rule of each element of a repeated text.
fn element(field: &FieldDescriptor, rules: &DynamicMessage) -> Option<Text> {
    let items = rules.get_field_by_name("items")?.into_owned();
    let rules = items.as_message()?.get_field_by_name("string")?.into_owned();
    Some(text(field, rules.as_message()?, false))
}

fn text(field: &FieldDescriptor, rules: &DynamicMessage, ignored_if_empty: bool) -> Text {
    let zone = field.name() == "time_zone";
    let mut text = Text { empty: true, min: 0, max: None, pattern: None, example: None, zone };
    let compiled = |pattern: &str| Some(Regex::new(pattern).expect("a pattern"));
    for (of, value) in rules.fields() {
        let length = || usize::try_from(value.as_u64().expect("a length")).expect("a length");
        match of.name() {
            "min_len" => text.min = length(),
            "max_len" => text.max = Some(length()),
            "pattern" => text.pattern = compiled(value.as_str().expect("a text")),
            "uuid" => text.pattern = compiled(UUID),
            "example" => {
                let examples = value.as_list().expect("examples").first();
                text.example = examples.and_then(|example| example.as_str().map(str::to_owned));
            }
            other => panic!("no test knows the rule string.{other}"),
        }
    }
    let matches = text.pattern.as_ref().is_none_or(|pattern| pattern.is_match(""));
    text.empty = ignored_if_empty || text.min == 0 && matches;
    text
}

/// The message that a mask is about: the one that comes with it.
fn masked(mask: &FieldDescriptor) -> MessageDescriptor {
    let messages =
        mask.parent_message().fields().filter_map(|field| field.kind().as_message().cloned()).collect::<Vec<_>>();
    messages.into_iter().find(|message| !message.full_name().starts_with("google.")).expect("a message beside the mask")
}

fn number(message: &DynamicMessage, name: &str) -> Option<i32> {
    let value = message.has_field_by_name(name).then(|| message.get_field_by_name(name))??;
    value.as_i32().or_else(|| value.as_enum_number())
}
