//! Links in mail. They begin with what the operator says, never with what a request says.

use std::str::FromStr;

use http::Uri;

use super::MailToken;

/// Longest URL that links begin with, in bytes: it must fit on a line of a mail (RFC 5322, 2.1.1).
const LONGEST: usize = 200;

/// The URL that links begin with, without a slash at its end.
#[derive(Clone, Debug)]
pub struct LinkBase(String);

impl LinkBase {
    /// A link to a page that takes a token. The token is in the fragment, which browsers keep to themselves: it gets into
    /// no server's log and no `Referer`.
    #[must_use]
    pub fn to(&self, page: &str, token: &MailToken) -> String {
        format!("{}/{page}#token={}", self.0, token.reveal())
    }
}

impl FromStr for LinkBase {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let uri: Uri = text.parse().map_err(|_| "links must begin with a URL")?;
        let local = matches!(uri.host(), Some("localhost" | "127.0.0.1" | "[::1]"));
        match uri.scheme_str() {
            Some("https") => {}
            Some("http") if local => {}
            _ => return Err("links must begin with https:// (http:// only to localhost)"),
        }
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~:/[]%".contains(&b);
        if text.len() > LONGEST || !text.bytes().all(plain) {
            return Err("links must begin with a plain URL: short, ASCII, no user, no query, no fragment");
        }
        Ok(Self(text.trim_end_matches('/').to_owned()))
    }
}
