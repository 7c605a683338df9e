//! Which crate may depend on which (DESIGN: `e2e, xtask -> services -> {proto, service-kit}`).

use anyhow::Context as _;
use serde_json::Value;

use crate::workspace;

/// What the code of each member may use of the others.
const NORMAL: [(&str, &[&str]); 9] = [
    ("proto", &[]),
    ("service-kit", &["proto"]),
    ("auth-service", &["proto", "service-kit"]),
    // Never auth-service: it alone can sign a token.
    ("todo-service", &["proto", "service-kit"]),
    ("certs", &[]),
    ("local-postgres", &["certs"]),
    ("log-guard", &[]),
    // Not the services: `xtask sqlx` must run when they do not compile.
    ("xtask", &["proto", "certs", "local-postgres", "service-kit"]),
    ("e2e", &["proto", "service-kit", "auth-service", "todo-service", "certs", "local-postgres", "log-guard"]),
];

/// What tests may use besides.
const IN_TESTS: &[&str] = &["certs", "local-postgres", "log-guard"];

/// # Errors
/// With every dependency that the tables above do not allow.
pub(super) fn check() -> anyhow::Result<()> {
    let mut cargo = workspace::cargo();
    let output = cargo.args(["metadata", "--format-version", "1", "--no-deps"]).output()?;
    let metadata: Value = serde_json::from_slice(&output.stdout).context("cargo metadata")?;
    let violations = violations(&metadata);
    anyhow::ensure!(violations.is_empty(), "{}", violations.join("; "));
    Ok(())
}

fn violations(metadata: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for package in elements(metadata, "packages") {
        let name = text(package, "name");
        let Some((_, allowed)) = NORMAL.iter().find(|(member, _)| *member == name) else {
            found.push(format!("{name} has no row in xtask/src/check/boundaries.rs"));
            continue;
        };
        for dependency in elements(package, "dependencies") {
            let on = text(dependency, "name");
            let member = NORMAL.iter().any(|(member, _)| *member == on);
            let in_tests = text(dependency, "kind") == "dev" && (IN_TESTS.contains(&on) || on == name);
            if member && !in_tests && !allowed.contains(&on) {
                found.push(format!("{name} must not depend on {on}"));
            }
        }
    }
    found
}

fn elements<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::violations;

    fn depending(name: &str, on: &str, kind: &Value) -> Value {
        json!({ "packages": [{ "name": name, "dependencies": [{ "name": on, "kind": kind }] }] })
    }

    #[test]
    fn todo_service_cannot_sign_tokens() {
        let found = violations(&depending("todo-service", "auth-service", &Value::Null));
        assert_eq!(found, ["todo-service must not depend on auth-service"]);
        assert!(!violations(&depending("todo-service", "auth-service", &json!("dev"))).is_empty());
    }

    #[test]
    fn tests_may_start_a_database_and_the_service_may_not() {
        assert!(violations(&depending("todo-service", "local-postgres", &json!("dev"))).is_empty());
        assert!(!violations(&depending("todo-service", "local-postgres", &Value::Null)).is_empty());
    }

    #[test]
    fn other_crates_are_nobodys_business() {
        assert!(violations(&depending("proto", "prost", &Value::Null)).is_empty());
    }

    #[test]
    fn a_new_member_needs_a_row() {
        assert_eq!(violations(&depending("billing", "prost", &Value::Null)).len(), 1);
    }
}
