//! What can become of a piece of work on the database.

/// A failure of the database or of its use. What a statement *answers* (no row, a code) is not an error.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The server is out of reach, and the work had no effect.
    #[error("the database is out of reach: {0}")]
    Unavailable(String),
    /// No connection became free in time; the work had no effect.
    #[error("no database connection became free in time")]
    Exhausted,
    /// Postgres gave the work up: its time limit, a lock not to be had, a deadlock. It had no effect.
    #[error("the database gave up: {0}")]
    Timeout(String),
    /// A named constraint refused the row.
    #[error("the constraint {0} was violated")]
    Conflict(String),
    /// The connection was lost while the work was being committed: it may or may not have been applied.
    #[error("the outcome of the write is unknown")]
    Unknown,
    /// A row does not mean anything: a fault of ours or of the data.
    #[error("corrupt data in {table}.{column} of {id}")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The row's key.
        id: String,
    },
    /// The task that did the work panicked.
    #[error("the unit of work panicked: {0}")]
    Panicked(String),
    /// Anything else: a fault of ours.
    #[error(transparent)]
    Fault(sqlx::Error),
}

impl Error {
    /// The same failure, of work that may have reached the server: no answer no longer means no effect.
    pub(super) fn or_unknown(self) -> Self {
        match self {
            Self::Unavailable(_) => Self::Unknown,
            other => other,
        }
    }

    /// Whether the connection can serve again.
    pub(super) fn spoils_connection(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Unknown | Self::Panicked(_))
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(refusal) => from_sqlstate(refusal),
            sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) | sqlx::Error::WorkerCrashed => {
                Self::Unavailable(error.to_string())
            }
            other => Self::Fault(other),
        }
    }
}

/// SQLSTATE classes: <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
fn from_sqlstate(refusal: Box<dyn sqlx::error::DatabaseError>) -> Error {
    let code = refusal.code().unwrap_or_default().into_owned();
    match code.as_str() {
        // query_canceled, lock_not_available, serialization_failure, deadlock_detected: no effect, worth another try
        "57014" | "55P03" | "40001" | "40P01" => Error::Timeout(refusal.message().to_owned()),
        // connection exceptions, too many connections, operator intervention, out of disk or memory
        _ if ["08", "53", "57"].iter().any(|class| code.starts_with(class)) => {
            Error::Unavailable(refusal.message().to_owned())
        }
        // idle in transaction too long, transaction timeout: the session is over
        "25P03" | "25P04" => Error::Unavailable(refusal.message().to_owned()),
        _ => match refusal.constraint() {
            Some(constraint) => Error::Conflict(constraint.to_owned()),
            None => Error::Fault(sqlx::Error::Database(refusal)),
        },
    }
}
