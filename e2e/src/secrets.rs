//! What the answers of services say that no log may.

use prost_reflect::{DynamicMessage, FieldDescriptor};

/// Plants the tokens of an answer, those with `debug_redact` in the contract, for the guard of the logs.
pub fn plant(answer: &DynamicMessage) {
    for (field, value) in answer.fields() {
        if let Some(secret) = value.as_str().filter(|text| is_secret(&field) && text.len() >= log_guard::SHORTEST) {
            log_guard::plant(secret);
        }
    }
}

fn is_secret(field: &FieldDescriptor) -> bool {
    field.options().get_field_by_name("debug_redact").is_some_and(|redact| redact.as_bool() == Some(true))
}
