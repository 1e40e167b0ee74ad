//! Where requests come from, by what they say and who says it.

use std::net::IpAddr;

use http::{HeaderMap, HeaderValue};

use super::{came_from, household};

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

fn said(values: &[&'static str]) -> HeaderMap {
    let all = values.iter().map(|value| ("x-forwarded-for", *value));
    let pairs = all.map(|(name, value)| {
        (http::HeaderName::from_static(name), HeaderValue::from_static(value))
    });
    pairs.fold(HeaderMap::new(), |mut headers, (name, value)| {
        headers.append(name, value);
        headers
    })
}

#[test]
fn only_what_gateways_of_ours_say_is_believed() {
    let gateways = [ip("10.0.0.1"), ip("10.0.0.2")];
    let rows: [(Option<&str>, &[&str], Option<&str>); 9] = [
        (Some("192.0.2.7"), &[], Some("192.0.2.7")),
        (Some("192.0.2.7"), &["203.0.113.9"], Some("192.0.2.7")),
        (Some("10.0.0.1"), &["203.0.113.9"], Some("203.0.113.9")),
        (Some("10.0.0.1"), &["198.51.100.1, 203.0.113.9"], Some("203.0.113.9")),
        (Some("10.0.0.1"), &["203.0.113.9", "10.0.0.2"], Some("203.0.113.9")),
        (Some("10.0.0.1"), &["a guess"], Some("10.0.0.1")),
        (None, &["198.51.100.1, 203.0.113.9"], Some("203.0.113.9")),
        (None, &["::ffff:203.0.113.9"], Some("203.0.113.9")),
        (None, &[], None),
    ];
    for (peer, headers, from) in rows {
        let found = came_from(peer.map(ip), &said(headers), &gateways);
        assert_eq!(found, from.map(ip), "{peer:?} says {headers:?}");
    }
}

#[test]
fn one_household_counts_as_one_however_many_addresses_it_has() {
    let of = |text: &str| household(Some(ip(text)));
    assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff:1:2:3"));
    assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
    assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
}
