//! Time stands still but for the waits: tokio moves it when nothing else is to be done.

use std::time::Duration;

use aws_lc_rs::signature::Ed25519KeyPair;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use hyper_util::rt::TokioIo;
use proto::auth::v1 as wire;
use proto::auth::v1::auth_service_server::{AuthService, AuthServiceServer};
use service_kit::clock::Clock;
use service_kit::entropy::Entropy;
use service_kit::token::{Jwk, Keys};
use time::macros::datetime;
use todo_service::grpc::keys::KeyFetcher;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};
use tonic::transport::{Endpoint, Server, Uri};
use tonic::{Request, Response, Status};
use tower::service_fn;

use crate::support::tokens::{Issuer, jwk, verifier};

/// What auth-service says about the life of its answers.
const LIFE: Duration = Duration::from_mins(10);

/// What auth-service answers, and how often it was asked.
#[derive(Clone)]
struct Auth {
    clock: Clock,
    answer: watch::Sender<Option<Vec<Jwk>>>,
    asked: watch::Sender<u32>,
}

#[tonic::async_trait]
impl AuthService for Auth {
    async fn get_jwks(&self, _: Request<wire::GetJwksRequest>) -> Result<Response<wire::Jwks>, Status> {
        self.asked.send_modify(|asked| *asked += 1);
        let keys = self.answer.borrow().clone().ok_or_else(|| Status::unavailable("down"))?;
        let expires = self.clock.now() + LIFE;
        let cache_expire_time = Some(prost_types::Timestamp { seconds: expires.unix_timestamp(), nanos: 0 });
        let keys = keys.into_iter().map(to_wire).collect();
        Ok(Response::new(wire::Jwks { keys, jwks_json: String::new(), cache_expire_time }))
    }

    async fn register(&self, _: Request<wire::RegisterRequest>) -> Result<Response<wire::User>, Status> {
        Err(Status::unimplemented("not asked for"))
    }

    async fn log_in(&self, _: Request<wire::LogInRequest>) -> Result<Response<wire::LogInResponse>, Status> {
        Err(Status::unimplemented("not asked for"))
    }

    async fn refresh_tokens(
        &self,
        _: Request<wire::RefreshTokensRequest>,
    ) -> Result<Response<wire::RefreshTokensResponse>, Status> {
        Err(Status::unimplemented("not asked for"))
    }

    async fn log_out(&self, _: Request<wire::LogOutRequest>) -> Result<Response<wire::LogOutResponse>, Status> {
        Err(Status::unimplemented("not asked for"))
    }

    async fn request_password_reset(
        &self,
        _: Request<wire::RequestPasswordResetRequest>,
    ) -> Result<Response<wire::RequestPasswordResetResponse>, Status> {
        Err(Status::unimplemented("not asked for"))
    }

    async fn reset_password(
        &self,
        _: Request<wire::ResetPasswordRequest>,
    ) -> Result<Response<wire::ResetPasswordResponse>, Status> {
        Err(Status::unimplemented("not asked for"))
    }

    async fn request_email_verification(
        &self,
        _: Request<wire::RequestEmailVerificationRequest>,
    ) -> Result<Response<wire::RequestEmailVerificationResponse>, Status> {
        Err(Status::unimplemented("not asked for"))
    }

    async fn verify_email(
        &self,
        _: Request<wire::VerifyEmailRequest>,
    ) -> Result<Response<wire::VerifyEmailResponse>, Status> {
        Err(Status::unimplemented("not asked for"))
    }
}

