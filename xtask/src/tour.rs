//! `cargo xtask tour`: runs what the README tells a newcomer to paste, and compares the answers.

use std::io::Write as _;
use std::process::{Command, Stdio};

use anyhow::Context as _;
use regex::Regex;

use crate::workspace;

/// Between these lines of the README stands the tour: blocks of commands, each with the block of what they answer.
const BEGIN: &str = "<!-- tour: begin -->";
const END: &str = "<!-- tour: end -->";

/// Commands, and what the README says that they print.
struct Step {
    commands: String,
    expected: String,
}

/// Runs the tour against the system that is up.
///
/// # Errors
/// When a step answers otherwise than the README says; both are printed.
pub(crate) fn run() -> anyhow::Result<()> {
    let readme = std::fs::read_to_string(workspace::root().join("README.md"))?;
    let steps = steps(&readme)?;
    let answers = paste(&steps)?;
    anyhow::ensure!(answers.len() == steps.len(), "the shell ended after {} of {} steps", answers.len(), steps.len());
    let mut differing = 0;
    for (number, (step, answer)) in (1..).zip(steps.iter().zip(&answers)) {
        let (expected, answer) = (settled(&step.expected)?, settled(answer)?);
        let same = expected == answer;
        println!(
            "{} step {number}: {}",
            if same { "passed" } else { "FAILED" },
            step.commands.lines().next().unwrap_or("")
        );
        if !same {
            differing += 1;
            println!("--- the README says\n{expected}\n--- the answer is\n{answer}\n---");
        }
    }
    println!("{} passed, {differing} failed", steps.len() - differing);
    anyhow::ensure!(differing == 0, "the README is not true");
    Ok(())
}

/// Every `sh` block of the tour, with the `text` or `json` block that follows it.
fn steps(readme: &str) -> anyhow::Result<Vec<Step>> {
    let (_, tour) = readme.split_once(BEGIN).context("the README has no tour")?;
    let (tour, _) = tour.split_once(END).context("the tour of the README has no end")?;
    let mut steps: Vec<Step> = Vec::new();
    for block in tour.split("\n```").skip(1).step_by(2) {
        let (language, body) = block.split_once('\n').unwrap_or((block, ""));
        match (language, steps.last_mut()) {
            ("sh", _) => steps.push(Step { commands: body.to_owned(), expected: String::new() }),
            ("text" | "json", Some(step)) => body.clone_into(&mut step.expected),
            _ => anyhow::bail!("the tour has a block of {language:?} out of place"),
        }
    }
    anyhow::ensure!(!steps.is_empty(), "the tour is empty");
    Ok(steps)
}

/// What each step prints in one shell, as if pasted one after the other.
fn paste(steps: &[Step]) -> anyhow::Result<Vec<String>> {
    const MARK: &str = "=== end of step ===";
    let mut shell =
        Command::new("bash").current_dir(workspace::root()).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let mut script = String::from("exec 2>&1\n");
    for step in steps {
        script.extend([step.commands.as_str(), "\necho; echo '", MARK, "'\n"]);
    }
    shell.stdin.take().context("no standard input")?.write_all(script.as_bytes())?;
    let printed = String::from_utf8(shell.wait_with_output()?.stdout)?;
    let mut answers: Vec<String> = printed.split(MARK).map(str::to_owned).collect();
    answers.pop();
    Ok(answers)
}

/// The text without what differs from run to run: ids, times, tokens, etags, versions and the spaces that protojson varies.
fn settled(text: &str) -> anyhow::Result<String> {
    let mut text = text.trim().to_owned();
    for (pattern, word) in [
        ("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "UUID"),
        (r"\d{4}-\d\d-\d\dT[0-9:.]+Z", "TIME"),
        (r"eyJ[\w.…-]+", "TOKEN"),
        (r#""etag": +"[^"]*""#, r#""etag": "ETAG""#),
        (r#""refreshToken": +"[^"]*""#, r#""refreshToken": "TOKEN""#),
        (r#""userAgent": +"[^"]*""#, r#""userAgent": "AGENT""#),
        (r#"": +"#, r#"": "#),
        (r"[ \t]+\n", "\n"),
    ] {
        text = Regex::new(pattern)?.replace_all(&text, word).into_owned();
    }
    Ok(text)
}
