//! What the statements read, whatever the planner knows: each compares what was touched, not what it cost.

use sqlx::{AssertSqlSafe, PgConnection, Row};
use uuid::Uuid;

use crate::support::World;

/// Todos of each list.
const TODOS: i32 = 250;

/// A todo with its key in an order.
type Place = (String, Uuid, Uuid);

/// A world with many lists of 250 todos, and the list that the tests look at.
struct Full {
    world: World,
    user: Uuid,
    lists: i64,
    list: Uuid,
    todos: Vec<Uuid>,
}

async fn full(analyzed: bool) -> Full {
    full_of(10_000, analyzed).await
}

async fn full_of(todos: i32, analyzed: bool) -> Full {
    let world = World::new().await;
    let user = world.id();
    let mut admin = world.admin().await;
    let lists = todos / TODOS;
    let fill = format!(
        "INSERT INTO todo.lists SELECT md5('list' || l)::uuid, '{user}', 'l', false, sha256(''), {TODOS}, {TODOS}, now(), now()
            FROM generate_series(1, {lists}) l WHERE substr(md5('list' || l), 13, 1) <> '8';
        INSERT INTO todo.list_members SELECT '{user}', id, 'owner' FROM todo.lists;
        INSERT INTO todo.todos (list_id, id, title, notes, state, creator_id, revision, request_id, request_hash, create_time,
                                update_time, priority, labels, due, position)
        SELECT l.id, gen_random_uuid(), 't', '', 'open', '{user}', n, gen_random_uuid(), sha256(''), now() - n * interval '1 s',
            now() + n * interval '1 s', n % 10, '{{}}', CASE WHEN n % 3 > 0 THEN '2026-11-21'::timestamp + n % 50 * interval '1 d' END,
            todo.position_at(n)
        FROM todo.lists l, generate_series(1::bigint, {TODOS}) n"
    );
    sqlx::raw_sql(AssertSqlSafe(fill)).execute(&mut admin).await.unwrap();
    if analyzed {
        sqlx::raw_sql("ANALYZE todo.lists, todo.list_members, todo.todos").execute(&mut admin).await.unwrap();
    }
    let list = sqlx::query_scalar("SELECT id FROM todo.lists ORDER BY id LIMIT 1").fetch_one(&mut admin).await.unwrap();
    let todos = sqlx::query_scalar("SELECT id FROM todo.todos WHERE list_id = $1 ORDER BY id")
        .bind(list)
        .fetch_all(&mut admin)
        .await
        .unwrap();
    let lists = sqlx::query_scalar("SELECT count(*) FROM todo.lists").fetch_one(&mut admin).await.unwrap();
    Full { world, user, lists, list, todos }
}

async fn generic(world: &World) -> PgConnection {
    let mut connection = world.connection().await;
    sqlx::raw_sql("SET plan_cache_mode = force_generic_plan").execute(&mut connection).await.unwrap();
    connection
}

/// The plan of a statement that our code sends, as it is run by it: prepared, and generic.
async fn plan(world: &World, statement: &str, types: &str, arguments: &str) -> String {
    let mut connection = generic(world).await;
    let prepare = format!("PREPARE statement ({types}) AS {statement}");
    sqlx::raw_sql(AssertSqlSafe(prepare)).execute(&mut connection).await.unwrap();
    let explain = format!("EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) EXECUTE statement ({arguments})");
    let rows = sqlx::raw_sql(AssertSqlSafe(explain)).fetch_all(&mut connection).await.unwrap();
    rows.iter().map(|row| row.get::<String, _>(0) + "\n").collect()
}

fn uuids(ids: &[Uuid]) -> String {
    let ids: Vec<_> = ids.iter().map(Uuid::to_string).collect();
    format!("'{{{}}}'", ids.join(","))
}

