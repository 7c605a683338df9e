//! Who gets into the server, and what they can do there.

use std::{fs, path::Path};

use certs::{Authority, Leaf, Usage};
use local_postgres::{Cluster, Role};
use sqlx::{
    Connection as _, PgConnection,
    postgres::{PgConnectOptions, PgSslMode},
};
use time::macros::datetime;

const REFUSED_BY_RULE: &str = "28000";
const DENIED: &str = "42501";

fn code(error: &sqlx::Error) -> Option<String> {
    error.as_database_error()?.code().map(std::borrow::Cow::into_owned)
}

/// Connects as `todo_service` with whatever certificate the test has made.
async fn enter(cluster: &Cluster, issued: &certs::Issued, ca: &Path) -> sqlx::Result<PgConnection> {
    let options = PgConnectOptions::new_without_pgpass()
        .host("127.0.0.1")
        .port(cluster.port())
        .database("todo")
        .username(Role::TodoService.name())
        .ssl_mode(PgSslMode::VerifyFull)
        .ssl_root_cert(ca)
        .ssl_client_cert_from_pem(&issued.cert_pem)
        .ssl_client_key_from_pem(&issued.key_pem);
    PgConnection::connect_with(&options).await
}

fn authority_of(cluster: &Cluster) -> Authority {
    let read = |name| fs::read_to_string(cluster.certificates().join(name)).unwrap();
    Authority::load(&read("ca.pem"), &read("ca.key")).unwrap()
}

fn todo_service_leaf() -> Leaf {
    Leaf { common_name: "todo_service".to_owned(), usages: vec![Usage::Client], ..Leaf::default() }
}

