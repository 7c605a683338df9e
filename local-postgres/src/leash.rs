//! Processes that end when the process that started them ends, even by `kill -9`.
//!
//! Between us and the command stands a shell (`leash.sh`) that reads from a pipe. Only we hold
//! its other end, so the kernel closes it when we are gone, and the shell stops the command. This
//! works on every Unix and without unsafe code, unlike `PR_SET_PDEATHSIG`.

use std::{
    io::{self, BufRead as _, BufReader},
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};

use crate::account::Account;

const SCRIPT: &str = include_str!("leash.sh");

/// How a leashed command is held.
#[derive(Clone, Copy, Debug)]
pub struct Tether<'a> {
    /// What to send when the leash is let go, by name and in order, until the command has ended.
    pub signals: &'a [&'a str],
    /// The time between two signals; whole seconds.
    pub grace: Duration,
    /// The file to which the command's output is appended; without one, [`Leash::output`] has it.
    pub log: Option<&'a Path>,
    pub(crate) account: Option<&'a Account>,
}

impl Tether<'static> {
    /// SIGTERM, and SIGKILL after `grace`; the output comes to us.
    #[must_use]
    pub const fn terminate(grace: Duration) -> Self {
        Self { signals: &["TERM", "KILL"], grace, log: None, account: None }
    }
}

/// A running command. Dropping it lets go: the command is stopped, without waiting for its end.
#[derive(Debug)]
pub struct Leash {
    shell: Child,
    input: Option<ChildStdin>,
    output: Option<BufReader<ChildStdout>>,
    pid: Pid,
}

impl Leash {
    /// Starts `command` (its program, arguments, environment and directory count; its standard
    /// streams do not).
    ///
    /// It runs in a process group of its own: Ctrl-C in a terminal does not reach it.
    pub fn spawn(command: &Command, tether: &Tether<'_>) -> io::Result<Self> {
        let mut shell = shell(command, tether).spawn()?;
        let input = shell.stdin.take();
        let mut output = BufReader::new(shell.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?);
        let mut line = String::new();
        output.read_line(&mut line)?;
        let pid = line.trim().parse().ok().and_then(Pid::from_raw);
        let pid = pid.ok_or_else(|| io::Error::other("the supervising shell did not start"))?;
        Ok(Self { shell, input, output: Some(output), pid })
    }

    /// The process id of the command itself.
    #[must_use]
    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// Standard output and standard error of the command, mixed; once. Its end is the command's.
    pub fn output(&mut self) -> Option<BufReader<ChildStdout>> {
        self.output.take()
    }

    /// Sends the command a signal.
    ///
    /// # Errors
    /// When the command has ended.
    pub fn signal(&self, signal: Signal) -> io::Result<()> {
        Ok(kill_process(self.pid, signal)?)
    }

    /// How the command ended, if it has. A signal shows as the code 128 + its number.
    pub fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        self.shell.try_wait()
    }

    /// Waits for the command to end by itself. Blocks the thread.
    pub fn wait(&mut self) -> io::Result<ExitStatus> {
        // Not `Child::wait`, which is fine with a closed input: ours stays open, that is the leash.
        self.shell.wait()
    }

    /// Lets go and waits for the end. Blocks the thread, for at most the grace of each signal.
    pub fn stop(mut self) -> io::Result<ExitStatus> {
        drop(self.input.take());
        self.shell.wait()
    }
}

fn shell(command: &Command, tether: &Tether<'_>) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", SCRIPT, "sh", &tether.signals.join(" ")]);
    shell.arg(tether.grace.as_secs().to_string());
    shell.arg(tether.log.unwrap_or(Path::new("")));
    shell.arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    if let Some(directory) = command.get_current_dir() {
        shell.current_dir(directory);
    }
    if let Some(account) = tether.account {
        account.apply(&mut shell);
    }
    shell.stdin(Stdio::piped()).stdout(Stdio::piped()).process_group(0);
    shell
}
