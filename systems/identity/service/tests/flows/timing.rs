//! How long signing in takes says nothing about who is known.
//!
//! What is measured here is the work, in time of the processor: it is the same however much else the
//! machine has to do. How long somebody waits for an answer also depends on who else waits.

use std::time::Duration;

use http::StatusCode;
use rustix::time::{ClockId, clock_gettime};

use crate::browser::{Browser, PASSWORD};
use crate::house::House;

/// How often each of the two is tried: a thousand times in all.
const TRIES: usize = 500;
/// As far as both may lie apart.
const APART_MAX_MILLIS: f64 = 5.0;

/// A password that costs less than half of what it does by default, so that a thousand take a
/// quarter of a minute, and still more than the difference that would be seen; and nobody is
/// stopped for guessing.
const LESS: &str = "password_memory_kib = 8192\npassword_passes = 2\n\
                          failures_account_max = 1000000\nfailures_address_max = 1000000\n";

/// What this process has worked so far.
fn worked() -> Duration {
    let worked = clock_gettime(ClockId::ProcessCPUTime);
    Duration::try_from(worked).expect("a process has worked for some time")
}

/// Milliseconds of work that one try costs.
async fn cost(browser: &mut Browser<'_>, email: &str) -> f64 {
    let before = worked();
    let pairs = [("email", email), ("password", "a wrong password")];
    let answer = browser.post("/sign-in", &pairs).await;
    let cost = worked().saturating_sub(before);
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}", answer.text);
    cost.as_secs_f64() * 1e3
}

fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
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
    let (mut of_known, mut apart) = (Vec::new(), Vec::new());
    for tried in 0..TRIES {
        let nobody = format!("nobody{tried}@example.kr");
        // Each comes first as often as the other: what drifts drifts for both.
        let (known, unknown) = if tried % 2 == 0 {
            let known = cost(&mut browser, "kim@example.kr").await;
            (known, cost(&mut browser, &nobody).await)
        } else {
            let unknown = cost(&mut browser, &nobody).await;
            (cost(&mut browser, "kim@example.kr").await, unknown)
        };
        of_known.push(known);
        apart.push(known - unknown);
    }
    let (known, apart) = (median(of_known), median(apart));
    assert!(apart.abs() < APART_MAX_MILLIS, "{apart} ms apart, of {known} ms");
    assert!(known > APART_MAX_MILLIS, "a hash costs more than what would be seen: {known} ms");
}
