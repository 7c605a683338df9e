//! Mail. What is to be said to whom rests in an outbox until it has been said: an [`Errand`] is left in the transaction of
//! its cause, and the [`Postman`] makes a letter of it and sends that, as often as it takes.

mod allowance;
mod compose;
mod errand;
mod letter;
mod link;
mod outbox;
mod postman;
mod preparation;
mod settings;
mod template;
mod token;
mod transport;

pub use self::errand::{Errand, Whence};
pub use self::link::LinkBase;
pub use self::outbox::{Error, Outbox};
pub use self::postman::Postman;
pub use self::settings::{Settings, SmtpTls};
pub use self::token::{MailToken, Purpose, TokenHash};
