//! The timeout and its deadline.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use http::HeaderMap;
use ondol_resilience::{
    Carried, Context, LiftLayer, Mode, Reason, TIME_LEFT, Tick, Time, Timeout, TimeoutOptions,
    read_time_left, write_time_left,
};
use tower::{ServiceBuilder, ServiceExt, service_fn};

use crate::rig::{Answer, Down, Rig, millis, now, reason, secs};

fn timeout(options: TimeoutOptions) -> Timeout {
    Timeout::new("test", options).unwrap()
}

fn a_second() -> TimeoutOptions {
    TimeoutOptions { within: secs(1), ..TimeoutOptions::default() }
}

async fn ask(timeout: &Timeout, context: Context, takes_ms: u64) -> Answer<Option<Tick>> {
    let inner = service_fn(move |request: Carried<()>| async move {
        tokio::time::sleep(millis(takes_ms)).await;
        Ok::<_, Down>(request.context.deadline)
    });
    let service = ServiceBuilder::new().layer(timeout.layer()).layer(LiftLayer).service(inner);
    service.oneshot(Carried { context, ..Carried::new(()) }).await
}

#[tokio::test(start_paused = true)]
async fn a_call_ends_in_its_time_and_not_before() {
    let timeout = timeout(a_second());
    ask(&timeout, Context::default(), 999).await.unwrap();
    let began = now();
    assert_eq!(reason(ask(&timeout, Context::default(), 5_000).await), Reason::TimedOut);
    assert_eq!(now().since(began), secs(1));
    assert_eq!(timeout.state().timed_out, 1);
}

#[tokio::test(start_paused = true)]
async fn the_earlier_deadline_holds_and_travels_with_the_request() {
    let timeout = timeout(a_second());
    let now = Time::tokio().now();
    let told = ask(&timeout, Context::default(), 1).await.unwrap();
    assert_eq!(told, Some(now.after(secs(1))));
    let now = Time::tokio().now();
    let hurried = Context { deadline: Some(now.after(millis(300))), ..Context::default() };
    assert_eq!(ask(&timeout, hurried.clone(), 1).await.unwrap(), hurried.deadline);
    assert_eq!(reason(ask(&timeout, hurried, 400).await), Reason::TimedOut);
    let patient =
        Context { deadline: Some(Time::tokio().now().after(secs(60))), ..Context::default() };
    assert_eq!(reason(ask(&timeout, patient, 2_000).await), Reason::TimedOut);
}

#[tokio::test(start_paused = true)]
async fn a_call_whose_deadline_has_passed_is_not_sent() {
    let timeout = timeout(a_second());
    let sent = AtomicUsize::new(0);
    let context = Context { deadline: Some(Time::tokio().now()), ..Context::default() };
    let answer = timeout
        .call(context, async |_| {
            sent.fetch_add(1, Ordering::Relaxed);
            Ok::<_, Down>(())
        })
        .await;
    assert_eq!(reason(answer), Reason::DeadlinePassed);
    assert_eq!(sent.into_inner(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_given_up_is_dropped() {
    let timeout = timeout(a_second());
    let alive = Arc::new(());
    let held = Arc::clone(&alive);
    let answer = timeout
        .call(Context::default(), async move |_| {
            std::future::pending::<()>().await;
            drop(held);
            Ok::<_, Down>(())
        })
        .await;
    assert_eq!(reason(answer), Reason::TimedOut);
    assert_eq!(Arc::strong_count(&alive), 1);
}

#[tokio::test(start_paused = true)]
async fn observing_counts_and_lets_the_call_end() {
    let timeout = timeout(TimeoutOptions { mode: Mode::Observe, ..a_second() });
    assert_eq!(ask(&timeout, Context::default(), 5_000).await, Ok(None));
    assert_eq!(timeout.state().would_time_out, 1);
}

#[test]
fn between_processes_it_travels_as_the_time_that_is_left() {
    let rig = Rig::new();
    let mut headers = HeaderMap::new();
    write_time_left(&mut headers, &rig.doors.time, rig.doors.time.now().after(millis(750)));
    assert_eq!(headers[TIME_LEFT], "750");
    let other = Rig::new();
    other.wait(secs(77));
    let mut context = Context::default();
    read_time_left(&headers, &other.doors.time, &mut context);
    assert_eq!(context.deadline, Some(other.doors.time.now().after(millis(750))));
    headers.insert(TIME_LEFT, "99999999999999999999999".parse().unwrap());
    let mut context = Context::default();
    read_time_left(&headers, &other.doors.time, &mut context);
    assert_eq!(context.deadline, None, "nonsense is no deadline");
}
