//! How each service is started. `docker-compose.yml` says the same for containers.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use local_postgres::{Leash, Role, Tether};

use crate::workspace;

/// One of the two services, as `up` runs it.
pub(super) struct Service {
    /// The name of its binary, its package, its certificate and its log.
    pub(super) name: &'static str,
    listen_port: u16,
    probe_port: u16,
    role: Role,
    migrator: Role,
    calls_auth: bool,
}

pub(super) const AUTH: Service = Service {
    name: "auth-service",
    listen_port: 50051,
    probe_port: 9051,
    role: Role::AuthService,
    migrator: Role::AuthMigrator,
    calls_auth: false,
};

pub(super) const TODO: Service = Service {
    name: "todo-service",
    listen_port: 50052,
    probe_port: 9052,
    role: Role::TodoService,
    migrator: Role::TodoMigrator,
    calls_auth: true,
};

/// Longer than the drain deadline of a service, which is 10 s.
const GRACE: Duration = Duration::from_secs(15);

/// What the commands of the services need to know.
pub(super) struct Surroundings<'a> {
    pub(super) database_host: &'a str,
    pub(super) database_port: u16,
    /// Where the certificates of the database's roles are.
    pub(super) database_certificates: &'a Path,
    /// The directory of the built binaries.
    pub(super) binaries: &'a Path,
    pub(super) port_offset: u16,
}

impl Service {
    /// Where callers reach it.
    pub(super) fn address(&self, port_offset: u16) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.listen_port + port_offset).into()
    }

    /// Where its probes and metrics are.
    pub(super) fn probe_address(&self, port_offset: u16) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.probe_port + port_offset).into()
    }

    /// The file of its secret.
    pub(super) fn key_file(&self) -> PathBuf {
        workspace::state().join(format!("{}.key", self.name))
    }

    /// Where its output goes.
    pub(super) fn log(&self) -> PathBuf {
        workspace::state().join(format!("{}.log", self.name))
    }

    /// Brings its schema up to date.
    pub(super) fn migrate(&self, surroundings: &Surroundings<'_>) -> anyhow::Result<()> {
        let output = self.migrate_command(surroundings).env("LOG_FILTER", "warn").output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        anyhow::ensure!(output.status.success(), "{} migrate failed: {}", self.name, said.trim());
        Ok(())
    }

    /// Starts it, on a leash.
    pub(super) fn serve(&self, surroundings: &Surroundings<'_>) -> anyhow::Result<Leash> {
        let mut serve = self.serve_command(surroundings);
        // Its lines go into a file.
        Ok(Leash::spawn(serve.env("NO_COLOR", "1"), &Tether::terminate(GRACE))?)
    }

    pub(super) fn migrate_command(&self, surroundings: &Surroundings<'_>) -> Command {
        self.command("migrate", surroundings, self.migrator)
    }

    pub(super) fn serve_command(&self, surroundings: &Surroundings<'_>) -> Command {
        let mut serve = self.command("serve", surroundings, self.role);
        let certificate = |file: &str| workspace::certificates().join(file);
        let offset = surroundings.port_offset;
        serve
            .env("LISTEN_ADDRESS", self.address(offset).to_string())
            .env("PROBE_ADDRESS", self.probe_address(offset).to_string())
            .env("TLS_CERTIFICATE", certificate(&format!("{}.pem", self.name)))
            .env("TLS_KEY", certificate(&format!("{}.key", self.name)))
            .env("TLS_CLIENT_CA", certificate("ca.pem"))
            .env("KEY_FILE", self.key_file())
            .env("LOG_FORMAT", "human");
        if self.calls_auth {
            serve.env("AUTH_ADDRESS", format!("https://{}", AUTH.address(offset)));
        } else {
            serve
                .env("MAIL_DIRECTORY", workspace::state().join("mail"))
                .env("MAIL_FROM", "Todo <todo@todo.local>")
                .env("MAIL_LINK_BASE", "https://todo.local");
        }
        serve
    }

    fn command(&self, subcommand: &str, surroundings: &Surroundings<'_>, role: Role) -> Command {
        let certificate = |file: &str| surroundings.database_certificates.join(file);
        let mut command = Command::new(surroundings.binaries.join(self.name));
        command
            .arg(subcommand)
            .env("DATABASE_HOST", surroundings.database_host)
            .env("DATABASE_PORT", surroundings.database_port.to_string())
            .env("DATABASE_NAME", "todo")
            .env("DATABASE_ROLE", role.name())
            .env("DATABASE_CA", certificate("ca.pem"))
            .env("DATABASE_CERTIFICATE", certificate(&format!("{}.pem", role.certificate())))
            .env("DATABASE_KEY", certificate(&format!("{}.key", role.certificate())));
        command
    }
}
