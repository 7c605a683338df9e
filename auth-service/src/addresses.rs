//! How often one address may try what costs a hash or guesses a secret: in memory, for each process by itself. It slows
//! down one machine that tries many accounts; many machines that try one account meet [`crate::throttle`].

use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use governor::clock;
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use service_kit::clock::Clock;

/// After so many attempts the addresses that have their whole burst again are forgotten.
const SWEEP: u32 = 4096;

/// How often one address may try.
#[derive(Clone, Debug, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "Attempts")]
pub struct Settings {
    /// Calls without a token (register, log in, refresh, reset, verify) that one address may make a minute; a proxy, or
    /// a /64 of IPv6, counts as one address
    #[arg(long, env = "ADDRESS_ATTEMPTS_PER_MINUTE", default_value = "300")]
    pub address_attempts_per_minute: NonZeroU32,
    /// Such calls that one address may make at once
    #[arg(long, env = "ADDRESS_BURST", default_value = "100")]
    pub address_burst: NonZeroU32,
}

/// The addresses that tried of late.
pub struct Addresses {
    limiter: RateLimiter<Option<IpAddr>, DashMapStateStore<Option<IpAddr>>, Time, NoOpMiddleware<Duration>>,
    attempts: AtomicU32,
}

impl Addresses {
    /// None has tried yet.
    #[must_use]
    pub fn new(settings: &Settings, clock: Clock) -> Self {
        let quota = Quota::per_minute(settings.address_attempts_per_minute).allow_burst(settings.address_burst);
        Self { limiter: RateLimiter::dashmap_with_clock(quota, Time(clock)), attempts: AtomicU32::new(0) }
    }

    /// Counts an attempt, or says after which time the next one is admitted. Connections whose address is not known
    /// count as one.
    pub fn admit(&self, address: Option<IpAddr>) -> Result<(), Duration> {
        if self.attempts.fetch_add(1, Ordering::Relaxed) % SWEEP == SWEEP - 1 {
            self.limiter.retain_recent();
        }
        let now = clock::Clock::now(self.limiter.clock());
        self.limiter.check_key(&address.map(network)).map_err(|not_until| not_until.wait_time_from(now))
    }

    /// How many addresses are kept in mind: those of the last seconds, and no more than 4,096 others.
    #[must_use]
    pub fn remembered(&self) -> usize {
        self.limiter.len()
    }
}

/// What counts as one address: of IPv6 a /64, because that is the least that anybody is given.
fn network(address: IpAddr) -> IpAddr {
    const HOST: u128 = u64::MAX as u128;
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !HOST).into(),
        address @ IpAddr::V4(_) => address,
    }
}

/// The injected clock, as the limiter reads it: the time since the epoch.
#[derive(Clone)]
struct Time(Clock);

impl clock::Clock for Time {
    type Instant = Duration;

    fn now(&self) -> Duration {
        let since_epoch = self.0.now().unix_timestamp_nanos();
        u64::try_from(since_epoch).map_or(Duration::ZERO, Duration::from_nanos)
    }
}
