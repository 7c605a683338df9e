//! `.sqlx/`: what each compile-checked query takes and gives, so that the workspace builds without
//! a database. sqlx's macros write it themselves when they see a server; no sqlx-cli is needed.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    fs::{self, File},
    path::{Path, PathBuf},
    time::SystemTime,
};

use anyhow::Context as _;
use local_postgres::{Cluster, Role};
use sqlx::{Connection as _, migrate::Migrator};

use crate::workspace;

/// The crates with queries: each with its schema and its migration role.
const CRATES: [(&str, &str, Role); 2] =
    [("auth-service", "auth", Role::AuthMigrator), ("todo-service", "todo", Role::TodoMigrator)];

/// Name and contents of each description.
type Descriptions = BTreeMap<OsString, Vec<u8>>;

/// Replaces the contents of `.sqlx/`.
pub(crate) async fn write() -> anyhow::Result<()> {
    let fresh = describe().await?;
    let directory = committed_directory();
    fs::create_dir_all(&directory)?;
    for stale in read(&directory)?.keys().filter(|name| !fresh.contains_key(*name)) {
        fs::remove_file(directory.join(stale))?;
    }
    for (name, contents) in &fresh {
        fs::write(directory.join(name), contents)?;
    }
    println!(".sqlx: {} queries", fresh.len());
    Ok(())
}

/// Compares `.sqlx/` with what a database says that has all the migrations.
///
/// # Errors
/// When they differ, with the names of the files.
pub(crate) async fn check() -> anyhow::Result<()> {
    let fresh = describe().await?;
    let committed = read(&committed_directory())?;
    let names = differing(&fresh, &committed);
    anyhow::ensure!(names.is_empty(), "run `cargo xtask sqlx`: .sqlx/ is not what the queries say: {names:?}");
    Ok(())
}

/// Queries that are new, changed or gone.
fn differing<'a>(fresh: &'a Descriptions, committed: &'a Descriptions) -> BTreeSet<&'a OsString> {
    let differs = |name: &&OsString| fresh.get(*name) != committed.get(*name);
    fresh.keys().chain(committed.keys()).filter(differs).collect()
}

fn committed_directory() -> PathBuf {
    workspace::root().join(".sqlx")
}

/// Compiles the crates against a fresh database, into a fresh directory.
async fn describe() -> anyhow::Result<Descriptions> {
    let cluster = Cluster::throwaway().await?;
    let database = cluster.create_database(None).await?;
    for (name, schema, role) in CRATES {
        migrate(cluster, &database.name, name, schema, role).await?;
        // A crate that cargo finds unchanged is not compiled, and then its macros write nothing.
        touch_targets(&workspace::root().join(name))?;
    }
    let directory = tempfile::tempdir()?;
    let mut check = workspace::cargo();
    check.args(["check", "--quiet", "--all-targets"]);
    check.args(CRATES.iter().flat_map(|(name, ..)| ["-p", name]));
    check.env("DATABASE_URL", url(cluster, &database.name));
    check.env("SQLX_OFFLINE", "false").env("SQLX_OFFLINE_DIR", directory.path());
    workspace::run(&mut check)?;
    read(directory.path())
}

async fn migrate(cluster: &Cluster, database: &str, name: &str, schema: &str, role: Role) -> anyhow::Result<()> {
    let mut migrator = Migrator::new(workspace::root().join(name).join("migrations")).await?;
    migrator.dangerous_set_table_name(format!("{schema}._sqlx_migrations"));
    let mut connection = cluster.connect(database, role).await?;
    migrator.run(&mut connection).await.with_context(|| format!("the migrations of {name}"))?;
    Ok(connection.close().await?)
}

/// The macros know a server only by its URL.
fn url(cluster: &Cluster, database: &str) -> String {
    let file = |name: &str| cluster.certificates().join(name).display().to_string();
    format!(
        "postgres://postgres@{}:{}/{database}?sslmode=verify-full&sslrootcert={}&sslcert={}&sslkey={}",
        cluster.host(),
        cluster.port(),
        file("ca.pem"),
        file("db-admin.pem"),
        file("db-admin.key"),
    )
}

/// Makes the roots of a crate's targets newer than what was compiled from them.
fn touch_targets(package: &Path) -> anyhow::Result<()> {
    let tests = fs::read_dir(package.join("tests")).into_iter().flatten().flatten().map(|entry| entry.path());
    let roots = ["src/lib.rs", "src/main.rs"].map(|root| package.join(root));
    for root in roots.into_iter().chain(tests).filter(|path| path.is_file()) {
        touch(&root).with_context(|| format!("cannot touch {}", root.display()))?;
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "cargo compares with the file system's clock")]
fn touch(path: &Path) -> std::io::Result<()> {
    File::options().append(true).open(path)?.set_modified(SystemTime::now())
}

fn read(directory: &Path) -> anyhow::Result<Descriptions> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries.map(|entry| Ok((entry.file_name(), fs::read(entry.path())?))).collect()
}

#[cfg(test)]
mod tests {
    use super::{Descriptions, differing};

    #[test]
    fn a_new_a_changed_and_a_dropped_query_are_each_noticed() {
        let described = |entries: &[(&str, &str)]| -> Descriptions {
            entries.iter().map(|(name, contents)| ((*name).into(), contents.as_bytes().to_vec())).collect()
        };
        let fresh = described(&[("same", "1"), ("changed", "2"), ("new", "3")]);
        let committed = described(&[("same", "1"), ("changed", "0"), ("dropped", "4")]);
        assert_eq!(differing(&fresh, &committed).into_iter().collect::<Vec<_>>(), ["changed", "dropped", "new"]);
        assert!(differing(&fresh, &fresh).is_empty());
    }
}
