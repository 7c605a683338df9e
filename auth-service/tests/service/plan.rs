//! How Postgres reads what a statement asks for.

use sqlx::{AssertSqlSafe, PgConnection, Row};

/// The plan of a statement as our code sends it, prepared and generic, with the rows that it then read. What it changes is
/// undone.
pub(crate) async fn plan(c: &mut PgConnection, statement: &str, types: &str, arguments: &str) -> String {
    let prepare =
        format!("DEALLOCATE ALL; SET plan_cache_mode = force_generic_plan; PREPARE statement ({types}) AS {statement}");
    sqlx::raw_sql(AssertSqlSafe(prepare)).execute(&mut *c).await.unwrap();
    sqlx::raw_sql("BEGIN").execute(&mut *c).await.unwrap();
    let explain =
        format!("EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) EXECUTE statement ({arguments})");
    let rows = sqlx::raw_sql(AssertSqlSafe(explain)).fetch_all(&mut *c).await.unwrap();
    sqlx::raw_sql("ROLLBACK").execute(c).await.unwrap();
    rows.iter().map(|row| row.get::<String, _>(0) + "\n").collect()
}
