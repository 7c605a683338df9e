//! The access table, and what does not get into it.

#[path = "../build/access_table.rs"]
mod access_table;
#[path = "access/in_memory.rs"]
mod in_memory;

use std::collections::BTreeSet;

use prost_reflect::DescriptorPool;
use proto::access::{self, v1::Caller};
use proto::todo::v1::member::Role;

/// The faults found in a service with this body.
fn faults(methods: &str) -> Vec<String> {
    access_table::rules(&in_memory::service(methods)).expect_err("a fault")
}

#[test]
fn an_rpc_without_a_rule_does_not_build() {
    let faults = faults("rpc Open(Empty) returns (Empty);");
    assert_eq!(faults, ["/test.v1.TestService/Open has no (access.v1.rule)"]);
}

#[test]
fn an_rpc_whose_rule_names_no_caller_does_not_build() {
    let named = "rpc A(Empty) returns (Empty) { option (access.v1.rule).caller = CALLER_UNSPECIFIED; }";
    let left_out = "rpc B(Empty) returns (Empty) { option (access.v1.rule) = {}; }";
    let faults = faults(&format!("{named} {left_out}"));
    assert_eq!(
        faults,
        [
            "/test.v1.TestService/A has an (access.v1.rule) that names no caller",
            "/test.v1.TestService/B has an (access.v1.rule) that names no caller",
        ]
    );
}

#[test]
fn an_rpc_for_peers_that_names_none_does_not_build() {
    let faults = faults("rpc Ask(Empty) returns (Empty) { option (access.v1.rule).caller = CALLER_PEER; }");
    assert_eq!(faults, ["/test.v1.TestService/Ask is for CALLER_PEER and its (access.v1.rule) names no peers"]);
}

#[test]
fn a_rule_becomes_a_row_of_the_table() {
    let pool = in_memory::service(
        "rpc Second(Empty) returns (Empty) { option (access.v1.rule).caller = CALLER_ADMIN; }
         rpc First(Empty) returns (Empty) {
           option (access.v1.rule) = { caller: CALLER_PEER peers: [\"a\", \"b\"] };
         }",
    );
    let rules = access_table::rules(&pool).expect("no fault");
    let expected = r#"&[
    Rule { path: "/test.v1.TestService/First", caller: Caller::Peer, peers: &["a", "b"], safe: false, bulk: false, least_role: None },
    Rule { path: "/test.v1.TestService/Second", caller: Caller::Admin, peers: &[], safe: false, bulk: false, least_role: None },
]"#;
    assert_eq!(access_table::render(&rules), expected);
}

#[test]
fn the_table_has_every_rpc_of_the_descriptors_and_no_other() {
    let pool = DescriptorPool::decode(proto::FILE_DESCRIPTOR_SET).expect("a descriptor set");
    let described: BTreeSet<_> = pool
        .services()
        .flat_map(|service| service.methods().collect::<Vec<_>>())
        .map(|method| format!("/{}/{}", method.parent_service().full_name(), method.name()))
        .collect();
    let ruled: BTreeSet<_> = access::rules().map(|rule| rule.path.to_owned()).collect();
    assert_eq!(ruled, described);
}

#[test]
fn a_rule_is_found_by_the_path_of_the_call() {
    for rule in access::rules() {
        assert_eq!(access::rule(rule.path), Some(rule));
    }
    let introspect = access::rule("/auth.v1.TokenService/IntrospectToken").expect("a rule");
    assert_eq!((introspect.caller, introspect.peers), (Caller::Peer, &["todo-service"][..]));
}

#[test]
fn an_rpc_is_safe_exactly_if_it_is_a_get() {
    let safe = |path| access::rule(path).expect("a rule").safe;
    assert!(safe("/todo.v1.TodoService/GetTodo") && safe("/todo.v1.TodoService/ListTodos"));
    assert!(!safe("/todo.v1.TodoService/CreateTodo") && !safe("/todo.v1.TodoService/DeleteTodo"));
}

#[test]
fn the_least_role_is_the_one_that_the_rpc_names() {
    let role = |path| access::rule(path).expect("a rule").least_role;
    assert_eq!(role("/todo.v1.TodoService/GetTodo"), Some(Role::Viewer));
    assert_eq!(role("/todo.v1.TodoService/DeleteTodo"), Some(Role::Editor));
    assert_eq!(role("/todo.v1.ListService/ListLists"), None);
}

#[test]
fn a_path_that_the_api_does_not_have_has_no_rule() {
    for path in ["", "/", "/todo.v1.TodoService/", "/todo.v1.TodoService/gettodo"] {
        assert_eq!(access::rule(path), None, "{path}");
    }
}
