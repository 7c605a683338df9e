//! `Debug` for messages that carry secrets: fields marked `debug_redact` are not printed.
//!
//! prost derives a `Debug` that prints everything, and a request has a way of ending up in a log.

use std::fmt::Write as _;

use prost_reflect::{FieldDescriptor, MessageDescriptor};

/// Whether a field of the message is marked `debug_redact`.
pub(crate) fn has_secrets(message: &MessageDescriptor) -> bool {
    message.fields().any(|field| is_secret(&field))
}

fn is_secret(field: &FieldDescriptor) -> bool {
    let options = field.options();
    let redact = options.get_field_by_name("debug_redact");
    redact.and_then(|value| value.as_bool()).unwrap_or(false)
}

/// One `impl Debug` for each of the messages, with paths from the root of the crate.
pub(crate) fn render(messages: &[MessageDescriptor]) -> String {
    let mut code = String::new();
    for message in messages {
        let path = message.full_name().replace('.', "::");
        let _ = writeln!(
            code,
            "impl ::core::fmt::Debug for crate::{path} {{\n    \
             fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {{\n        \
             f.debug_struct({:?})",
            message.name()
        );
        for field in message.fields() {
            let name = field.name();
            let value = if is_secret(&field) {
                "&::core::format_args!(\"(redacted)\")".to_owned()
            } else {
                format!("&self.{name}")
            };
            let _ = writeln!(code, "            .field({name:?}, {value})");
        }
        code.push_str("            .finish()\n    }\n}\n");
    }
    code
}
