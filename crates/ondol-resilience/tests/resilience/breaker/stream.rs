//! The three breakers of the video service, from the file that is shipped, through every move.

use std::time::Duration;

use ondol_resilience::{Breaker, Doors, Error, Registry};

use crate::rig::{millis, secs};

const FILE: &str = include_str!("../../../examples/stream.toml");

fn breaker(name: &str) -> Breaker {
    let registry = Registry::from_toml(FILE, &Doors::default()).expect("the shipped file is good");
    registry.find(name).expect("the shipped file has this breaker")
}

async fn call(breaker: &Breaker, good: bool) -> bool {
    let answer = breaker.call(async || if good { Ok(()) } else { Err("down") }).await;
    !matches!(answer, Err(Error::Rejected(_)))
}

fn state(breaker: &Breaker) -> &'static str {
    breaker.state().state
}

/// Fails until it opens, checks after how many and for how long, and stops at the first probe.
async fn open_and_wait(breaker: &Breaker, failures: u32, lasts: Duration) {
    for failed in 0..failures {
        assert_eq!(state(breaker), "closed", "after {failed} failures");
        assert!(call(breaker, false).await);
    }
    wait_open(breaker, lasts).await;
}

async fn wait_open(breaker: &Breaker, lasts: Duration) {
    assert_eq!(state(breaker), "open");
    tokio::time::advance(lasts - millis(1)).await;
    assert!(!call(breaker, true).await, "still open a millisecond before");
    tokio::time::advance(millis(1)).await;
}

/// Calls until `results` were let through; answers how many were asked.
async fn until_through(breaker: &Breaker, results: u32) -> u32 {
    let (mut asked, mut through) = (0, 0);
    while through < results {
        asked += 1;
        through += u32::from(call(breaker, true).await);
    }
    asked
}

#[tokio::test(start_paused = true)]
async fn the_content_network_comes_back_at_10_then_50_then_100_percent() {
    let cdn = breaker("cdn");
    open_and_wait(&cdn, 5, secs(30)).await;
    assert!(call(&cdn, false).await, "the first probe, which fails");
    wait_open(&cdn, secs(30)).await;
    assert!(call(&cdn, true).await, "the second probe");
    for (results, expected) in [(20, 200), (50, 100), (100, 100)] {
        assert_eq!(state(&cdn), "recovering");
        let asked = until_through(&cdn, results).await;
        assert!(asked.abs_diff(expected) <= expected / 10, "{results} of {asked}");
    }
    assert_eq!(state(&cdn), "closed");
}

#[tokio::test(start_paused = true)]
async fn the_content_network_opens_again_when_a_step_fails() {
    let cdn = breaker("cdn");
    open_and_wait(&cdn, 5, secs(30)).await;
    assert!(call(&cdn, true).await);
    until_through(&cdn, 20).await;
    let mut failed = 0;
    while state(&cdn) == "recovering" {
        failed += u32::from(call(&cdn, false).await);
    }
    assert_eq!(failed, 5, "five in a row");
    wait_open(&cdn, secs(30)).await;
    assert!(call(&cdn, true).await);
    assert_eq!(until_through(&cdn, 1).await.min(2), 1);
}

#[tokio::test(start_paused = true)]
async fn payment_opens_after_3_for_60_seconds_and_one_probe_closes_it() {
    let payment = breaker("payment");
    open_and_wait(&payment, 3, secs(60)).await;
    assert!(call(&payment, false).await);
    wait_open(&payment, secs(60)).await;
    assert!(call(&payment, true).await);
    assert_eq!(state(&payment), "closed");
}

#[tokio::test(start_paused = true)]
async fn recommendation_opens_after_10_for_15_seconds_and_one_probe_closes_it() {
    let recommendation = breaker("recommendation");
    open_and_wait(&recommendation, 10, secs(15)).await;
    assert!(call(&recommendation, false).await);
    wait_open(&recommendation, secs(15)).await;
    assert!(call(&recommendation, true).await);
    assert_eq!(state(&recommendation), "closed");
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_hangs_gives_way_after_its_wait() {
    let payment = breaker("payment");
    open_and_wait(&payment, 3, secs(60)).await;
    let hanging = payment.clone();
    let probe = hanging.call(std::future::pending::<Result<(), &str>>);
    assert!(tokio::time::timeout(millis(1), probe).await.is_err(), "dropped: its place is free");
    assert!(call(&payment, true).await);
    assert_eq!(state(&payment), "closed");
}
