//! One database a test, copied from one that was migrated once.

use local_postgres::{Cluster, Role};
use service_kit::postgres::Settings;
use sqlx::Connection;
use todo_service::store::MIGRATOR;
use tokio::sync::OnceCell;

/// The name of a new database with the schema in place.
pub(crate) async fn migrated() -> String {
    static TEMPLATE: OnceCell<String> = OnceCell::const_new();
    let cluster = Cluster::throwaway().await.unwrap();
    let template = TEMPLATE
        .get_or_init(async || {
            let name = cluster.create_database(None).await.unwrap().name;
            let mut migrator = cluster.connect(&name, Role::TodoMigrator).await.unwrap();
            MIGRATOR.run(&mut migrator).await.unwrap();
            migrator.close().await.unwrap();
            name
        })
        .await;
    cluster.create_database(Some(template)).await.unwrap().name
}

/// How todo-service reaches that database.
pub(crate) async fn settings(name: &str) -> Settings {
    let cluster = Cluster::throwaway().await.unwrap();
    let file = |kind| cluster.certificates().join(format!("{}.{kind}", Role::TodoService.certificate()));
    Settings {
        database_host: cluster.host().to_owned(),
        database_port: cluster.port(),
        database_name: name.to_owned(),
        database_role: Role::TodoService.name().to_owned(),
        database_ca: cluster.certificates().join("ca.pem"),
        database_certificate: file("pem"),
        database_key: file("key"),
        database_connections: 8.try_into().unwrap(),
        // Many tests share two cores.
        database_pool_wait_ms: 20_000.try_into().unwrap(),
        database_statement_ms: 20_000.try_into().unwrap(),
        database_lock_ms: 20_000.try_into().unwrap(),
        database_idle_in_transaction_ms: 5_000.try_into().unwrap(),
    }
}
