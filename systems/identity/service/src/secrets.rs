//! Secrets that are given away, and the hashes by which they are kept.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use ondol_auth::encode;
use ondol_doors::Rng;

/// A secret of 256 bits.
pub(crate) fn drawn(rng: &dyn Rng) -> String {
    let mut bytes = [0; 32];
    rng.fill(&mut bytes);
    encode(bytes)
}

/// What is kept of a secret.
pub(crate) fn hash(secret: &str) -> String {
    encode(digest(&SHA256, secret.as_bytes()))
}

/// Whether two texts are the same, in the same time wherever they differ.
pub(crate) fn same(one: &str, other: &str) -> bool {
    verify_slices_are_equal(one.as_bytes(), other.as_bytes()).is_ok()
}

/// Letters for a code that people type: no vowels, nothing that looks like something else.
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";

/// A code that people type: `BDWP-HQPK`.
pub(crate) fn typed_code(rng: &dyn Rng) -> String {
    let letter = || {
        let at = usize::try_from(rng.below(20)).unwrap_or(0);
        char::from(LETTERS[at.min(19)])
    };
    let mut code: String = (0..8).map(|_| letter()).collect();
    code.insert(4, '-');
    code
}

/// The same code however it was typed.
pub(crate) fn typed(code: &str) -> String {
    let letters = code.chars().filter(char::is_ascii_alphanumeric);
    letters.map(|letter| letter.to_ascii_uppercase()).collect()
}
