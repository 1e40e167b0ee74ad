//! What is found again, what goes, and that no more is kept than there is room for.

use super::*;

fn known(subject: &str) -> Known {
    Known { principal: Arc::new(Principal::known(subject, "web")), generation: 1 }
}

fn subject(tokens: &KnownTokens, token: &str) -> Option<String> {
    tokens.find(token).map(|known| known.principal.subject.clone())
}

fn kept(tokens: &KnownTokens) -> usize {
    let shelves =
        tokens.0.iter().map(|shelf| shelf.lock().expect("whole").places.iter().flatten().count());
    shelves.sum()
}

/// A token whose signature ends in other letters for each number.
fn token(number: u64) -> String {
    format!("e30.e30.{:016x}", number.wrapping_mul(0xD6E8_FEB8_6659_FD93))
}

#[test]
fn a_token_is_found_by_all_of_its_bytes() {
    let tokens = KnownTokens::new(100);
    tokens.keep("head.claims-of-kim.0123456789abcdef", known("kim"));
    assert_eq!(subject(&tokens, "head.claims-of-kim.0123456789abcdef").as_deref(), Some("kim"));
    assert_eq!(subject(&tokens, "head.claims-of-lee.0123456789abcdef"), None);
    assert_eq!(subject(&tokens, ""), None);
    assert_eq!(subject(&tokens, "short"), None);
}

#[test]
fn a_token_that_is_kept_again_takes_its_own_place() {
    let tokens = KnownTokens::new(1);
    for subject in ["kim", "lee"] {
        tokens.keep(&token(7), known(subject));
    }
    assert_eq!(subject(&tokens, &token(7)).as_deref(), Some("lee"));
    assert_eq!(kept(&tokens), 1);
}

#[test]
fn whoever_nobody_asks_for_goes_first() {
    let tokens = KnownTokens::new(8);
    for number in 0..8 {
        tokens.keep(&token(number), known(&number.to_string()));
    }
    for busy in [0, 1, 3] {
        assert!(tokens.find(&token(busy)).is_some());
    }
    tokens.keep(&token(8), known("8"));
    tokens.keep(&token(9), known("9"));
    let left: Vec<u64> = (0..10).filter(|number| tokens.find(&token(*number)).is_some()).collect();
    assert_eq!(left, [0, 1, 3, 5, 6, 7, 8, 9]);
}

#[test]
fn most_of_the_room_is_used_and_never_more() {
    let tokens = KnownTokens::new(10_000);
    for number in 0..9_000 {
        tokens.keep(&token(number), known("kim"));
    }
    assert!(kept(&tokens) > 7_500, "{} of 9000 are kept", kept(&tokens));
    for number in 9_000..100_000 {
        tokens.keep(&token(number), known("kim"));
    }
    assert_eq!(kept(&tokens), 10_000);
}

#[test]
fn nothing_is_kept_where_nothing_is_to_be() {
    let tokens = KnownTokens::new(0);
    tokens.keep(&token(1), known("kim"));
    assert_eq!(subject(&tokens, &token(1)), None);
}

#[test]
fn there_is_an_end_to_the_room_whatever_is_asked_for() {
    let tokens = KnownTokens::new(u64::MAX);
    tokens.keep(&token(1), known("kim"));
    assert_eq!(subject(&tokens, &token(1)).as_deref(), Some("kim"));
    assert_eq!(tokens.0.len() * PLACES, TOKENS_MAX);
}
