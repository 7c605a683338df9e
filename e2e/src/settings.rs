//! The environment of a service under test: the same variables whether it runs in this process or in one of its own.

use std::path::Path;

use local_postgres::{Cluster, Role};

/// Variables and their values.
#[derive(Clone, Debug, Default)]
pub struct Settings(Vec<(String, String)>);

impl Settings {
    /// Everything that a service needs; ports are free ones.
    #[must_use]
    pub fn of(service: &str, role: Role, cluster: &Cluster, database: &str, key_file: &Path) -> Self {
        let certificates = cluster.certificates();
        let file = |name: &str| certificates.join(name).display().to_string();
        let mut settings = Self::default().database(role, cluster, database);
        for (name, value) in [
            ("LISTEN_ADDRESS", "127.0.0.1:0".to_owned()),
            ("PROBE_ADDRESS", "127.0.0.1:0".to_owned()),
            ("WORKERS", "2".to_owned()),
            ("DRAIN_SECONDS", "3".to_owned()),
            ("TLS_CERTIFICATE", file(&format!("{service}.pem"))),
            ("TLS_KEY", file(&format!("{service}.key"))),
            ("TLS_CLIENT_CA", file("ca.pem")),
            ("KEY_FILE", key_file.display().to_string()),
        ] {
            settings = settings.with(name, value);
        }
        // All callers of a test have one address.
        if service == "auth-service" { settings.with("ADDRESS_BURST", "1000000") } else { settings }
    }

    /// The settings of the database alone, as `migrate` and `admin` take them.
    #[must_use]
    pub fn database(self, role: Role, cluster: &Cluster, database: &str) -> Self {
        let certificates = cluster.certificates();
        let file = |name: String| certificates.join(name).display().to_string();
        self.with("DATABASE_HOST", cluster.host())
            .with("DATABASE_PORT", cluster.port().to_string())
            .with("DATABASE_NAME", database)
            .with("DATABASE_ROLE", role.name())
            .with("DATABASE_CA", file("ca.pem".to_owned()))
            .with("DATABASE_CERTIFICATE", file(format!("{}.pem", role.certificate())))
            .with("DATABASE_KEY", file(format!("{}.key", role.certificate())))
    }

    /// What auth-service needs besides: mail is written to a directory.
    #[must_use]
    pub fn mail_into(self, directory: &Path) -> Self {
        self.with("MAIL_DIRECTORY", directory.display().to_string())
            .with("MAIL_FROM", "Todo <todo@todo.local>")
            .with("MAIL_LINK_BASE", "https://todo.local")
    }

    /// The same with one more, or one other, value.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.0.retain(|(known, _)| known != name);
        self.0.push((name.to_owned(), value.into()));
        self
    }

    /// As environment variables.
    pub fn variables(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// As flags: every variable has one.
    #[must_use]
    pub fn flags(&self) -> Vec<String> {
        let flag =
            |(name, value): &(String, String)| [format!("--{}", name.to_lowercase().replace('_', "-")), value.clone()];
        self.0.iter().flat_map(flag).collect()
    }
}
