//! Which module may name what: each foreign vocabulary has one home, and inside a service the
//! direction is `main -> lib -> grpc -> domain -> store`.

use std::path::Path;

use crate::workspace;

const SERVICES: [&str; 2] = ["auth-service", "todo-service"];

/// A crate that only some modules may name. Modules are named by their first word under `src/`.
struct Vocabulary {
    word: &'static str,
    homes: &'static [&'static str],
}

const VOCABULARIES: [Vocabulary; 3] = [
    Vocabulary { word: "tonic", homes: &["lib", "grpc"] },
    Vocabulary { word: "proto", homes: &["lib", "grpc"] },
    Vocabulary { word: "sqlx", homes: &["lib", "store"] },
];

/// # Errors
/// With every file that names what it may not.
pub(super) fn check() -> anyhow::Result<()> {
    let mut violations = Vec::new();
    for service in SERVICES {
        let source = workspace::root().join(service).join("src");
        for (path, text) in workspace::rust_files(&source)? {
            let module = first_module(path.strip_prefix(&source)?);
            let shown = path.strip_prefix(workspace::root())?.display();
            violations.extend(complaints(&module, &text).into_iter().map(|what| format!("{shown} {what}")));
        }
    }
    anyhow::ensure!(violations.is_empty(), "{}", violations.join("; "));
    Ok(())
}

/// `store.rs` and `store/rows.rs` are both of `store`.
fn first_module(path: &Path) -> String {
    let first = path.iter().next().unwrap_or_default();
    Path::new(first).file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

fn complaints(module: &str, text: &str) -> Vec<String> {
    let code = without_comments(text);
    let mut found = Vec::new();
    for Vocabulary { word, homes } in &VOCABULARIES {
        if !homes.contains(&module) && names_crate(&code, word) {
            found.push(format!("names {word}, whose home is {}", homes.join(" and ")));
        }
    }
    let inner = named_modules(&code);
    let outermost = matches!(module, "main" | "lib");
    if module == "grpc" && inner.contains(&"store") {
        found.push("passes the domain by: grpc names store".to_owned());
    } else if module != "grpc" && !outermost && inner.contains(&"grpc") {
        found.push("looks outward: names grpc".to_owned());
    }
    found
}

/// Comments may speak of anything.
fn without_comments(text: &str) -> String {
    let code = |line: &str| line.split_once("//").map_or(line, |(code, _)| code).to_owned() + "\n";
    text.lines().map(code).collect()
}

/// Whether `word::…` occurs and is not the tail of a longer path or name.
fn names_crate(code: &str, word: &str) -> bool {
    code.match_indices(word).any(|(at, _)| {
        let before = code.get(..at).and_then(|before| before.chars().next_back());
        let after = code.get(at + word.len()..).unwrap_or_default();
        let whole = !before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | ':' | '"' | '/' | '.'));
        whole
            && (after.starts_with("::")
                || (after.starts_with(';') && code.get(..at).is_some_and(|b| b.ends_with("use "))))
    })
}

/// The modules of this crate that the code names: in `crate::a::…` and in `crate::{a, b::…}`.
fn named_modules(code: &str) -> Vec<&str> {
    let mut named = Vec::new();
    for after in code.split("crate::").skip(1) {
        match after.strip_prefix('{') {
            None => named.extend(identifier(after)),
            Some(group) => {
                let mut depth = 0;
                let mut item = group;
                for (at, c) in group.char_indices() {
                    match c {
                        '{' => depth += 1,
                        '}' if depth == 0 => break,
                        '}' => depth -= 1,
                        ',' if depth == 0 => {
                            named.extend(identifier(item));
                            item = group.get(at + 1..).unwrap_or_default();
                        }
                        _ => {}
                    }
                }
                named.extend(identifier(item));
            }
        }
    }
    named
}

/// The identifier that `code` begins with.
fn identifier(code: &str) -> Option<&str> {
    let code = code.trim_start();
    let end = code.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(code.len());
    code.get(..end).filter(|found| !found.is_empty())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{complaints, first_module, named_modules};

    #[test]
    fn sql_outside_the_store_is_found() {
        assert_eq!(complaints("accounts", "use sqlx::PgConnection;").len(), 1);
        assert_eq!(complaints("accounts", "fn f(c: &mut sqlx::PgConnection) {}").len(), 1);
        assert!(complaints("store", "use sqlx::PgConnection;").is_empty());
    }

    #[test]
    fn protobuf_outside_the_edge_is_found() {
        assert_eq!(complaints("list", "use tonic::Status; use proto::todo::v1;").len(), 2);
        assert!(complaints("grpc", "use tonic::Status; use proto::todo::v1;").is_empty());
    }

    #[test]
    fn comments_and_longer_names_are_not_uses() {
        assert!(complaints("list", "// tonic::Status is made elsewhere\nuse my_tonic::x;").is_empty());
    }

    #[test]
    fn the_edge_does_not_reach_past_the_domain() {
        assert_eq!(complaints("grpc", "use crate::store::users;").len(), 1);
        assert_eq!(complaints("grpc", "use crate::{accounts, store::{self, users}};").len(), 1);
    }

    #[test]
    fn nothing_inside_knows_the_edge() {
        assert_eq!(complaints("store", "use crate::grpc::errors;").len(), 1);
        assert_eq!(complaints("accounts", "use crate::{user, grpc};").len(), 1);
        assert!(complaints("lib", "use crate::{store, grpc};").is_empty());
    }

    #[test]
    fn groups_are_read_to_their_end() {
        assert_eq!(named_modules("use crate::{\n a::{b, c},\n d,\n};"), ["a", "d"]);
    }

    #[test]
    fn a_file_belongs_to_the_module_it_lies_under() {
        assert_eq!(first_module(Path::new("store/lists.rs")), "store");
        assert_eq!(first_module(Path::new("store.rs")), "store");
    }
}
