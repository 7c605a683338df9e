//! Mail as its receivers find it: the directory that auth-service writes to.

use std::path::PathBuf;

use crate::eventually;

/// A directory of mail.
pub struct Mailbox(PathBuf);

impl Mailbox {
    /// The directory at `path`, which need not be there yet.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// Waits for a letter to somebody about something, and takes it out.
    ///
    /// # Panics
    /// When none comes within ten seconds.
    pub async fn letter(&self, to: &str, subject: &str) -> String {
        let mut letter = None;
        let heads = [format!("\r\nTo: {to}\r\n"), format!("\r\nSubject: {subject}\r\n")];
        let arrived = async || {
            let files = std::fs::read_dir(&self.0).into_iter().flatten().flatten().map(|file| file.path());
            for file in files.filter(|file| file.extension().is_some_and(|extension| extension == "eml")) {
                let text = std::fs::read_to_string(&file).expect("a letter is text");
                if heads.iter().all(|head| text.contains(head.as_str())) {
                    std::fs::remove_file(&file).expect("the letter is taken out");
                    letter = Some(text);
                    return true;
                }
            }
            false
        };
        eventually(&format!("a letter to {to}: {subject}"), arrived).await;
        letter.expect("it has arrived")
    }

    /// Like [`Mailbox::letter`], for the token that is in it.
    ///
    /// # Panics
    /// When none comes, or it has no token.
    pub async fn token(&self, to: &str, subject: &str) -> String {
        let letter = self.letter(to, subject).await;
        let token = letter.lines().find(|line| line.len() == 43 && !line.contains(' '));
        let token = token.expect("a token on a line of its own");
        log_guard::plant(token);
        token.to_owned()
    }
}
