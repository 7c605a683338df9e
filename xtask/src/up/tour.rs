//! What to type next.

use super::{
    service::{AUTH, TODO},
    system::System,
};
use crate::workspace;

/// Prints lines that can be pasted into a terminal at the root of the checkout.
pub(super) fn print(system: &System, port_offset: u16) {
    let (auth, todo) = (AUTH.address(port_offset), TODO.address(port_offset));
    let certificates = system.cluster.certificates();
    let certificates = certificates.strip_prefix(workspace::root()).unwrap_or(certificates);
    let (host, port) = (system.cluster.host(), system.cluster.port());
    println!(
        r#"
The system is up. Try it from the root of this checkout:

  call() {{ grpcurl -cacert certs/dev/ca.pem -cert certs/dev/client.pem -key certs/dev/client.key "$@"; }}

  call -d '{{"username": "ada", "password": "a walk along the river"}}' {auth} auth.v1.AuthService/Register
  TOKEN=$(call -d '{{"identifier": "ada", "password": "a walk along the river"}}' {auth} auth.v1.AuthService/LogIn | sed -n 's/.*"accessToken": "\(.*\)",.*/\1/p')
  call -H "authorization: Bearer $TOKEN" -d '{{"parent": "lists/inbox", "todo": {{"title": "Buy milk"}}}}' {todo} todo.v1.TodoService/CreateTodo
  call -H "authorization: Bearer $TOKEN" -d '{{"parent": "lists/inbox"}}' {todo} todo.v1.TodoService/ListTodos

  psql "host={host} port={port} dbname=todo user=postgres sslmode=verify-full sslrootcert={dir}/ca.pem sslcert={dir}/db-admin.pem sslkey={dir}/db-admin.key"

Logs are in .dev/*.log; warnings appear here too. Ctrl-C stops everything, the data stays."#,
        dir = certificates.display(),
    );
}
