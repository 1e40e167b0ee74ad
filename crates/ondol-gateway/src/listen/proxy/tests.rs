//! PROXY headers.

use proptest::prelude::*;

use super::{read_addresses, read_line};

#[test]
fn a_line_says_who_the_client_is() {
    let said = read_line(b"PROXY TCP4 192.0.2.1 198.51.100.1 5000 443\r\n");
    assert_eq!(said, Some(Some("192.0.2.1:5000".parse().expect("an address"))));
    assert_eq!(read_line(b"PROXY UNKNOWN\r\n"), Some(None));
    let six = read_line(b"PROXY TCP6 2001:db8::1 2001:db8::2 5000 443\r\n");
    assert_eq!(six, Some(Some("[2001:db8::1]:5000".parse().expect("an address"))));
}

#[test]
fn a_line_that_is_not_exactly_one_is_refused() {
    for line in [
        "PROXY TCP4 192.0.2.1 198.51.100.1 5000 443\n",
        "PROXY TCP4 192.0.2.1 198.51.100.1 5000\r\n",
        "PROXY TCP4 2001:db8::1 2001:db8::2 5000 443\r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.1 65536 443\r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.1 5000 443 x\r\n",
        "PROXY  TCP4 192.0.2.1 198.51.100.1 5000 443\r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.1 +80 443\r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.1 80 -0\r\n",
        "GET / HTTP/1.1\r\n",
    ] {
        assert_eq!(read_line(line.as_bytes()), None, "{line:?}");
    }
}

#[test]
fn a_binary_header_that_is_too_short_is_refused() {
    let whole = [192, 0, 2, 1, 198, 51, 100, 1, 0x13, 0x88, 1, 0xbb];
    let said = read_addresses(0x21, 0x11, &whole);
    assert_eq!(said, Some(Some("192.0.2.1:5000".parse().expect("an address"))));
    for length in 0..whole.len() {
        assert_eq!(read_addresses(0x21, 0x11, &whole[..length]), None);
    }
    assert_eq!(read_addresses(0x20, 0x11, &[]), Some(None));
    assert_eq!(read_addresses(0x11, 0x11, &whole), None);
}

proptest! {
    #[test]
    fn nothing_makes_it_panic(version: u8, family: u8, rest: Vec<u8>) {
        read_addresses(version, family, &rest);
        read_line(&rest);
    }
}
