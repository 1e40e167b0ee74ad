//! Ranges of addresses.

use super::Network;

fn holds(network: &str, address: &str) -> bool {
    let network: Network = network.parse().expect("a network");
    network.contains(address.parse().expect("an address"))
}

#[test]
fn a_range_holds_what_shares_its_bits_and_nothing_else() {
    assert!(holds("10.0.0.0/8", "10.255.1.2"));
    assert!(!holds("10.0.0.0/8", "11.0.0.1"));
    assert!(holds("0.0.0.0/0", "1.2.3.4"));
    assert!(!holds("0.0.0.0/0", "::2"));
    assert!(holds("::/0", "1.2.3.4"));
    assert!(holds("fd00::/8", "fd12::1"));
    assert!(!holds("fd00::/8", "fe00::1"));
}

#[test]
fn an_address_is_itself_also_in_ipv6_clothes() {
    assert!(holds("127.0.0.1", "127.0.0.1"));
    assert!(holds("127.0.0.1", "::ffff:127.0.0.1"));
    assert!(!holds("127.0.0.1", "127.0.0.2"));
}

#[test]
fn nonsense_is_refused() {
    for text in ["", "10.0.0.0/33", "::/129", "10.0.0/8", "10.0.0.0/-1", "host"] {
        assert!(text.parse::<Network>().is_err(), "{text}");
    }
}
