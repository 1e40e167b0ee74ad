//! Signatures, as whoever receives them works them out.

use super::*;

#[test]
fn a_signature_covers_the_moment_and_the_body() {
    let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000).expect("a time");
    let said = signature(b"between us", at(1_764_288_000), b"{}");
    // Worked out with OpenSSL: printf '1764288000.{}' | openssl dgst -sha256 -hmac 'between us'
    assert_eq!(
        said,
        "t=1764288000,v1=f6c3955b66334e13d68e9ba0aa25d37c40924b6dd9579431eb1f14f883bf5809"
    );
    assert_ne!(said, signature(b"between us", at(1_764_288_000), b"{ }"));
    assert_ne!(said, signature(b"between you", at(1_764_288_000), b"{}"));
    let later = signature(b"between us", at(1_764_288_001), b"{}");
    assert_ne!(said.split_once(",v1="), later.split_once(",v1="));
    assert!(later.starts_with("t=1764288001,"));
}
