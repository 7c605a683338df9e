//! What a service says: all of it into a file, warnings to the terminal as well.

use std::{
    collections::VecDeque,
    fs::File,
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::ChildStdout,
    thread,
};

use anyhow::Context as _;
use tokio::sync::mpsc::UnboundedSender;

/// Enough for an error and how it came to it.
const LAST_LINES: usize = 12;

/// A service has closed its output, so it has ended.
pub(super) struct Ended {
    pub(super) name: &'static str,
    pub(super) last_lines: Vec<String>,
}

/// Writes `output` to `path` until it ends, then says so.
pub(super) fn forward(
    name: &'static str,
    output: BufReader<ChildStdout>,
    path: &Path,
    ended: UnboundedSender<Ended>,
) -> anyhow::Result<()> {
    let mut log = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
    thread::spawn(move || {
        let mut last = VecDeque::new();
        for line in output.split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line).into_owned();
            // A full disk must not stop the service, which would block on a full pipe.
            let _ = writeln!(log, "{line}");
            if is_for_people(&line) {
                eprintln!("{name}: {line}");
            }
            last.push_back(line);
            if last.len() > LAST_LINES {
                last.pop_front();
            }
        }
        let _ = ended.send(Ended { name, last_lines: last.into() });
    });
    Ok(())
}

/// Whether a line is a warning, an error, or no log line at all (a panic, a complaint about a
/// setting). A log line is `TIME LEVEL …`.
fn is_for_people(line: &str) -> bool {
    let level = line.split_whitespace().nth(1);
    !line.is_empty() && !matches!(level, Some("INFO" | "DEBUG" | "TRACE"))
}

#[cfg(test)]
mod tests {
    use super::is_for_people;

    #[test]
    fn people_see_warnings_and_whatever_is_no_log_line() {
        assert!(is_for_people("2026-11-21T12:00:00.000000Z  WARN service_kit: slow"));
        assert!(is_for_people("error: invalid value for DATABASE_PORT"));
        assert!(!is_for_people("2026-11-21T12:00:00.000000Z  INFO service_kit: serving"));
        assert!(!is_for_people(""));
    }
}
