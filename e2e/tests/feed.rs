//! Log out means out: what auth-service ends is refused by every replica of todo-service, in calls and in watches that are
//! open, how soon, and what becomes of it when either is away. Real processes, two of each.

use std::time::{Duration, Instant};

use e2e::client::PASSWORD;
use e2e::refusal::told;
use e2e::settings::Settings;
use e2e::{Client, Fleet};
use futures_util::future::join_all;
use futures_util::{StreamExt, stream};
use proto::auth::v1::{
    ChangePasswordRequest, DeleteUserRequest, DisableUserRequest, LogInResponse, LogOutRequest, RegisterRequest,
    RequestPasswordResetRequest, ResetPasswordRequest, RevokeAllSessionsRequest, RevokeSessionRequest, Role,
    SetRolesRequest,
};
use proto::todo::v1::watch_todos_response::Content;
use proto::todo::v1::{ListTodosRequest, WatchTodosRequest, WatchTodosResponse};
use tonic::{Code, Status, Streaming};

/// What somebody chooses instead of [`PASSWORD`].
const NEW_PASSWORD: &str = "a lantern under the harbour";
/// How often each act is done.
const ROUNDS: usize = 8;
/// How long a revocation may take on an idle system, in 99 of 100 cases.
const IDLE: Duration = Duration::from_millis(200);
/// The same while a thousand others happen each second, and after auth-service was away.
const BUSY: Duration = Duration::from_secs(1);

/// How long auth-service is away: `OUTAGE_SECONDS`, or no longer than it takes.
fn outage() -> Duration {
    let seconds = std::env::var("OUTAGE_SECONDS").ok().and_then(|seconds| seconds.parse().ok());
    Duration::from_secs(seconds.unwrap_or(0))
}

/// The acts that end tokens.
#[derive(Clone, Copy, Debug)]
enum Act {
    LogOut,
    RevokeSession,
    RevokeAllSessions,
    DisableUser,
    SetRoles,
    DeleteUser,
    ChangePassword,
    ResetPassword,
}

const ACTS: [Act; 8] = [
    Act::LogOut,
    Act::RevokeSession,
    Act::RevokeAllSessions,
    Act::DisableUser,
    Act::SetRoles,
    Act::DeleteUser,
    Act::ChangePassword,
    Act::ResetPassword,
];

impl Act {
    /// Does it to somebody; `own` and `admin` are the callers.
    async fn perform(self, fleet: &Fleet, victim: &LogInResponse, own: &mut Client, admin: &mut Client) {
        let (name, session) = (victim.user.clone().unwrap().name, victim.session.clone().unwrap());
        match self {
            Self::LogOut => drop(own.auth.log_out(LogOutRequest {}).await.unwrap()),
            Self::RevokeSession => {
                drop(admin.sessions.revoke_session(RevokeSessionRequest { name: session.name }).await.unwrap());
            }
            Self::RevokeAllSessions => {
                let request = RevokeAllSessionsRequest { parent: name, keep_present: false };
                drop(own.sessions.revoke_all_sessions(request).await.unwrap());
            }
            Self::DisableUser => {
                drop(admin.users.disable_user(DisableUserRequest { name }).await.unwrap());
            }
            Self::SetRoles => {
                let request = SetRolesRequest { name, roles: vec![Role::Admin.into()] };
                drop(admin.users.set_roles(request).await.unwrap());
            }
            Self::DeleteUser => {
                let request = DeleteUserRequest { name, password: PASSWORD.to_owned() };
                drop(own.users.delete_user(request).await.unwrap());
            }
            Self::ChangePassword => {
                let (current_password, new_password) = (PASSWORD.to_owned(), NEW_PASSWORD.to_owned());
                let request = ChangePasswordRequest { name, current_password, new_password, ..Default::default() };
                drop(own.users.change_password(request).await.unwrap());
            }
            Self::ResetPassword => {
                let user = victim.user.clone().unwrap();
                let verify = "UPDATE auth.users SET email_verified_at = now() WHERE email = $1";
                let mut database = fleet.admin().await.unwrap();
                sqlx::query(verify).bind(&user.email).execute(&mut database).await.unwrap();
                let request = RequestPasswordResetRequest { email: user.email.clone() };
                own.auth.request_password_reset(request).await.unwrap();
                let token = fleet.mailbox().token(&user.email, "Choose a new password").await;
                let request = ResetPasswordRequest { token, new_password: NEW_PASSWORD.to_owned() };
                drop(own.auth.reset_password(request).await.unwrap());
            }
        }
    }
}

