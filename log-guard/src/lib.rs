//! No secret stands in any log, at any level.
//!
//! Tests plant what must not be told: their passwords, and every token that they are given. From the first one on, all that
//! the test process logs, at TRACE, libraries included, is formatted and searched; what services in processes of their own
//! write is handed to [`inspect`]. For a new secret what was logged lately is searched too. A planted secret that is found
//! ends the test process: a test that passes has leaked nothing, and no test needs to ask.
//!
//! The frames of h2 are left out: they are a hundred lines a call, and a suite of calls would cost 3.7 times the processor
//! time, not 1.3 times. A test that asks for [`everything`] has them too.

mod recent;
mod secrets;

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::OnceLock;

use parking_lot::{Mutex, RwLock};
use tracing::{Event, Subscriber};
use tracing_subscriber::filter::{self, LevelFilter};
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

use self::recent::Recent;
pub use self::secrets::{SHORTEST, Secrets};

/// Exit code of a test process that leaked, as of one whose test failed.
const LEAKED: i32 = 101;

/// What is known of this process.
#[derive(Default)]
struct Guard {
    secrets: RwLock<Secrets>,
    recent: Mutex<Recent>,
    targets: Mutex<BTreeSet<&'static str>>,
}

/// Puts a secret on the list. If it was logged lately, the test process ends.
///
/// # Panics
/// When it is shorter than [`SHORTEST`], or when the process logs elsewhere already.
pub fn plant(secret: &str) {
    let guard = guard();
    let pieces = guard.secrets.write().plant(secret);
    let recent = guard.recent.lock();
    if let Some(line) = pieces.iter().find_map(|piece| recent.line_with(piece)) {
        end(line);
    }
}

/// Searches a line that a process logged. If a secret is there, the test process ends.
pub fn inspect(line: &[u8]) {
    let guard = guard();
    // First: a secret that is planted now is either on the list below, or finds the line here.
    guard.recent.lock().add(line);
    if guard.secrets.read().are_in(line) {
        end(line);
    }
}

fn end(line: &[u8]) -> ! {
    // The test harness captures what is printed, but not what is written.
    let found = format!("\na planted secret stands in the log:\n{}\n", String::from_utf8_lossy(line));
    drop(std::io::stderr().write_all(found.as_bytes()));
    std::process::exit(LEAKED);
}

/// Who has logged so far: modules, and `log` for crates that use the crate of that name.
#[must_use]
pub fn targets() -> BTreeSet<&'static str> {
    guard().targets.lock().clone()
}

/// Searches the frames of h2 too: said before the first secret is planted.
pub fn everything() {
    capture(LevelFilter::TRACE);
}

fn guard() -> &'static Guard {
    static GUARD: OnceLock<Guard> = OnceLock::new();
    capture(LevelFilter::INFO);
    GUARD.get_or_init(Guard::default)
}

/// Takes the log of this process, once.
fn capture(frames: LevelFilter) {
    static CAPTURE: OnceLock<()> = OnceLock::new();
    CAPTURE.get_or_init(|| {
        let lines =
            tracing_subscriber::fmt::layer().with_ansi(false).with_span_events(FmtSpan::NEW).with_writer(|| Inspector);
        let filter = filter::Targets::new().with_default(LevelFilter::TRACE).with_target("h2", frames);
        tracing_subscriber::registry()
            .with(lines.and_then(Targets).with_filter(filter))
            .try_init()
            .expect("nothing else takes the log");
    });
}

/// Gets each line whole.
struct Inspector;

impl Write for Inspector {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        inspect(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Notes who logs.
struct Targets;

impl<S: Subscriber> Layer<S> for Targets {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        guard().targets.lock().insert(event.metadata().target());
    }
}
