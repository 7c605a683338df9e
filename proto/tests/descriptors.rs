//! What reflection and generated tests can read from the descriptor set.

use prost_reflect::{DescriptorPool, DynamicMessage, FileDescriptor, Value};

fn pool() -> DescriptorPool {
    DescriptorPool::decode(proto::FILE_DESCRIPTOR_SET).expect("a descriptor set")
}

/// The value of a field that is itself a message.
fn message(parent: &DynamicMessage, field: &str) -> DynamicMessage {
    let value = parent.get_field_by_name(field).expect("a field of that name");
    value.as_message().expect("a message").clone()
}

#[test]
fn the_access_rule_of_an_rpc_can_be_read() {
    let pool = pool();
    let service = pool.get_service_by_name("auth.v1.TokenService").expect("the service");
    let method = service.methods().next().expect("an rpc");
    let extension = pool.get_extension_by_name("access.v1.rule").expect("the extension");
    assert!(method.options().has_extension(&extension));
    let options = method.options();
    let rule = options.get_extension(&extension);
    let peers = rule.as_message().expect("a message").get_field_by_name("peers").expect("peers");
    let expected = Value::List(vec![Value::String("todo-service".to_owned())]);
    assert_eq!(*peers, expected);
}

#[test]
fn the_rules_of_a_field_can_be_read() {
    let pool = pool();
    let todo = pool.get_message_by_name("todo.v1.Todo").expect("the message");
    let title = todo.get_field_by_name("title").expect("the field");
    let extension = pool.get_extension_by_name("buf.validate.field").expect("the extension");
    let options = title.options();
    let rules = options.get_extension(&extension);
    let string = message(rules.as_message().expect("a message"), "string");
    let limit = |name| string.get_field_by_name(name).and_then(|value| value.as_u64());
    assert_eq!((limit("min_len"), limit("max_len")), (Some(1), Some(500)));
}

#[test]
fn our_comments_are_served_and_those_of_imported_files_are_not() {
    let is_ours = |file: &FileDescriptor| !file.name().starts_with("google/") && !file.name().starts_with("buf/");
    for file in pool().files() {
        let has_comments = file.file_descriptor_proto().source_code_info.is_some();
        assert_eq!(has_comments, is_ours(&file), "{}", file.name());
    }
}
