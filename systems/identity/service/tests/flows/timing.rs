//! How long signing in takes says nothing about who is known.

use std::time::{Duration, Instant};

use http::StatusCode;

use crate::browser::{Browser, PASSWORD};
use crate::house::House;

/// How often each is tried.
const TRIES: usize = 1_000;
/// As far as both may lie apart.
const APART_MAX: Duration = Duration::from_millis(5);

/// A password that costs less than half of what it does by default, so that two thousand take half
/// a minute, and still more than the difference that would be seen; and nobody is stopped for guessing.
const LESS: &str = "password_memory_kib = 8192\npassword_passes = 2\n\
                          failures_account_max = 1000000\nfailures_address_max = 1000000\n";

#[expect(clippy::disallowed_methods, reason = "what an attacker measures is real time")]
async fn took(browser: &mut Browser<'_>, email: &str) -> Duration {
    let began = Instant::now();
    let pairs = [("email", email), ("password", "a wrong password")];
    let answer = browser.post("/sign-in", &pairs).await;
    let took = began.elapsed();
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}", answer.text);
    took
}

fn median(mut all: Vec<Duration>) -> Duration {
    all.sort();
    all[all.len() / 2]
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_takes_as_long_for_whoever_is_unknown_as_for_the_known() {
    let house = House::open_with(LESS);
    let mut browser = Browser::new(&house);
    browser.register("kim@example.kr").await;
    browser.get("/account").await;
    assert_eq!(browser.sign_in("kim@example.kr", PASSWORD).await.status, StatusCode::SEE_OTHER);
    let mut browser = Browser::new(&house);
    browser.get("/account").await;
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for tried in 0..TRIES {
        known.push(took(&mut browser, "kim@example.kr").await);
        unknown.push(took(&mut browser, &format!("nobody{tried}@example.kr")).await);
    }
    let (known, unknown) = (median(known), median(unknown));
    assert!(known.abs_diff(unknown) < APART_MAX, "known {known:?}, unknown {unknown:?}");
    assert!(known > APART_MAX, "a hash costs more than what would be seen: {known:?}");
}
