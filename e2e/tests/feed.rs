//! Log out means out: what auth-service ends is refused by every replica of todo-service, how soon, and what becomes of
//! it when either is away. Real processes, two of each.

use std::time::{Duration, Instant};

use e2e::client::PASSWORD;
use e2e::refusal::told;
use e2e::{Client, Fleet};
use proto::auth::v1::{
    ChangePasswordRequest, DeleteUserRequest, DisableUserRequest, LogInResponse, LogOutRequest,
    RevokeAllSessionsRequest, RevokeSessionRequest, Role, SetRolesRequest,
};
use proto::todo::v1::ListTodosRequest;
use tonic::{Code, Status};

/// How long a revocation may take on an idle system, in 99 of 100 cases.
const IDLE: Duration = Duration::from_millis(200);
/// The same while a thousand others happen each second.
const BUSY: Duration = Duration::from_secs(1);

/// Somebody with a session at every replica.
struct Victim {
    name: String,
    granted: LogInResponse,
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
}

const ACTS: [Act; 7] = [
    Act::LogOut,
    Act::RevokeSession,
    Act::RevokeAllSessions,
    Act::DisableUser,
    Act::SetRoles,
    Act::DeleteUser,
    Act::ChangePassword,
];

async fn victim(client: &mut Client, name: &str) -> Victim {
    client.register(name).await.unwrap();
    Victim { name: name.to_owned(), granted: client.log_in(name, PASSWORD).await.unwrap() }
}

async fn administrator(fleet: &Fleet) -> Client {
    let mut client = fleet.client(0, 0);
    client.register("admin").await.unwrap();
    let promote = "UPDATE auth.users SET roles = '{admin}' WHERE username = 'admin'";
    sqlx::query(promote).execute(&mut fleet.admin().await.unwrap()).await.unwrap();
    let granted = client.log_in("admin", PASSWORD).await.unwrap();
    client.with_token(&granted.access_token)
}

impl Act {
    /// Does it to somebody, at the replica that `own` and `admin` call.
    async fn perform(self, victim: &Victim, own: &mut Client, admin: &mut Client) {
        let (user, session) = (victim.granted.user.clone().unwrap(), victim.granted.session.clone().unwrap());
        let (name, etag) = (user.name, String::new());
        let _ = etag;
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
                drop(admin.users.disable_user(DisableUserRequest { name, ..Default::default() }).await.unwrap());
            }
            Self::SetRoles => {
                let request = SetRolesRequest { name, roles: vec![Role::Admin.into()], ..Default::default() };
                drop(admin.users.set_roles(request).await.unwrap());
            }
            Self::DeleteUser => {
                let request = DeleteUserRequest { name, password: PASSWORD.to_owned(), ..Default::default() };
                drop(own.users.delete_user(request).await.unwrap());
            }
            Self::ChangePassword => {
                let request = ChangePasswordRequest {
                    name,
                    current_password: PASSWORD.to_owned(),
                    new_password: "a lantern under the frozen harbour".to_owned(),
                    ..Default::default()
                };
                drop(own.users.change_password(request).await.unwrap());
            }
        }
    }
}

async fn read(client: &mut Client) -> Result<(), Status> {
    let request = ListTodosRequest { parent: "lists/inbox".to_owned(), ..Default::default() };
    client.todos.list_todos(request).await.map(drop)
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

/// One act, and how long each replica of todo-service then took to refuse.
async fn measure(fleet: &Fleet, act: Act, number: usize, admin: &Client) -> Vec<Duration> {
    let replica = number % fleet.auth.len();
    let mut anonymous = fleet.client(replica, 0);
    let victim = victim(&mut anonymous, &format!("victim-{number}")).await;
    let token = &victim.granted.access_token;
    let callers: Vec<Client> =
        (0..fleet.todo.len()).map(|todo| fleet.client(replica, todo).with_token(token)).collect();
    for caller in &callers {
        e2e::eventually("the token is good", async || read(&mut caller.clone()).await.is_ok()).await;
    }
    act.perform(&victim, &mut anonymous.with_token(token), &mut admin.clone()).await;
    let since = Instant::now();
    let refused = futures_util::future::join_all(callers.into_iter().map(|caller| until_refused(caller, since))).await;
    assert!(!victim.name.is_empty());
    refused
}

/// The longest of them but for the one in a hundred that may take longer.
fn p99(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[(times.len() * 99).div_ceil(100) - 1]
}

#[tokio::test]
async fn whatever_ends_a_token_ends_it_at_every_replica_within_200_ms() {
    let fleet = Fleet::start(2).await.unwrap();
    let admin = administrator(&fleet).await;
    let mut times = Vec::new();
    for number in 0..15 * ACTS.len() {
        times.extend(measure(&fleet, ACTS[number % ACTS.len()], number, &admin).await);
    }
    println!(
        "refused after {:?} (p99 of {}), {:?} at most",
        p99(times.clone()),
        times.len(),
        times.iter().max().unwrap()
    );
    assert!(p99(times) < IDLE);
}
