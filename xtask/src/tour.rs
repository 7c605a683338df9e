//! `cargo xtask tour`: runs what the documents tell a newcomer to paste, and compares the answers.

use std::io::Write as _;
use std::process::{Command, Stdio};

use anyhow::Context as _;
use regex::Regex;

use crate::workspace;

/// Who has a tour. Each is pasted into a shell of its own.
const DOCUMENTS: [&str; 2] = ["README.md", "docs/api.md"];
/// Between these lines stands the tour: blocks of commands, each with the block of what they answer.
const BEGIN: &str = "<!-- tour: begin -->";
const END: &str = "<!-- tour: end -->";

/// Commands, and what the document says that they print.
struct Step {
    commands: String,
    expected: String,
}

/// Runs the tours against the system that is up.
///
/// # Errors
/// When a step answers otherwise than its document says; both are printed.
pub(crate) fn run() -> anyhow::Result<()> {
    let (mut passed, mut failed) = (0, 0);
    for document in DOCUMENTS {
        let steps = steps(&std::fs::read_to_string(workspace::root().join(document))?).context(document)?;
        let answers = paste(&steps)?;
        let (ended, wanted) = (answers.len(), steps.len());
        anyhow::ensure!(ended == wanted, "{document}: the shell ended after {ended} of {wanted} steps");
        for (number, (step, answer)) in (1..).zip(steps.iter().zip(&answers)) {
            if step.compare(answer, &format!("{document}, step {number}"))? { passed += 1 } else { failed += 1 }
        }
    }
    println!("{passed} passed, {failed} failed");
    anyhow::ensure!(failed == 0, "a document is not true");
    Ok(())
}

impl Step {
    /// Whether this is the answer; what differs is printed.
    fn compare(&self, answer: &str, name: &str) -> anyhow::Result<bool> {
        let (expected, answer) = (settled(&self.expected)?, settled(answer)?);
        let same = expected == answer;
        let first = self.commands.lines().next().unwrap_or_default();
        println!("{} {name}: {first}", if same { "passed" } else { "FAILED" });
        if !same {
            println!("--- it says\n{expected}\n--- the answer is\n{answer}\n---");
        }
        Ok(same)
    }
}

/// Every `sh` block of the tour, with the `text` or `json` block that follows it.
fn steps(document: &str) -> anyhow::Result<Vec<Step>> {
    let (_, tour) = document.split_once(BEGIN).context("there is no tour")?;
    let (tour, _) = tour.split_once(END).context("the tour has no end")?;
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
        (r#""(\w+Token)": +"[^"]+""#, r#""$1": "TOKEN""#),
        (r#""userAgent": +"[^"]*""#, r#""userAgent": "AGENT""#),
        (r#"": +"#, r#"": "#),
        (r"[ \t]+\n", "\n"),
    ] {
        text = Regex::new(pattern)?.replace_all(&text, word).into_owned();
    }
    Ok(text)
}
