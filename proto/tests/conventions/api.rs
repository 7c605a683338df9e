//! The descriptors of our own packages, with their options at hand.

use std::collections::BTreeMap;

use prost_reflect::{
    DescriptorPool, DynamicMessage, FieldDescriptor, FileDescriptor, MessageDescriptor, MethodDescriptor, Value,
};

/// The packages `access`, `auth` and `todo`.
pub(crate) struct Api(DescriptorPool);

impl Api {
    /// Decodes the descriptor set of the crate.
    pub(crate) fn new() -> Self {
        Self(DescriptorPool::decode(proto::FILE_DESCRIPTOR_SET).expect("a descriptor set"))
    }

    /// The files that are not imported from others.
    pub(crate) fn files(&self) -> impl Iterator<Item = FileDescriptor> {
        let is_ours = |file: &FileDescriptor| {
            !file.package_name().starts_with("google.") && file.package_name() != "buf.validate"
        };
        self.0.files().filter(is_ours)
    }

    /// The messages of our files.
    pub(crate) fn messages(&self) -> impl Iterator<Item = MessageDescriptor> {
        self.files().flat_map(|file| file.messages().collect::<Vec<_>>())
    }

    /// The rpcs of our files.
    pub(crate) fn methods(&self) -> impl Iterator<Item = MethodDescriptor> {
        self.0.services().flat_map(|service| service.methods().collect::<Vec<_>>())
    }

    /// The fields of all requests and of our messages inside them, each once.
    pub(crate) fn request_fields(&self) -> Vec<FieldDescriptor> {
        let mut seen = BTreeMap::new();
        let mut open: Vec<_> = self.methods().map(|method| method.input()).collect();
        while let Some(message) = open.pop() {
            for field in message.fields() {
                let inner = field.kind().as_message().cloned();
                if seen.insert(field.full_name().to_owned(), field).is_none() {
                    open.extend(inner.filter(|inner| !inner.full_name().starts_with("google.")));
                }
            }
        }
        seen.into_values().collect()
    }

    /// The value of an extension in some options, if it is set.
    pub(crate) fn option(&self, name: &str, options: &DynamicMessage) -> Option<Value> {
        let extension = self.0.get_extension_by_name(name).expect("an extension of that name");
        options.has_extension(&extension).then(|| options.get_extension(&extension).into_owned())
    }

    /// The type of the resource that a message is, if it is one.
    pub(crate) fn resource(&self, message: &MessageDescriptor) -> Option<String> {
        let resource = self.option("google.api.resource", &message.options())?;
        Some(text(resource.as_message()?, "type"))
    }

    /// The `buf.validate` rules of a string field, if it has some; of a repeated one those of an element, if there may
    /// be only so many.
    pub(crate) fn string_rules(&self, field: &FieldDescriptor) -> Option<DynamicMessage> {
        let rules = self.option("buf.validate.field", &field.options())?;
        let mut rules = rules.as_message()?.clone();
        if field.is_list() {
            let repeated = rules.get_field_by_name("repeated")?.as_message()?.clone();
            if number(&repeated, "max_items") == 0 {
                return None;
            }
            rules = repeated.get_field_by_name("items")?.as_message()?.clone();
        }
        rules.get_field_by_name("string")?.as_message().cloned()
    }
}

/// A field of a message as text; empty if it is not set.
pub(crate) fn text(message: &DynamicMessage, field: &str) -> String {
    let value = message.get_field_by_name(field).expect("a field of that name");
    value.as_str().expect("a string").to_owned()
}

/// A field of a message as a number; 0 if it is not set.
pub(crate) fn number(message: &DynamicMessage, field: &str) -> u64 {
    message.get_field_by_name(field).and_then(|value| value.as_u64()).expect("a uint64")
}

/// The numbers of a repeated enum; none if it is not set.
pub(crate) fn numbers(values: Option<&Value>) -> Vec<i32> {
    let values = values.and_then(Value::as_list).unwrap_or_default();
    values.iter().filter_map(Value::as_enum_number).collect()
}