/// Two replicas of each, with hashes that cost little: many users log in.
async fn fleet() -> Fleet {
    let cheap = |settings: Settings| settings.with("HASH_MEMORY_KIB", "8").with("HASH_PASSES", "1");
    Fleet::configured(2, cheap).await.unwrap()
}

async fn administrator(fleet: &Fleet) -> Client {
    let mut client = fleet.client(0, 0);
    client.register("admin").await.unwrap();
    let promote = "UPDATE auth.users SET roles = '{admin}' WHERE username = 'admin'";
    sqlx::query(promote).execute(&mut fleet.admin().await.unwrap()).await.unwrap();
    let granted = client.log_in("admin", PASSWORD).await.unwrap();
    client.with_token(&granted.access_token)
}

/// So many users, each with a session.
async fn victims(fleet: &Fleet, count: usize) -> Vec<LogInResponse> {
    let victim = |number| {
        let (mut client, name) = (fleet.client(number % fleet.auth.len(), 0), format!("victim-{number}"));
        async move {
            let (username, password, email) = (name.clone(), PASSWORD.to_owned(), format!("{name}@example.com"));
            let request = RegisterRequest { username, password, email, ..Default::default() };
            client.auth.register(request).await.unwrap();
            client.log_in(&name, PASSWORD).await.unwrap()
        }
    };
    stream::iter((0..count).map(victim)).buffered(8).collect().await
}

async fn read(client: &mut Client) -> Result<(), Status> {
    let request = ListTodosRequest { parent: "lists/inbox".to_owned(), ..Default::default() };
    client.todos.list_todos(request).await.map(drop)
}

/// The same user at each replica of todo-service, who is known there.
async fn callers(fleet: &Fleet, granted: &LogInResponse, auth: usize) -> Vec<Client> {
    let at = |todo| fleet.client(auth, todo).with_token(&granted.access_token);
    let callers: Vec<Client> = (0..fleet.todo.len()).map(at).collect();
    for caller in &callers {
        e2e::eventually("the token is good", async || read(&mut caller.clone()).await.is_ok()).await;
    }
    callers
}

/// Calls until the token is refused, as a revoked one must be, and says how long after `since` that was.
async fn until_refused(mut client: Client, since: Instant) -> Duration {
    loop {
        match read(&mut client).await {
            Ok(()) => assert!(since.elapsed() < Duration::from_secs(10), "still accepted after ten seconds"),
            Err(status) => {
                let told = told(&status);
                assert_eq!(told.0, Code::Unauthenticated, "{status:?}");
                assert!(["SESSION_ENDED", "TOKEN_EXPIRED"].contains(&told.1.as_str()), "{told:?}");
                return since.elapsed();
            }
        }
    }
}

/// A watch of all that somebody can read, which has told what was there.
async fn watch(mut client: Client) -> Streaming<WatchTodosResponse> {
    let request = WatchTodosRequest { parent: "lists/-".to_owned(), ..Default::default() };
    let mut messages = client.todos.watch_todos(request).await.unwrap().into_inner();
    while !matches!(messages.message().await.unwrap().unwrap().content, Some(Content::Bookmark(_))) {}
    messages
}

/// Waits until a watch ends, as that of a revoked token must, and says how long after `since` that was.
async fn until_ended(mut messages: Streaming<WatchTodosResponse>, since: Instant) -> Duration {
    let end = async {
        loop {
            if let Err(status) = messages.message().await {
                return status;
            }
        }
    };
    let status = tokio::time::timeout(Duration::from_secs(10), end).await.expect("a watch goes on after ten seconds");
    let told = told(&status);
    assert_eq!(told.0, Code::Unauthenticated, "{status:?}");
    assert!(["SESSION_ENDED", "TOKEN_EXPIRED"].contains(&told.1.as_str()), "{told:?}");
    since.elapsed()
}