#[tokio::test]
async fn a_get_goes_to_each_todo_by_its_whole_key() {
    for analyzed in [false, true] {
        let Full { world, user, list, todos, .. } = full(analyzed).await;
        let wanted = &todos[..32];
        let arguments = [&[user; 32], &[list; 32], wanted].map(uuids).join(", ");
        let get = include_str!("../../src/store/todos/get.sql");
        let plan = plan(&world, get, "uuid[], uuid[], uuid[]", &arguments).await;
        assert!(plan.contains("using todos_pkey on todos t"), "{plan}");
        assert!(plan.contains("Index Cond: ((list_id = a.list_id) AND (id = a.id))"), "{plan}");
        assert!(!plan.contains("Rows Removed by Filter"), "{plan}");
    }
}

/// The rows that were read in this transaction: of any table by scanning it, and of todo.todos through indexes.
async fn read_so_far(connection: &mut PgConnection) -> (i64, i64) {
    sqlx::query_as(
        "SELECT sum(seq_tup_read)::bigint, (sum(idx_tup_fetch) FILTER (WHERE relname = 'todos'))::bigint
        FROM pg_stat_xact_user_tables WHERE schemaname = 'todo'",
    )
    .fetch_one(connection)
    .await
    .unwrap()
}

/// How many todos the tests of pages go through: `PLAN_TODOS`, or some ten thousand.
fn many() -> i32 {
    std::env::var("PLAN_TODOS").ok().and_then(|todos| todos.parse().ok()).unwrap_or(20_000)
}

/// The ids of a page, and how many todos were read for it; none by scanning.
async fn page(
    full: &Full,
    lists: (Uuid, Uuid),
    by: &str,
    descending: bool,
    after: Option<&Place>,
) -> (Vec<Place>, i64) {
    let mut connection = generic(&full.world).await;
    sqlx::raw_sql("BEGIN").execute(&mut connection).await.unwrap();
    let call = "SELECT sort_key, (todo).list_id, (todo).id
        FROM todo.page_of_todos($1, $2, $3, NULL, false, $4, $5, $6, $7, $8, 51)";
    let query = sqlx::query_as(call).bind(full.user).bind(lists.0).bind(lists.1).bind(by).bind(descending);
    let (key, list, id) =
        after.cloned().map_or((None, None, None), |(key, list, id)| (Some(key), Some(list), Some(id)));
    let page = query.bind(key).bind(list).bind(id).fetch_all(&mut connection).await.unwrap();
    let (scanned, fetched) = read_so_far(&mut connection).await;
    assert_eq!(scanned, 0, "{by}");
    (page, fetched)
}

#[tokio::test]
async fn a_page_in_any_order_reads_no_more_todos_than_a_page_of_each_list() {
    const ORDERS: [&str; 5] = ["position", "due", "priority", "create_time", "update_time"];
    for analyzed in [false, true] {
        let full = full_of(many(), analyzed).await;
        for (by, descending) in ORDERS.into_iter().flat_map(|by| [(by, false), (by, true)]) {
            let (one, all) = ((full.list, full.list), (Uuid::nil(), Uuid::max()));
            for (lists, pages) in [(one, 1), (all, if by == "position" { 2 } else { full.lists })] {
                let mut after = None;
                for _ in 0..3 {
                    let (page, fetched) = page(&full, lists, by, descending, after.as_ref()).await;
                    assert_eq!(page.len(), 51, "{by} {descending}");
                    // The planner looks at the ends of some indexes by itself.
                    let most = 52 * pages + 20;
                    assert!(fetched <= most, "{by} {descending}: {fetched} read for a page of {pages} lists");
                    after = page.last().cloned();
                }
            }
        }
    }
}

