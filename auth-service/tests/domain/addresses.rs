use std::net::IpAddr;
use std::time::Duration;

use auth_service::addresses::{Addresses, Settings};
use service_kit::clock::Clock;
use time::macros::datetime;

fn addresses() -> (Addresses, Clock) {
    let clock = Clock::manual(datetime!(2026-01-01 00:00 UTC));
    let settings =
        Settings { address_attempts_per_minute: 60.try_into().unwrap(), address_burst: 3.try_into().unwrap() };
    (Addresses::new(&settings, clock.clone()), clock)
}

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// How many attempts are admitted at once.
fn admitted(addresses: &Addresses, from: impl Into<Option<IpAddr>> + Copy) -> usize {
    (0..10).filter(|_| addresses.admit(from.into()).is_ok()).count()
}

#[test]
fn a_burst_is_admitted_and_then_one_attempt_at_a_time() {
    let (addresses, clock) = addresses();
    let here = address("192.0.2.1");
    assert_eq!(admitted(&addresses, here), 3);
    assert_eq!(addresses.admit(Some(here)), Err(Duration::from_secs(1)));
    clock.advance(Duration::from_millis(400));
    assert_eq!(addresses.admit(Some(here)), Err(Duration::from_millis(600)));
    clock.advance(Duration::from_millis(600));
    assert_eq!(admitted(&addresses, here), 1);
    clock.advance(Duration::from_mins(1));
    assert_eq!(admitted(&addresses, here), 3);
}

#[test]
fn one_address_does_not_wait_for_another() {
    let (addresses, _) = addresses();
    for from in [Some(address("192.0.2.1")), Some(address("192.0.2.2")), Some(address("2001:db8::1")), None] {
        assert_eq!(admitted(&addresses, from), 3, "{from:?}");
    }
}

#[test]
fn a_network_of_ipv6_counts_as_one_address_and_so_does_ipv4_in_either_form() {
    let (addresses, _) = addresses();
    assert_eq!(admitted(&addresses, address("2001:db8:0:1::1")), 3);
    assert_eq!(admitted(&addresses, address("2001:db8:0:1:ffff:ffff:ffff:ffff")), 0);
    assert_eq!(admitted(&addresses, address("2001:db8:0:2::1")), 3);
    assert_eq!(admitted(&addresses, address("192.0.2.1")), 3);
    assert_eq!(admitted(&addresses, address("::ffff:192.0.2.1")), 0);
}

#[test]
fn addresses_that_no_longer_matter_are_forgotten() {
    let (addresses, clock) = addresses();
    for number in 0_u32..100_000 {
        clock.advance(Duration::from_millis(10));
        assert!(addresses.admit(Some(IpAddr::from(number.to_be_bytes()))).is_ok());
    }
    assert!(addresses.remembered() < 5000, "{}", addresses.remembered());
}