/// One act at one replica of auth-service, and how long each of todo-service then took to refuse, and to end a watch.
async fn measure(fleet: &Fleet, act: Act, victim: &LogInResponse, auth: usize, admin: &Client) -> Vec<Duration> {
    let callers = callers(fleet, victim, auth).await;
    let watches = join_all(callers.iter().cloned().map(watch)).await;
    act.perform(fleet, victim, &mut callers[0].clone(), &mut admin.clone()).await;
    let since = Instant::now();
    let refused = join_all(callers.into_iter().map(|caller| until_refused(caller, since)));
    let ended = join_all(watches.into_iter().map(|watch| until_ended(watch, since)));
    let (refused, ended) = tokio::join!(refused, ended);
    [refused, ended].concat()
}

/// All acts in turn, at both replicas, and the time that the slowest refusal or end but for one in a hundred took.
async fn p99(fleet: &Fleet) -> Duration {
    let admin = administrator(fleet).await;
    let victims = victims(fleet, ROUNDS * ACTS.len()).await;
    let mut times = Vec::new();
    for (number, (victim, act)) in victims.iter().zip(ACTS.into_iter().cycle()).enumerate() {
        times.extend(measure(fleet, act, victim, number % 2, &admin).await);
    }
    times.sort_unstable();
    let (p99, most) = (times[(times.len() * 99).div_ceil(100) - 1], times[times.len() - 1]);
    println!("refused after {p99:?} (p99 of {}), {most:?} at most", times.len());
    p99
}

#[tokio::test]
async fn whatever_ends_a_token_ends_it_at_every_replica_within_200_ms() {
    let fleet = fleet().await;
    assert!(p99(&fleet).await < IDLE);
}

#[tokio::test]
async fn among_a_hundred_thousand_sessions_and_a_thousand_revocations_a_second_it_takes_less_than_a_second() {
    let fleet = fleet().await;
    let mut crowd = fleet.client(0, 0);
    crowd.register("crowd").await.unwrap();
    let mut database = fleet.admin().await.unwrap();
    sqlx::query(
        "INSERT INTO auth.sessions (id, user_id, device_name, created_at, current_hash, counter, rotated_at,
                                    idle_expires_at, absolute_expires_at, last_seen_at)
         SELECT gen_random_uuid(), u.id, '', now(), sha256(''), 1, now(), now() + interval '14 days',
                now() + interval '90 days', now()
         FROM auth.users u, generate_series(1, 100000)",
    )
    .execute(&mut database)
    .await
    .unwrap();
    // As other replicas would write them: ten in a transaction, a hundred times a second.
    let revocations = async {
        let mut tick = tokio::time::interval(Duration::from_millis(10));
        loop {
            tick.tick().await;
            sqlx::query(
                "WITH ended AS (
                     UPDATE auth.sessions SET ended_at = now(), end_reason = 'revoked'
                     WHERE id IN (SELECT id FROM auth.sessions WHERE ended_at IS NULL AND current_hash = sha256('')
                                  LIMIT 10)
                     RETURNING id, user_id)
                 INSERT INTO auth.events (id, at, kind, user_id, actor_id, session_id, details)
                 SELECT gen_random_uuid(), now(), 'session_revoked', user_id, user_id, id, '{}' FROM ended",
            )
            .execute(&mut database)
            .await
            .unwrap();
        }
    };
    let taken = tokio::select! {
        never = revocations => never,
        taken = p99(&fleet) => taken,
    };
    assert!(taken < BUSY);
}

