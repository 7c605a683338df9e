//! Replicas of both services as processes of their own, over one database.

use std::net::SocketAddr;

use local_postgres::{Cluster, Role};
use rustix::process::Signal;
use sqlx::PgConnection;
use tempfile::TempDir;

use crate::client::Client;
use crate::mailbox::Mailbox;
use crate::probes::hears_auth_service;
use crate::process::Process;
use crate::settings::Settings;
use crate::system::{channel, key_file, migrated_database};

/// The replicas; they are killed when dropped.
pub struct Fleet {
    /// auth-service.
    pub auth: Vec<Process>,
    /// todo-service. Each knows every replica of auth-service, and begins with another one.
    pub todo: Vec<Process>,
    /// The server that the database is on.
    pub cluster: &'static Cluster,
    /// Name of the database.
    pub database: String,
    auth_settings: Settings,
    todo_settings: Vec<Settings>,
    files: TempDir,
}

impl Fleet {
    /// So many replicas of each service, on the test process's own Postgres.
    pub async fn start(replicas: usize) -> anyhow::Result<Self> {
        Self::configured(replicas, |settings| settings).await
    }

    /// The same with other settings for auth-service.
    pub async fn configured(replicas: usize, change: impl Fn(Settings) -> Settings) -> anyhow::Result<Self> {
        let cluster = Cluster::throwaway().await?;
        let database = migrated_database(cluster).await?;
        let files = tempfile::tempdir()?;
        let (auth_key, todo_key) = (files.path().join("auth.key"), files.path().join("todo.key"));
        key_file(&auth_key)?;
        key_file(&todo_key)?;
        let auth_settings = Settings::of("auth-service", Role::AuthService, cluster, &database, &auth_key);
        let auth_settings = change(auth_settings.mail_into(&files.path().join("mail")));
        let todo_settings = Settings::of("todo-service", Role::TodoService, cluster, &database, &todo_key);
        let (auth, todo) = (Vec::new(), Vec::new());
        let mut fleet = Self { auth, todo, cluster, database, auth_settings, todo_settings: Vec::new(), files };
        for _ in 0..replicas {
            fleet.auth.push(Process::serve("auth-service", &fleet.auth_settings).await?);
        }
        for first in 0..replicas {
            fleet.todo_settings.push(todo_settings.clone().with("AUTH_ADDRESS", fleet.auth_addresses(first)));
            fleet.todo.push(Process::serve("todo-service", &fleet.todo_settings[first]).await?);
        }
        Ok(fleet)
    }

    /// Somebody with a client certificate and no token, at one replica of each service.
    #[must_use]
    pub fn client(&self, auth: usize, todo: usize) -> Client {
        let to = |address: SocketAddr| channel(self.cluster.certificates(), address, "client");
        Client::new(to(self.auth[auth].address), to(self.todo[todo].address), None)
    }

    /// Ends a replica of auth-service without a word.
    pub async fn kill_auth(&mut self, replica: usize) -> anyhow::Result<()> {
        self.auth[replica].signal(Signal::KILL)?;
        self.auth[replica].ended().await.map(drop)
    }

    /// Starts a replica of auth-service again, where it was.
    pub async fn restart_auth(&mut self, replica: usize) -> anyhow::Result<()> {
        let settings = self.auth_settings.clone().with("LISTEN_ADDRESS", self.auth[replica].address.to_string());
        self.auth[replica] = Process::serve("auth-service", &settings).await?;
        Ok(())
    }

    /// Ends a replica of todo-service without a word.
    pub async fn kill_todo(&mut self, replica: usize) -> anyhow::Result<()> {
        self.todo[replica].signal(Signal::KILL)?;
        self.todo[replica].ended().await.map(drop)
    }

    /// Starts a replica of todo-service again, where it was, after it has ended.
    pub async fn restart_todo(&mut self, replica: usize) -> anyhow::Result<()> {
        self.todo[replica] = Process::serve("todo-service", &self.todo_settings(replica)).await?;
        Ok(())
    }

    /// The settings of a replica of todo-service, with the address that it serves on.
    #[must_use]
    pub fn todo_settings(&self, replica: usize) -> Settings {
        self.todo_settings[replica].clone().with("LISTEN_ADDRESS", self.todo[replica].address.to_string())
    }

    /// Waits until every replica of todo-service has heard auth-service.
    pub async fn heard(&self) {
        for todo in &self.todo {
            crate::eventually("todo-service hears auth-service", async || hears_auth_service(todo.probes).await).await;
        }
    }

    /// The settings of auth-service, as its other commands take them too.
    #[must_use]
    pub fn auth_settings(&self) -> Settings {
        self.auth_settings.clone()
    }

    /// Where the mail of all replicas goes.
    #[must_use]
    pub fn mailbox(&self) -> Mailbox {
        Mailbox::new(self.files.path().join("mail"))
    }

    /// The superuser's connection to the database.
    pub async fn admin(&self) -> anyhow::Result<PgConnection> {
        Ok(self.cluster.admin(&self.database).await?)
    }

    /// All replicas of auth-service, from one on.
    fn auth_addresses(&self, first: usize) -> String {
        let addresses = self.auth.iter().cycle().skip(first).take(self.auth.len());
        addresses.map(|auth| format!("https://{}", auth.address)).collect::<Vec<_>>().join(",")
    }
}
