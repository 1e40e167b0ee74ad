//! What is hidden, and what is not.

use proptest::prelude::*;

use super::{HIDDEN, TEXT_BYTES_MAX, field, is_secret, text};

/// What must never go out, and what stands before it in a text.
const NEVER_OUT: [(&str, &str); 25] = [
    ("no user ", "kim.younghee@example.co.kr"),
    ("mail%20to=", "kim%40example.com"),
    ("<", "이순신@예시.한국"),
    ("call ", "010-1234-5678"),
    ("call ", "+82 10 1234 5678"),
    ("call ", "+82-10-1234-5678"),
    ("phone:", "01012345678"),
    ("", "(555) 123-4567"),
    ("card ", "4111 1111 1111 1111"),
    ("card=", "4111111111111111"),
    ("\"number\":\"", "5500-0000-0000-0004"),
    ("born ", "901231-1234567"),
    ("Authorization: ", "Digest username=kim"),
    ("{\"authorization\": Some(\"", "Digest xyz"),
    ("cookie: ", "session=s3cr3t; theme=dark"),
    ("set-cookie=", "session=s3cr3t"),
    ("sent Bearer ", "mF_9.B5f-4.1JqM"),
    ("Basic ", "a2ltOnBhc3N3b3Jk"),
    ("got ", "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJraW0ifQ.c2lnbmF0dXJl"),
    ("password=", "hunter2hunter2"),
    ("{\"client_secret\":\"", "a b c"),
    ("refresh_token: Some(\"", "zzz-1"),
    ("GET /callback?code=", "splxlOBeZQQYbYS6WxSbIA"),
    ("postgres://ondol:", "verysecret"),
    ("api_key = ", "abc123def"),
];

#[test]
fn what_is_known_of_people_and_what_opens_doors_is_hidden() {
    for (before, secret) in NEVER_OUT {
        let end = if before.contains("://") { "@localhost/db" } else { "" };
        let told = text(&format!("it failed: {before}{secret}{end}"));
        assert!(!told.contains(secret), "{told}");
        assert!(told.starts_with("it failed: ") && told.contains('['), "{told}");
    }
}

#[test]
fn what_is_nobodys_is_told_as_it_is() {
    let whole = [
        "listening at 127.0.0.1:8080 and [::1]:8081",
        "2026-11-29T05:12:46.123456Z took 00:00:01.250",
        "the stream account:0193a5f2-1111-7222-8333-444455556666 is parked at 1234567890123",
        "file 00000000000000000042.log at offset 67108864 of 1073741824",
        "trace 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "order 1111-2222-3333-4444-5555 has 3 x 12,000 KRW",
        "the token is of another issuer",
        "0123456789abcdef0123456789abcdef",
    ];
    for told in whole {
        assert_eq!(text(told), told);
    }
}

#[test]
fn the_name_of_a_field_is_enough_to_hide_it() {
    for name in [
        "authorization",
        "http.request.header.authorization",
        "Set-Cookie",
        "user.email",
        "x-api-key",
        "access_token",
        "new_password",
        "otp",
        "customer.phone",
        "cookie",
    ] {
        assert_eq!(field(name, "anything"), HIDDEN, "{name}");
    }
    for name in ["message", "shopping", "tokens_left.count", "error", "stream", "spin", "address"] {
        assert!(!is_secret(name), "{name}");
    }
}

#[test]
fn a_long_text_is_cut_and_nothing_is_cut_in_two_and_told() {
    let secret = "4111 1111 1111 1111";
    for at in (TEXT_BYTES_MAX - 300)..TEXT_BYTES_MAX {
        let told = text(&format!("{} {secret}", "x".repeat(at - 1)));
        assert!(told.len() <= TEXT_BYTES_MAX && !told.contains("4111"), "at {at}");
    }
}

proptest! {
    #[test]
    fn wherever_it_stands_it_is_hidden(before in "[^0-9a-zA-Z@%+\\[\\]._'-]{0,40}", which in 0..9usize, after in "[ ,;)\"]{1,3}[a-z ]{0,20}") {
        let (_, secret) = NEVER_OUT[which];
        let told = text(&format!("{before} {secret}{after}"));
        prop_assert!(!told.contains(secret), "{}", told);
    }

    #[test]
    fn any_text_is_masked_within_bounds_and_masking_again_changes_nothing_secret(any in ".{0,400}") {
        let told = text(&any);
        prop_assert!(told.len() <= any.len() * 4 + 64);
    }
}
