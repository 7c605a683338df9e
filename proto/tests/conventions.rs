//! What every .proto file here keeps to. The AIPs named are those that api-linter checks; the rest
//! is ours.

#[path = "conventions/api.rs"]
mod api;

use api::{Api, number, numbers, text};
use prost_reflect::{FieldDescriptor, Kind, Value};

/// `google.api.FieldBehavior`.
const OUTPUT_ONLY: i32 = 3;
const IDENTIFIER: i32 = 8;

#[test]
fn a_file_says_how_each_language_names_it() {
    for file in Api::new().files() {
        let proto = file.file_descriptor_proto();
        let options = proto.options.clone().unwrap_or_default();
        let name = file.name();
        assert!(options.java_package().ends_with(file.package_name()), "{name} (AIP-191)");
        assert!(options.java_multiple_files(), "{name} (AIP-191)");
        assert!(options.java_outer_classname().ends_with("Proto"), "{name} (AIP-191)");
        assert!(options.csharp_namespace().starts_with("TodoLocal."), "{name} (AIP-191)");
        assert!(options.go_package().starts_with("todo.local/api/"), "{name}");
    }
}

#[test]
fn an_rpc_says_how_it_maps_to_http() {
    let api = Api::new();
    for method in api.methods() {
        let http = api.option("google.api.http", &method.options());
        assert!(http.is_some(), "{} (AIP-127)", method.full_name());
    }
}

#[test]
fn a_field_of_a_request_says_whether_it_must_be_set() {
    let api = Api::new();
    for field in api.request_fields() {
        let behaviour = api.option("google.api.field_behavior", &field.options());
        assert!(behaviour.is_some(), "{} (AIP-203)", field.full_name());
    }
}

#[test]
fn a_resource_is_identified_by_its_name() {
    let api = Api::new();
    let resources: Vec<_> = api.messages().filter(|message| api.resource(message).is_some()).collect();
    assert!(!resources.is_empty());
    for resource in resources {
        let name = resource.get_field_by_name("name").expect("a field `name` (AIP-122)");
        let behaviour = api.option("google.api.field_behavior", &name.options());
        assert_eq!(numbers(behaviour.as_ref()), [IDENTIFIER], "{} (AIP-203)", resource.full_name());
    }
}

#[test]
fn a_reference_names_a_resource_that_exists() {
    let api = Api::new();
    let types: Vec<_> = api.messages().filter_map(|message| api.resource(&message)).collect();
    for field in api.messages().flat_map(|message| message.fields().collect::<Vec<_>>()) {
        let reference = api.option("google.api.resource_reference", &field.options());
        let Some(reference) = reference.as_ref().and_then(Value::as_message) else {
            continue;
        };
        let named = [text(reference, "type"), text(reference, "child_type")].concat();
        assert!(types.contains(&named), "{}: {named} (AIP-124)", field.full_name());
    }
}

/// Whether the field names something that is in a list, or a list.
fn names_a_list(api: &Api, field: &FieldDescriptor) -> bool {
    let reference = api.option("google.api.resource_reference", &field.options());
    let reference = reference.as_ref().and_then(Value::as_message);
    let named = reference.map(|reference| [text(reference, "type"), text(reference, "child_type")].concat());
    named.is_some_and(|named| ["todo.local/List", "todo.local/Todo", "todo.local/Member"].contains(&named.as_str()))
}

#[test]
fn an_rpc_that_names_a_list_or_what_is_in_it_says_which_role_that_takes() {
    let api = Api::new();
    for method in api.methods().filter(|method| method.full_name().starts_with("todo.v1.")) {
        // What an update changes is named by the resource that it sends.
        let named =
            method.name().starts_with("Update") || method.input().fields().any(|field| names_a_list(&api, &field));
        let role = api.option("todo.v1.least_role", &method.options());
        let role = role.and_then(|role| role.as_enum_number());
        assert_eq!(role.is_some_and(|role| role > 0), named, "{}", method.full_name());
    }
}

#[test]
fn a_string_that_a_client_sends_has_an_upper_bound() {
    let api = Api::new();
    let is_input = |field: &FieldDescriptor| {
        let behaviour = api.option("google.api.field_behavior", &field.options());
        field.kind() == Kind::String && !numbers(behaviour.as_ref()).contains(&OUTPUT_ONLY)
    };
    for field in api.request_fields().into_iter().filter(is_input) {
        // Resource names have no length of their own: their pattern, anchored and without `*` or
        // `+`, bounds them.
        let bounded = api.string_rules(&field).is_some_and(|rules| {
            let pattern = text(&rules, "pattern");
            number(&rules, "max_len") > 0
                || rules.has_field_by_name("uuid")
                || (pattern.starts_with('^') && pattern.ends_with('$') && !pattern.contains(['*', '+']))
        });
        assert!(bounded, "{} has no upper bound", field.full_name());
    }
}
