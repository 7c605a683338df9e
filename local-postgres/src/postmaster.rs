//! The processes of a running server, seen from outside.

use std::{fs, path::Path, time::Duration};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use tokio::time::{Instant, sleep};

/// Waits until the server that used `data` before has ended.
///
/// After `kill -9` of whoever started it, its leash is still stopping it; a server without a leash
/// (that was killed too) is stopped here. A postmaster.pid that names no such process is removed:
/// Postgres would take any process with that number for its own.
pub(crate) async fn await_previous(data: &Path) -> anyhow::Result<()> {
    let patience = Instant::now() + Duration::from_secs(3);
    let limit = patience + Duration::from_secs(15);
    let mut asked = false;
    while let Some(pid) = serving(data) {
        if !asked && Instant::now() > patience {
            asked = kill_process(pid, Signal::INT).is_ok();
        }
        anyhow::ensure!(Instant::now() < limit, "another Postgres ({pid:?}) uses {}", data.display());
        sleep(Duration::from_millis(20)).await;
    }
    match fs::remove_file(data.join("postmaster.pid")) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

/// The postmaster that runs on `data`, if one does.
pub(crate) fn serving(data: &Path) -> Option<Pid> {
    let file = fs::read_to_string(data.join("postmaster.pid")).ok()?;
    let pid = Pid::from_raw(file.lines().next()?.trim().parse().ok()?)?;
    let its_directory = fs::read_link(format!("/proc/{}/cwd", pid.as_raw_nonzero()));
    let alive = match its_directory {
        Ok(directory) => directory == data,
        Err(_) => !Path::new("/proc/self").exists() && test_kill_process(pid).is_ok(),
    };
    alive.then_some(pid)
}

/// Sends `signal` to the postmaster and then to its children, which are in process groups of
/// their own. Where there is no /proc, the children are left to notice by themselves.
pub(crate) fn signal_family(postmaster: Pid, signal: Signal) -> std::io::Result<()> {
    kill_process(postmaster, signal)?;
    for child in children(postmaster) {
        // A backend may end at any time.
        let _ = kill_process(child, signal);
    }
    Ok(())
}

fn children(parent: Pid) -> Vec<Pid> {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter_map(Pid::from_raw).filter(|pid| parent_of(*pid) == Some(parent)).collect()
}

/// The fourth field of /proc/PID/stat; the second is the name in parentheses and may hold spaces.
fn parent_of(pid: Pid) -> Option<Pid> {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).ok()?;
    let (_, fields) = stat.rsplit_once(") ")?;
    Pid::from_raw(fields.split(' ').nth(1)?.parse().ok()?)
}
