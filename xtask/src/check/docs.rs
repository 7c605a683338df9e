//! What the documents point at: each file that they name is there, and each test that is named as the proof of
//! something exists. And what they must not leave out: every rpc of todo.v1 has an example in docs/api.md.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;

use crate::workspace;

/// Fewest underscores of a name that is a test's: tests are sentences.
const SENTENCE: usize = 4;

/// # Errors
/// With every name in a document that stands for nothing.
pub(super) fn check() -> anyhow::Result<()> {
    let root = workspace::root();
    let tests = functions(root)?;
    let mut violations = Vec::new();
    for document in documents(root)? {
        let text = fs::read_to_string(&document)?;
        let shown = document.strip_prefix(root)?.display();
        let missing = quoted(&text).filter(|name| stands_for_nothing(name, root, &tests));
        violations.extend(missing.map(|name| format!("{shown} names {name}, which does not exist")));
    }
    violations.extend(without_example(root)?.into_iter().map(|rpc| format!("docs/api.md has no example of {rpc}")));
    anyhow::ensure!(violations.is_empty(), "{}", violations.join("; "));
    Ok(())
}

/// The rpcs of todo.v1 that docs/api.md does not call.
fn without_example(root: &Path) -> anyhow::Result<Vec<String>> {
    let examples = fs::read_to_string(root.join("docs/api.md"))?;
    let mut missing = Vec::new();
    for file in files(&root.join("proto/api/todo/v1"), "proto")? {
        let contract = fs::read_to_string(file)?;
        let rpcs = contract.lines().filter_map(|line| line.trim_start().strip_prefix("rpc ")?.split('(').next());
        missing.extend(
            rpcs.filter(|rpc| !examples.contains(&format!("/{rpc} ")) && !examples.contains(&format!("/{rpc}\n")))
                .map(str::to_owned),
        );
    }
    Ok(missing)
}

fn stands_for_nothing(name: &str, root: &Path, tests: &BTreeSet<String>) -> bool {
    let is_word = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if is_word && name.matches('_').count() >= SENTENCE {
        return !tests.contains(name);
    }
    let is_file = Path::new(name).extension().is_some_and(|extension| extension == "rs");
    is_file && name.contains('/') && !name.contains('*') && !root.join(name).exists()
}

/// What stands between two backticks on one line.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.lines().flat_map(|line| line.split('`').skip(1).step_by(2))
}

fn documents(root: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = vec![root.join("README.md")];
    for folder in ["docs", "docs/adr"] {
        found.extend(files(&root.join(folder), "md")?);
    }
    Ok(found)
}

/// The names of all functions.
fn functions(root: &Path) -> anyhow::Result<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    for (_, text) in workspace::rust_files(root)? {
        let after = text.split("fn ").skip(1);
        names.extend(after.filter_map(|rest| rest.split_once('(')).map(|(name, _)| name.to_owned()));
    }
    Ok(names)
}

fn files(folder: &Path, extension: &str) -> anyhow::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let paths = entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>()?;
    Ok(paths.into_iter().filter(|path| path.extension().is_some_and(|found| found == extension)).collect())
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, path::Path};

    use super::{quoted, stands_for_nothing};

    #[test]
    fn a_test_that_is_named_and_not_there_is_found() {
        let (root, tests) = (Path::new("/"), BTreeSet::from(["a_token_works_only_once".to_owned()]));
        assert!(!stands_for_nothing("a_token_works_only_once", root, &tests));
        assert!(stands_for_nothing("a_token_works_only_twice", root, &tests));
        assert!(stands_for_nothing("nowhere/tests/absent.rs", root, &tests));
    }

    #[test]
    fn other_words_in_backticks_are_nobodys_business() {
        for word in ["cargo xtask up", "KEY_FILE", "service_kit::token", "todo-service/tests/", "auth_feed_age_seconds"]
        {
            assert!(!stands_for_nothing(word, Path::new("/"), &BTreeSet::new()), "{word}");
        }
        assert_eq!(quoted("a `b` c `d`\n`e`").collect::<Vec<_>>(), ["b", "d", "e"]);
    }
}