#[tokio::test]
async fn a_role_enters_by_its_own_certificate_over_tls_1_3() {
    let cluster = Cluster::throwaway().await.unwrap();
    for role in [Role::AuthService, Role::AuthMigrator, Role::TodoService, Role::TodoMigrator] {
        let mut connection = cluster.connect("todo", role).await.unwrap();
        let seen: (String, String) =
            sqlx::query_as("SELECT current_user::text, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
                .fetch_one(&mut connection)
                .await
                .unwrap();
        assert_eq!(seen, (role.name().to_owned(), "TLSv1.3".to_owned()));
    }
}

#[tokio::test]
async fn a_certificate_made_by_the_authority_is_enough_to_enter() {
    // The counterpart of the refusals below: they fail for the one thing that they change.
    let cluster = Cluster::throwaway().await.unwrap();
    let issued = authority_of(cluster).issue(&todo_service_leaf()).unwrap();
    enter(cluster, &issued, &cluster.certificates().join("ca.pem")).await.unwrap();
}

#[tokio::test]
async fn the_certificate_of_another_role_is_refused() {
    let cluster = Cluster::throwaway().await.unwrap();
    let certificates = cluster.certificates();
    let options = cluster
        .options("todo", Role::TodoService)
        .ssl_client_cert(certificates.join("db-auth-service.pem"))
        .ssl_client_key(certificates.join("db-auth-service.key"));
    let refusal = PgConnection::connect_with(&options).await.unwrap_err();
    assert_eq!(code(&refusal).as_deref(), Some(REFUSED_BY_RULE), "{refusal}");
}

#[tokio::test]
async fn the_certificate_of_a_service_opens_no_role() {
    let cluster = Cluster::throwaway().await.unwrap();
    let certificates = cluster.certificates();
    let options = cluster
        .options("todo", Role::TodoService)
        .ssl_client_cert(certificates.join("todo-service.pem"))
        .ssl_client_key(certificates.join("todo-service.key"));
    let refusal = PgConnection::connect_with(&options).await.unwrap_err();
    assert_eq!(code(&refusal).as_deref(), Some(REFUSED_BY_RULE), "{refusal}");
}

#[tokio::test]
async fn an_expired_certificate_is_refused() {
    let cluster = Cluster::throwaway().await.unwrap();
    let expired = Leaf { not_after: datetime!(2021-01-01 0:00 UTC), ..todo_service_leaf() };
    let issued = authority_of(cluster).issue(&expired).unwrap();
    let refusal = enter(cluster, &issued, &cluster.certificates().join("ca.pem")).await.unwrap_err();
    assert!(refusal.to_string().contains("CertificateExpired"), "{refusal}");
}

#[tokio::test]
async fn a_certificate_of_another_authority_is_refused() {
    let cluster = Cluster::throwaway().await.unwrap();
    let issued = Authority::new("other").unwrap().issue(&todo_service_leaf()).unwrap();
    let refusal = enter(cluster, &issued, &cluster.certificates().join("ca.pem")).await.unwrap_err();
    assert!(refusal.to_string().contains("UnknownCA"), "{refusal}");
}

#[tokio::test]
async fn a_server_of_another_authority_is_not_trusted() {
    let cluster = Cluster::throwaway().await.unwrap();
    let directory = tempfile::tempdir().unwrap();
    let other = directory.path().join("other.pem");
    fs::write(&other, Authority::new("other").unwrap().cert_pem()).unwrap();
    let issued = authority_of(cluster).issue(&todo_service_leaf()).unwrap();
    let refusal = enter(cluster, &issued, &other).await.unwrap_err();
    assert!(refusal.to_string().contains("UnknownIssuer"), "{refusal}");
}

#[tokio::test]
async fn no_certificate_is_refused() {
    let cluster = Cluster::throwaway().await.unwrap();
    let options = PgConnectOptions::new_without_pgpass()
        .host("127.0.0.1")
        .port(cluster.port())
        .database("todo")
        .username("todo_service")
        .ssl_mode(PgSslMode::VerifyFull)
        .ssl_root_cert(cluster.certificates().join("ca.pem"));
    let refusal = PgConnection::connect_with(&options).await.unwrap_err();
    assert_eq!(code(&refusal).as_deref(), Some(REFUSED_BY_RULE), "{refusal}");
}

#[tokio::test]
async fn plaintext_is_refused() {
    let cluster = Cluster::throwaway().await.unwrap();
    for role in [Role::TodoService, Role::Admin] {
        let options = cluster.options("todo", role).ssl_mode(PgSslMode::Disable);
        let refusal = PgConnection::connect_with(&options).await.unwrap_err();
        assert_eq!(code(&refusal).as_deref(), Some(REFUSED_BY_RULE), "{refusal}");
    }
}

#[tokio::test]
async fn a_service_reads_and_writes_its_own_tables_and_none_of_the_other_service() {
    let cluster = Cluster::throwaway().await.unwrap();
    let database = cluster.create_database(None).await.unwrap();
    let mut migrator = cluster.connect(&database.name, Role::AuthMigrator).await.unwrap();
    sqlx::raw_sql(
        "CREATE TABLE auth.kept (id bigint GENERATED ALWAYS AS IDENTITY, note text);
         CREATE FUNCTION auth.one() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    )
    .execute(&mut migrator)
    .await
    .unwrap();

    let mut own = cluster.connect(&database.name, Role::AuthService).await.unwrap();
    sqlx::raw_sql(
        "INSERT INTO auth.kept (note) VALUES ('a'); UPDATE auth.kept SET note = 'b';
         SELECT auth.one() FROM auth.kept; DELETE FROM auth.kept",
    )
    .execute(&mut own)
    .await
    .unwrap();

    let mut other = cluster.connect(&database.name, Role::TodoService).await.unwrap();
    for statement in ["SELECT FROM auth.kept", "SELECT auth.one()"] {
        let refusal = sqlx::raw_sql(statement).execute(&mut other).await.unwrap_err();
        assert_eq!(code(&refusal).as_deref(), Some(DENIED), "{statement}: {refusal}");
    }
}

#[tokio::test]
async fn only_the_migrator_changes_a_schema_and_only_its_own() {
    let cluster = Cluster::throwaway().await.unwrap();
    let database = cluster.create_database(None).await.unwrap();
    for (role, statement) in [
        (Role::TodoService, "CREATE TABLE todo.mine ()"),
        (Role::TodoService, "CREATE TABLE public.mine ()"),
        (Role::TodoService, "CREATE TEMPORARY TABLE mine ()"),
        (Role::TodoService, "CREATE SCHEMA mine"),
        (Role::TodoMigrator, "CREATE TABLE auth.mine ()"),
        (Role::TodoMigrator, "CREATE TABLE public.mine ()"),
    ] {
        let mut connection = cluster.connect(&database.name, role).await.unwrap();
        let refusal = sqlx::raw_sql(statement).execute(&mut connection).await.unwrap_err();
        assert_eq!(code(&refusal).as_deref(), Some(DENIED), "{role:?} {statement}: {refusal}");
    }
    let mut migrator = cluster.connect(&database.name, Role::TodoMigrator).await.unwrap();
    sqlx::raw_sql("CREATE TABLE todo.mine ()").execute(&mut migrator).await.unwrap();
}

#[tokio::test]
async fn the_roles_reach_no_other_database_and_hold_no_privilege() {
    let cluster = Cluster::throwaway().await.unwrap();
    for role in [Role::AuthService, Role::AuthMigrator, Role::TodoService, Role::TodoMigrator] {
        for database in ["postgres", "template1"] {
            let refusal = cluster.connect(database, role).await.unwrap_err();
            assert_eq!(code(&refusal).as_deref(), Some(DENIED), "{role:?} {database}: {refusal}");
        }
    }
    let mut admin = cluster.admin("todo").await.unwrap();
    let powerful: Vec<String> = sqlx::query_scalar(
        "SELECT rolname::text FROM pg_roles WHERE rolname NOT LIKE 'pg\\_%' AND rolname <> 'postgres'
         AND (rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls)",
    )
    .fetch_all(&mut admin)
    .await
    .unwrap();
    assert_eq!(powerful, Vec::<String>::new());
}
