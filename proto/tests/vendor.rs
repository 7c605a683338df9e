//! The vendored files are the ones that `vendor/README.md` says.

use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path};

use aws_lc_rs::digest::{SHA256, digest};

/// Checksums by file name, of the files on the disk below `folder`.
fn on_disk(folder: &Path, found: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            on_disk(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "proto") {
            let sum = digest(&SHA256, &fs::read(&path).expect("a file"));
            let hex = sum.as_ref().iter().fold(String::new(), |mut hex, byte| {
                let _ = write!(hex, "{byte:02x}");
                hex
            });
            let name = path.strip_prefix("vendor").expect("below vendor");
            found.insert(name.to_string_lossy().replace('\\', "/"), hex);
        }
    }
}

#[test]
fn every_vendored_file_has_the_checksum_that_is_written_down() {
    let readme = fs::read_to_string("vendor/README.md").expect("the README");
    let written: BTreeMap<_, _> = readme
        .lines()
        .filter_map(|line| line.split_once("  "))
        .filter(|(sum, _)| sum.len() == 64)
        .map(|(sum, name)| (name.to_owned(), sum.to_owned()))
        .collect();
    let mut found = BTreeMap::new();
    on_disk(Path::new("vendor"), &mut found);
    assert_eq!(found, written);
}