#[tokio::test]
async fn a_batch_of_changes_reads_only_the_todos_that_it_names() {
    for analyzed in [false, true] {
        let Full { world, user, list, todos, .. } = full(analyzed).await;
        let mut connection = generic(&world).await;
        sqlx::raw_sql("BEGIN").execute(&mut connection).await.unwrap();
        let call = "SELECT count(*) FILTER (WHERE outcome = 'done') FROM todo.change_todos($1, $2, $3,
            array_fill('complete'::text, ARRAY[32]), array_fill(NULL::bigint, ARRAY[32]), array_fill(0, ARRAY[32]),
            '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '30 days', 1000)";
        let done: i64 = sqlx::query_scalar(call)
            .bind(vec![user; 32])
            .bind(vec![list; 32])
            .bind(&todos[..32])
            .fetch_one(&mut connection)
            .await
            .unwrap();
        assert_eq!(done, 32);
        let (scanned, fetched) = read_so_far(&mut connection).await;
        assert_eq!(scanned, 0);
        assert!(fetched <= 3 * 32, "once to judge, once to change and once to return, not {fetched}");
    }
}

#[tokio::test]
async fn a_batch_of_creates_reads_only_the_todos_that_it_repeats() {
    for analyzed in [false, true] {
        let Full { world, user, list, todos, .. } = full(analyzed).await;
        let mut connection = generic(&world).await;
        sqlx::raw_sql("BEGIN").execute(&mut connection).await.unwrap();
        let call = "SELECT count(*) FILTER (WHERE outcome = 'repeated') FROM todo.create_todos($1, $2, $3,
            (SELECT array_agg(t.request_id) FROM todo.todos t WHERE t.list_id = ($2::uuid[])[1] AND t.id = ANY ($3)),
            array_fill(sha256(''), ARRAY[32]), array_fill('t'::text, ARRAY[32]), array_fill(''::text, ARRAY[32]),
            array_fill(0::smallint, ARRAY[32]), array_fill(''::text, ARRAY[32]), '{}', '{}', '{}', '{}', '{}', '{}', '{}', 10000)";
        let repeated: i64 = sqlx::query_scalar(call)
            .bind(vec![user; 32])
            .bind(vec![list; 32])
            .bind(&todos[..32])
            .fetch_one(&mut connection)
            .await
            .unwrap();
        assert_eq!(repeated, 32);
        let (scanned, fetched) = read_so_far(&mut connection).await;
        assert_eq!(scanned, 0);
        assert!(fetched <= 4 * 32, "by request id, by id, to return, and the test's own, not {fetched}");
    }
}

#[tokio::test]
async fn a_watch_reads_no_more_todos_than_it_tells() {
    for analyzed in [false, true] {
        let Full { world, user, list, lists, .. } = full(analyzed).await;
        let mut connection = generic(&world).await;
        sqlx::raw_sql("BEGIN").execute(&mut connection).await.unwrap();
        let changes = sqlx::query(include_str!("../../src/store/todos/changes.sql"));
        let changes = changes.bind(user).bind(list).bind(100_i64).bind(-1_i64).bind(50_i64);
        let told: Vec<i64> =
            changes.fetch_all(&mut connection).await.unwrap().iter().map(|row| row.get("revision?")).collect();
        assert_eq!(told, (101..=150).collect::<Vec<_>>());
        let (scanned, fetched) = read_so_far(&mut connection).await;
        assert_eq!(fetched, 50);
        assert!(scanned <= 2 * lists, "the memberships and lists once at most, not {scanned}");
    }
}

#[tokio::test]
async fn a_purge_reads_no_more_than_it_deletes() {
    for analyzed in [false, true] {
        let Full { world, list, .. } = full(analyzed).await;
        let over = "UPDATE todo.todos SET delete_time = now(), purge_time = now() WHERE list_id = $1";
        sqlx::query(over).bind(list).execute(&mut world.admin().await).await.unwrap();
        let mut connection = generic(&world).await;
        sqlx::raw_sql("BEGIN").execute(&mut connection).await.unwrap();
        let purge = sqlx::query_scalar("SELECT todo.purge_todos(now() + interval '1 day', 50)");
        let purged: i64 = purge.fetch_one(&mut connection).await.unwrap();
        assert_eq!(purged, 50);
        let (scanned, fetched) = read_so_far(&mut connection).await;
        assert_eq!(scanned, 0);
        assert!(fetched <= 3 * 50, "to find the list, to choose, and to delete, not {fetched}");
    }
}
