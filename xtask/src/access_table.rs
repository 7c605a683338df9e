//! `cargo xtask access-table`: docs/access.md, made from the table that the services enforce and the tests try.

use std::{fmt::Write as _, fs, path::PathBuf};

use proto::access::{Rule, rules, v1::Caller};
use proto::todo::v1::member::Role;

use crate::workspace;

const HEAD: &str = "# Who may do what

Made from the contract by `cargo xtask access-table`; `cargo xtask check` says when it is out of date. The services enforce the same table: `e2e/tests/access.rs` and `e2e/tests/roles.rs` try every row
with every kind of caller.

## Lists and what is in them

Each list has one owner, and any number of editors and viewers up to `MEMBERS_PER_LIST`. Who is no member, or is none any more, is told NOT_FOUND, byte for byte as if there were no such list. A member whose
role does not suffice is told PERMISSION_DENIED (ROLE_INSUFFICIENT) and which role does. Of a deleted list the members are told NOT_FOUND; its owner can read it and bring it back. An
owner hands a list over before they leave it (OWNER_MUST_STAY). Whatever changes here counts from the next call on.

An rpc that is not in this table names no list: it is about what the caller owns or can see (CreateList, ListLists).

";

/// Writes the document.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn write() -> anyhow::Result<()> {
    fs::write(document(), render())?;
    println!("docs/access.md: {} rpcs", rules().count());
    Ok(())
}

/// # Errors
/// When the document is not what would be written.
pub(crate) fn check() -> anyhow::Result<()> {
    let present = fs::read_to_string(document()).unwrap_or_default();
    anyhow::ensure!(present == render(), "docs/access.md is out of date: run `cargo xtask access-table`");
    Ok(())
}

fn document() -> PathBuf {
    workspace::root().join("docs/access.md")
}

fn render() -> String {
    let mut text = HEAD.to_owned() + "| rpc | stranger | viewer | editor | owner |\n| --- | --- | --- | --- | --- |\n";
    for (rule, least) in rules().filter_map(|rule| Some((rule, rule.least_role?))) {
        let cell = |role: Role| if role < least { "" } else { "yes" };
        let [viewer, editor, owner] = [Role::Viewer, Role::Editor, Role::Owner].map(cell);
        let _ = writeln!(text, "| {} | | {viewer} | {editor} | {owner} |", name(rule));
    }
    text += "\n## Every rpc\n\nWhat a call must prove before any of that, by its token and by the certificate of its peer.\n\n";
    text += "| rpc | token | certificate | only reads |\n| --- | --- | --- | --- |\n";
    for rule in rules() {
        let peers = if rule.peers.is_empty() { "any".to_owned() } else { rule.peers.join(", ") };
        let _ =
            writeln!(text, "| {} | {} | {peers} | {} |", name(rule), token(rule), if rule.safe { "yes" } else { "" });
    }
    text.replace("|  |", "| |").replace("|  |", "| |")
}

/// `/todo.v1.TodoService/GetTodo` as people say it.
fn name(rule: &Rule) -> String {
    rule.path.trim_start_matches('/').replacen('/', ".", 1)
}

fn token(rule: &Rule) -> &'static str {
    match rule.caller {
        Caller::Unspecified | Caller::Anonymous | Caller::Peer => "none",
        Caller::User => "of a user",
        Caller::Admin => "of an administrator",
    }
}
