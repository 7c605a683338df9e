//! A database of its own for each test.

use local_postgres::{Cluster, Role};
use service_kit::postgres::Settings;
use sqlx::{Executor, PgConnection};

/// A new database with a table that the runtime role may write, and an admin's connection to it.
pub(crate) async fn database_with_table() -> (Settings, PgConnection) {
    let cluster = Cluster::throwaway().await.unwrap();
    let name = cluster.create_database(None).await.unwrap().name;
    let mut admin = cluster.admin(&name).await.unwrap();
    admin.execute("CREATE TABLE public.kept (id bigint CONSTRAINT kept_pkey PRIMARY KEY)").await.unwrap();
    admin.execute("GRANT USAGE ON SCHEMA public TO todo_service").await.unwrap();
    admin.execute("GRANT ALL ON public.kept TO todo_service").await.unwrap();
    let file = |kind| cluster.certificates().join(format!("{}.{kind}", Role::TodoService.certificate()));
    let settings = Settings {
        database_host: cluster.host().to_owned(),
        database_port: cluster.port(),
        database_name: name,
        database_role: Role::TodoService.name().to_owned(),
        database_ca: cluster.certificates().join("ca.pem"),
        database_certificate: file("pem"),
        database_key: file("key"),
        database_connections: 8.try_into().unwrap(),
        database_pool_wait_ms: 500.try_into().unwrap(),
        database_statement_ms: 3_000.try_into().unwrap(),
        database_lock_ms: 1_000.try_into().unwrap(),
        database_idle_in_transaction_ms: 5_000.try_into().unwrap(),
    };
    (settings, admin)
}

/// Waits until `holds`, and fails if it does not within five seconds.
pub(crate) async fn eventually(mut holds: impl AsyncFnMut() -> bool) {
    let poll = async {
        while !holds().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(5), poll).await.expect("it does not hold in time");
}
