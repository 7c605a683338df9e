//! The certificates of one whole system, kept fresh in one directory.

use std::{fmt, fs, net::Ipv4Addr, path::Path};

use time::{Duration, OffsetDateTime};

use crate::{
    Authority, Leaf, TRUST_DOMAIN, Usage,
    files::{is_private, lock, write_private, write_public},
    freshness::{authority_outlives, leaf_is_fresh},
};

/// How long a leaf is valid.
pub const LIFETIME: Duration = Duration::days(90);

/// A leaf that ends within this time is made anew.
pub const RENEW_BEFORE: Duration = Duration::days(30);

const AUTHORITY_LIFETIME: Duration = Duration::days(5 * 365);

/// Clocks of machines differ a little: a leaf is valid somewhat before it was made.
const CLOCK_SKEW: Duration = Duration::minutes(5);

/// What [`generate`] had to do.
#[derive(Debug, PartialEq, Eq)]
pub struct Outcome {
    /// There was no usable authority, so it was made, and with it every leaf.
    pub authority_made: bool,
    /// The names of the leaves that were issued; empty when everything was fresh.
    pub issued: Vec<&'static str>,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self { authority_made: true, .. } => write!(f, "made an authority and every leaf"),
            Self { issued, .. } if issued.is_empty() => write!(f, "everything is fresh"),
            Self { issued, .. } => write!(f, "issued {}", issued.join(", ")),
        }
    }
}

enum Kind {
    /// One of our processes: `spiffe://todo.local/NAME`.
    Peer(&'static [Usage]),
    /// The database server, known by its DNS names.
    DatabaseServer,
    /// A role in the database, known by its common name.
    DatabaseRole(&'static str),
}

/// Every leaf: the name of its files, and what it is.
const LEAVES: [(&str, Kind); 9] = [
    ("auth-service", Kind::Peer(&[Usage::Server, Usage::Client])),
    ("todo-service", Kind::Peer(&[Usage::Server, Usage::Client])),
    ("client", Kind::Peer(&[Usage::Client])),
    ("postgres", Kind::DatabaseServer),
    ("db-auth-service", Kind::DatabaseRole("auth_service")),
    ("db-auth-migrator", Kind::DatabaseRole("auth_migrator")),
    ("db-todo-service", Kind::DatabaseRole("todo_service")),
    ("db-todo-migrator", Kind::DatabaseRole("todo_migrator")),
    ("db-admin", Kind::DatabaseRole("postgres")),
];

/// Makes what is missing in `directory`: `ca.pem`, `ca.key`, and NAME.pem and NAME.key of every
/// leaf, keys with mode 0600.
///
/// A leaf is made anew when it is absent, damaged, signed by another authority, or ends within
/// [`RENEW_BEFORE`]; the authority when a leaf made now would outlive it. A second call changes
/// nothing, a call that was killed is completed by the next one, and calls from several processes
/// wait for each other.
///
/// # Errors
/// When the directory cannot be written.
pub fn generate(directory: &Path, now: OffsetDateTime) -> anyhow::Result<Outcome> {
    let _lock = lock(directory)?;
    let (authority, authority_made) = match stored_authority(directory, now) {
        Some(authority) => (authority, false),
        None => (new_authority(directory, now)?, true),
    };
    let mut issued = Vec::new();
    for (name, kind) in &LEAVES {
        if !leaf_is_fresh(directory, name, &authority, now + RENEW_BEFORE) {
            let leaf = authority.issue(&kind.leaf(name, now))?;
            write_private(&directory.join(format!("{name}.key")), leaf.key_pem.as_bytes())?;
            write_public(&directory.join(format!("{name}.pem")), leaf.cert_pem.as_bytes())?;
            issued.push(*name);
        }
    }
    Ok(Outcome { authority_made, issued })
}

/// [`generate`] by this machine's clock.
///
/// # Errors
/// When the directory cannot be written.
#[expect(clippy::disallowed_methods, reason = "a certificate begins when it is really made")]
pub fn keep_fresh(directory: &Path) -> anyhow::Result<Outcome> {
    generate(directory, OffsetDateTime::now_utc())
}

fn stored_authority(directory: &Path, now: OffsetDateTime) -> Option<Authority> {
    let key = directory.join("ca.key");
    let pem = fs::read_to_string(directory.join("ca.pem")).ok()?;
    if !(authority_outlives(&pem, now + LIFETIME) && is_private(&key)) {
        return None;
    }
    Authority::load(&pem, &fs::read_to_string(key).ok()?).ok()
}

fn new_authority(directory: &Path, now: OffsetDateTime) -> anyhow::Result<Authority> {
    let authority =
        Authority::valid_between("todo.local development authority", now - CLOCK_SKEW, now + AUTHORITY_LIFETIME)?;
    write_private(&directory.join("ca.key"), authority.key_pem().as_bytes())?;
    write_public(&directory.join("ca.pem"), authority.cert_pem().as_bytes())?;
    Ok(authority)
}

impl Kind {
    fn leaf(&self, name: &str, now: OffsetDateTime) -> Leaf {
        let leaf = Leaf {
            common_name: name.to_owned(),
            not_before: now - CLOCK_SKEW,
            not_after: now + LIFETIME,
            ..Leaf::default()
        };
        let host = || (vec![name.to_owned(), "localhost".to_owned()], vec![Ipv4Addr::LOCALHOST.into()]);
        match self {
            Self::Peer(usages) => {
                let (dns, ips) = host();
                let uris = vec![format!("spiffe://{TRUST_DOMAIN}/{name}")];
                Leaf { uris, dns, ips, usages: usages.to_vec(), ..leaf }
            }
            Self::DatabaseServer => {
                let (dns, ips) = host();
                Leaf { dns, ips, usages: vec![Usage::Server], ..leaf }
            }
            Self::DatabaseRole(role) => Leaf { common_name: (*role).to_owned(), usages: vec![Usage::Client], ..leaf },
        }
    }
}
