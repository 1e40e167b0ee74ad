//! The numbers of RFC 6238, and base32 of RFC 4648.

use super::*;

#[test]
fn the_numbers_are_those_of_the_standard() {
    let secret = b"12345678901234567890";
    for (now, number) in [(59, "287082"), (1_111_111_109, "081804"), (2_000_000_000, "279037")] {
        assert_eq!(number_at(secret, now / 30), number);
        assert_eq!(step_of(secret, number, now), Some(now / 30));
        assert_eq!(step_of(secret, number, now + 30), Some(now / 30), "a clock may be off");
        assert_eq!(step_of(secret, number, now + 90), None);
    }
    assert_eq!(step_of(secret, "28708", 59), None);
    assert_eq!(base32(b"12345678901234567890"), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    assert_eq!(base32(b"f"), "MY");
}