#[tokio::test]
async fn while_auth_service_is_away_nobody_gets_in_who_was_revoked_and_after_it_the_gap_is_closed_within_a_second() {
    let mut fleet = Fleet::start(2).await.unwrap();
    let admin = administrator(&fleet).await;
    let [before, meanwhile, spared] = victims(&fleet, 3).await.try_into().unwrap();
    let (gap, mut spared) = (callers(&fleet, &meanwhile, 0).await, callers(&fleet, &spared, 0).await);
    measure(&fleet, Act::LogOut, &before, 0, &admin).await;
    fleet.kill_auth(0).await.unwrap();
    fleet.kill_auth(1).await.unwrap();
    let mut refused = fleet.client(0, 0).with_token(&before.access_token);
    assert_eq!(told(&read(&mut refused).await.unwrap_err()), (Code::Unauthenticated, "SESSION_ENDED".to_owned()));
    read(&mut spared[0]).await.unwrap();

    // As a replica that is not reached from here would write it.
    let (user, session) = (meanwhile.user.unwrap().name, meanwhile.session.unwrap().name);
    let id = |name: &str| name.rsplit('/').next().unwrap().parse::<uuid::Uuid>().unwrap();
    sqlx::query(
        "INSERT INTO auth.events (id, at, kind, user_id, session_id, details)
         VALUES (gen_random_uuid(), now(), 'session_revoked', $1, $2, '{}')",
    )
    .bind(id(&user))
    .bind(id(&session))
    .execute(&mut fleet.admin().await.unwrap())
    .await
    .unwrap();
    let (began, outage) = (Instant::now(), outage());
    loop {
        read(&mut gap[0].clone()).await.unwrap();
        assert!(read(&mut refused).await.is_err());
        if began.elapsed() >= outage {
            break;
        }
    }
    fleet.restart_auth(1).await.unwrap();
    let since = Instant::now();
    for caller in gap {
        assert!(until_refused(caller, since).await < BUSY);
    }
    read(&mut spared[1]).await.unwrap();
}

#[tokio::test]
async fn both_sides_may_be_restarted_in_any_order() {
    let mut fleet = Fleet::start(1).await.unwrap();
    let [out, within] = victims(&fleet, 2).await.try_into().unwrap();
    let admin = administrator(&fleet).await;
    measure(&fleet, Act::LogOut, &out, 0, &admin).await;
    for todo_first in [true, false] {
        fleet.kill_auth(0).await.unwrap();
        fleet.kill_todo(0).await.unwrap();
        if todo_first {
            fleet.restart_todo(0).await.unwrap();
            let mut early = fleet.client(0, 0).with_token(&within.access_token);
            assert_eq!(told(&read(&mut early).await.unwrap_err()), (Code::Unavailable, "AUTH_UNAVAILABLE".to_owned()));
            fleet.restart_auth(0).await.unwrap();
        } else {
            fleet.restart_auth(0).await.unwrap();
            fleet.restart_todo(0).await.unwrap();
        }
        callers(&fleet, &within, 0).await;
        let mut refused = fleet.client(0, 0).with_token(&out.access_token);
        assert_eq!(told(&read(&mut refused).await.unwrap_err()), (Code::Unauthenticated, "SESSION_ENDED".to_owned()));
    }
}

#[tokio::test]
async fn a_user_who_is_deleted_while_todo_service_is_away_is_purged_when_it_is_back() {
    let mut fleet = Fleet::start(1).await.unwrap();
    let [gone] = victims(&fleet, 1).await.try_into().unwrap();
    let mut gone_client = callers(&fleet, &gone, 0).await.remove(0);
    gone_client.create_todo("to be purged").await.unwrap();
    fleet.kill_todo(0).await.unwrap();
    Act::DeleteUser.perform(&fleet, &gone, &mut gone_client, &mut fleet.client(0, 0)).await;
    fleet.restart_todo(0).await.unwrap();
    let mut database = fleet.admin().await.unwrap();
    e2e::eventually("nothing of theirs is left", async || {
        let left = "SELECT (SELECT count(*) FROM todo.todos) + (SELECT count(*) FROM todo.lists)";
        sqlx::query_scalar::<_, i64>(left).fetch_one(&mut database).await.unwrap() == 0
    })
    .await;
}