fn to_wire(Jwk { kty, crv, alg, use_, kid, x }: Jwk) -> wire::Jwk {
    wire::Jwk { kty, crv, alg, r#use: use_, kid, x }
}

/// A fetcher at work, and both ends of it.
struct Bench {
    auth: Auth,
    asked: watch::Receiver<u32>,
    issuer: Issuer,
    verifier: service_kit::token::Verifier,
}

impl Bench {
    fn start() -> Self {
        let clock = Clock::manual(datetime!(2026-11-21 12:00 UTC));
        let (answer, asked) = (watch::Sender::new(None), watch::Sender::new(0));
        let auth = Auth { clock: clock.clone(), answer, asked };
        let keys = Keys::default();
        let bench = Self {
            asked: auth.asked.subscribe(),
            issuer: Issuer::new(clock.clone()),
            verifier: verifier(keys.clone(), clock.clone()),
            auth: auth.clone(),
        };
        // In memory: while bytes wait in a real socket, tokio would think that nothing is to be done.
        let connect = service_fn(move |_: Uri| {
            let (ours, theirs) = tokio::io::duplex(64 * 1024);
            let service = AuthServiceServer::new(auth.clone());
            let incoming = tokio_stream::once(Ok::<_, std::io::Error>(theirs));
            tokio::spawn(Server::builder().add_service(service).serve_with_incoming(incoming));
            async move { Ok::<_, std::io::Error>(TokioIo::new(ours)) }
        });
        let channel = Endpoint::from_static("http://auth.test").connect_with_connector_lazy(connect);
        tokio::spawn(KeyFetcher::new(channel, keys, clock, Entropy::seeded(7)).run());
        bench
    }

    fn answers(&self, keys: &[Jwk]) {
        self.auth.answer.send_replace(Some(keys.to_vec()));
    }

    async fn asked_times(&mut self, times: u32) {
        self.asked.wait_for(|asked| *asked >= times).await.unwrap();
    }

    fn accepts_its_tokens(&self) -> bool {
        self.verifier.verify(&self.issuer.token(uuid::Uuid::max())).is_ok()
    }

    /// Waits for the fetch under way to have its effect.
    async fn settled() {
        sleep(Duration::from_millis(50)).await;
    }

    fn sees_a_token_under(&self, kid: &str) {
        let header = format!(r#"{{"alg":"EdDSA","typ":"at+jwt","kid":"{kid}"}}"#);
        self.verifier.verify(&format!("{}.e30.AA", BASE64.encode(header))).unwrap_err();
    }
}

#[tokio::test(start_paused = true)]
async fn keys_are_fetched_at_once() {
    let mut bench = Bench::start();
    bench.answers(&[bench.issuer.jwk()]);
    bench.asked_times(1).await;
    Bench::settled().await;
    assert!(bench.accepts_its_tokens());
}

#[tokio::test(start_paused = true)]
async fn keys_are_fetched_again_before_they_expire() {
    let mut bench = Bench::start();
    bench.answers(&[bench.issuer.jwk()]);
    bench.asked_times(1).await;
    for times in 2..12 {
        let before = Instant::now();
        bench.asked_times(times).await;
        let pause = before.elapsed();
        assert!(pause >= LIFE / 2 && pause <= LIFE.mul_f64(0.91), "{pause:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn any_number_of_unknown_keys_makes_one_fetch_in_thirty_seconds() {
    let mut bench = Bench::start();
    bench.answers(&[bench.issuer.jwk()]);
    bench.asked_times(1).await;
    Bench::settled().await;
    for second in 0..95 {
        for n in 0..100 {
            bench.sees_a_token_under(&format!("unknown-{second}-{n}"));
        }
        sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(*bench.asked.borrow(), 1 + 3, "at 30, 60 and 90 seconds");
}

#[tokio::test(start_paused = true)]
async fn an_unknown_key_is_looked_for_at_once_when_nobody_asked_for_long() {
    let mut bench = Bench::start();
    bench.answers(&[jwk("other", &Ed25519KeyPair::generate().unwrap())]);
    bench.asked_times(1).await;
    sleep(Duration::from_secs(31)).await;
    bench.answers(&[bench.issuer.jwk()]);
    let before = Instant::now();
    assert!(!bench.accepts_its_tokens());
    bench.asked_times(2).await;
    assert!(before.elapsed() < Duration::from_millis(10));
    Bench::settled().await;
    assert!(bench.accepts_its_tokens());
}

#[tokio::test(start_paused = true)]
async fn the_old_keys_stay_while_auth_service_is_away() {
    let mut bench = Bench::start();
    bench.answers(&[bench.issuer.jwk()]);
    bench.asked_times(1).await;
    bench.auth.answer.send_replace(None);
    bench.asked_times(5).await;
    assert!(bench.accepts_its_tokens());
}

#[tokio::test(start_paused = true)]
async fn tries_that_fail_come_further_and_further_apart() {
    let mut bench = Bench::start();
    let mut longest = Duration::ZERO;
    for times in 1..20 {
        let before = Instant::now();
        bench.asked_times(times).await;
        longest = longest.max(before.elapsed());
    }
    assert!(longest > Duration::from_secs(15) && longest <= Duration::from_secs(30), "{longest:?}");
    bench.answers(&[bench.issuer.jwk()]);
    bench.asked_times(20).await;
    Bench::settled().await;
    assert!(bench.accepts_its_tokens());
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_cannot_be_right_replaces_nothing() {
    for wrong in [vec![], vec![Jwk { crv: "X25519".into(), ..jwk("test", &Ed25519KeyPair::generate().unwrap()) }]] {
        let mut bench = Bench::start();
        bench.answers(&[bench.issuer.jwk()]);
        bench.asked_times(1).await;
        bench.answers(&wrong);
        bench.asked_times(3).await;
        assert!(bench.accepts_its_tokens());
    }
}
