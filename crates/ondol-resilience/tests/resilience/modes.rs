//! A policy that is switched off while it runs lets calls pass untouched and uncounted.

use ondol_resilience::{
    Bulkhead, BulkheadOptions, Context, LoadShed, LoadShedOptions, Mode, Priority, RateLimit,
    RateLimitOptions, Reason, Rejected, Retry, RetryOptions, Safety, Timeout, TimeoutOptions,
};

use crate::rig::{Answer, Down, reason, secs};

#[tokio::test(start_paused = true)]
async fn a_bulkhead_that_is_switched_off_keeps_nobody_out() {
    let options = BulkheadOptions { calls_max: 1, queue_max: 0, ..BulkheadOptions::default() };
    let bulkhead = Bulkhead::new("test", options.clone()).unwrap();
    let _inside = bulkhead.enter(&Context::default()).await.unwrap();
    bulkhead.enter(&Context::default()).await.unwrap_err();
    bulkhead.change(BulkheadOptions { mode: Mode::Off, ..options }).unwrap();
    let _another = bulkhead.enter(&Context::default()).await.unwrap();
}

#[test]
fn a_rate_limit_that_is_switched_off_limits_nobody() {
    let options = RateLimitOptions { burst: 1, ..RateLimitOptions::default() };
    let limit = RateLimit::new("test", options.clone()).unwrap();
    limit.check(&1).unwrap();
    limit.check(&1).unwrap_err();
    limit.change(RateLimitOptions { mode: Mode::Off, ..options }).unwrap();
    limit.check(&1).unwrap();
    assert_eq!(limit.state().allowed, 1, "and counts nobody");
}

#[test]
fn load_shedding_that_is_switched_off_sheds_and_counts_nobody() {
    let options = LoadShedOptions { mode: Mode::Off, calls_max: 1, ..LoadShedOptions::default() };
    let shed = LoadShed::new("test", options).unwrap();
    let _calls = [Priority::Low; 3].map(|priority| shed.enter(priority).unwrap());
    assert_eq!((shed.state().calls, shed.state().admitted), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_time_out_that_is_switched_off_ends_nothing_and_sets_no_deadline() {
    let options = TimeoutOptions { mode: Mode::Off, ..TimeoutOptions::default() };
    let timeout = Timeout::new("test", options).unwrap();
    let answer = timeout.call(Context::default(), async |context: Context| {
        tokio::time::sleep(secs(60)).await;
        Ok::<_, Down>(context.deadline)
    });
    assert_eq!(answer.await, Ok(None));
}

#[tokio::test(start_paused = true)]
async fn a_retry_that_is_switched_off_calls_once() {
    let options = RetryOptions { mode: Mode::Off, ..RetryOptions::default() };
    let retry = Retry::new("test", options).unwrap();
    let mut calls = 0;
    let answer: Answer<()> = retry
        .call(Context::default(), Safety::Idempotent, |_| {
            calls += 1;
            std::future::ready(Err(Down))
        })
        .await;
    answer.unwrap_err();
    assert_eq!((calls, retry.state().requests), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_rejection_says_nothing_against_what_was_never_called() {
    let options = RateLimitOptions { burst: 1, ..RateLimitOptions::default() };
    let limit = RateLimit::new("test", options).unwrap();
    limit.check(&1).unwrap();
    let rejected: Rejected = limit.check(&1).unwrap_err();
    assert_eq!(rejected.verdict().outcome, ondol_resilience::Outcome::Ignored);
    assert_eq!(rejected.verdict().delivery, ondol_resilience::Delivery::NotSent);
    assert_eq!(reason::<()>(Err(rejected.into())), Reason::RateLimited);
}
