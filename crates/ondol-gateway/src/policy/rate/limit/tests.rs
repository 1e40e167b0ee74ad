//! Limits as people write them.

use super::*;

fn read(text: &str) -> Limit {
    text.parse().expect("a limit")
}

#[test]
fn a_hundred_a_minute_per_user_is_one_line() {
    let limit = read("100 / minute per user");
    assert_eq!(limit, Limit { calls: 100, per: Duration::from_secs(60), by: By::User });
    assert_eq!(read("100/minute per user"), limit);
    assert_eq!(read("  100 /  60s  per  user ").by, By::User);
}

#[test]
fn a_limit_is_per_whatever_it_says_and_of_the_whole_route_otherwise() {
    assert_eq!(read("5 / 10s").by, By::Route);
    assert_eq!(read("5 / 10 seconds per key").by, By::Key);
    assert_eq!(read("5 / hour per ip").by, By::Address(64));
    assert_eq!(read("5 / day per ip/56").by, By::Address(56));
    let header = HeaderName::from_static("x-partner");
    assert_eq!(read("5 / second per header X-Partner").by, By::Header(header));
}

#[test]
fn what_is_no_limit_is_refused_with_what_was_wrong() {
    let wrong = |text: &str| text.parse::<Limit>().expect_err("no limit").to_string();
    assert_eq!(wrong("100"), "a limit is like `100 / minute per user`");
    assert!(wrong("0 / minute").starts_with("`0` is not a number"));
    assert!(wrong("-1 / minute").starts_with("`-1` is not a number"));
    assert!(wrong("10 / fortnight").starts_with("`fortnight` is not a time"));
    assert!(wrong("10 / 0s").starts_with("`0s` is not a time"));
    assert!(wrong("10 / -5s").starts_with("`-5s` is not a time"));
    assert!(wrong("10 / minute per usr").starts_with("`usr`: a limit is per"));
    assert!(wrong("10 / minute per ip/129").starts_with("`ip/129`"));
    assert!(wrong("10 / minute per header a b").starts_with("`header a b`"));
}

#[test]
fn so_many_at_once_are_read_too() {
    let at_once: AtOnce = "5 per user".parse().expect("a limit");
    assert_eq!(at_once, AtOnce { calls: 5, by: By::User });
    assert_eq!("5 / minute per user".parse::<AtOnce>(), Err(LimitError::AtOnce));
}
