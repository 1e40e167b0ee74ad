//! What requests are counted under.

use http::HeaderName;

use super::*;

fn key<'a>(by: &By, address: &str, headers: &'a HeaderMap) -> Key<'a> {
    let address = address.parse().expect("an address");
    Asker { user: None, key: None, address, headers }.key(by)
}

#[test]
fn a_client_with_many_ipv6_addresses_is_one_client() {
    let headers = HeaderMap::new();
    let by = By::Address(64);
    let key = |address| key(&by, address, &headers);
    assert_eq!(key("2001:db8:1:2::1"), key("2001:db8:1:2:ffff::9"));
    assert_ne!(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
    assert_ne!(key("192.0.2.1"), key("192.0.2.2"), "IPv4 addresses are whole");
    assert_eq!(key("192.0.2.1"), key("::ffff:192.0.2.1"), "and the same in their IPv6 clothes");
}

#[test]
fn a_request_that_lacks_what_it_is_counted_by_counts_under_its_address() {
    let mut headers = HeaderMap::new();
    let name = HeaderName::from_static("x-partner");
    for by in [By::User, By::Key, By::Header(name.clone())] {
        let counted = key(&by, "2001:db8:1:2::1", &headers);
        assert_eq!(counted, key(&By::Address(64), "2001:db8:1:2::2", &headers));
    }
    headers.insert(&name, "one".parse().expect("a value"));
    assert_eq!(key(&By::Header(name), "192.0.2.1", &headers), Key::Header(b"one"));
}

#[test]
fn a_user_and_a_key_of_the_same_name_are_not_the_same() {
    let headers = HeaderMap::new();
    let address = "192.0.2.1".parse().expect("an address");
    let asker = Asker { user: Some("kim"), key: Some("kim"), address, headers: &headers };
    let written = |by: &By| {
        let mut bytes = Vec::new();
        asker.key(by).write(&mut bytes);
        bytes
    };
    assert_ne!(asker.key(&By::User), asker.key(&By::Key));
    assert_eq!(written(&By::User), b"ukim");
    assert_eq!(written(&By::Key), b"kkim");
    assert_eq!(written(&By::Route), b"r");
}
