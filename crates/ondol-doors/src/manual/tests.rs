//! A clock that stands still until it is moved, moved.

use std::sync::Arc;

use super::*;

#[tokio::test]
async fn a_sleeper_wakes_when_its_time_has_come_and_not_before() {
    let clock = Arc::new(ManualClock::at(Timestamp::EPOCH));
    let mut sleep = clock.sleep(Duration::from_secs(10));
    clock.advance(Duration::from_secs(9));
    assert!(futures_poll(&mut sleep).await.is_none(), "one second is still to come");
    clock.advance(Duration::from_secs(1));
    assert!(futures_poll(&mut sleep).await.is_some(), "its time has come");
}

#[tokio::test]
async fn a_jump_of_the_time_of_day_wakes_nobody() {
    let clock = ManualClock::at(Timestamp::EPOCH);
    clock.advance(Duration::from_secs(5));
    let mut sleep = clock.sleep(Duration::from_secs(1));
    let tomorrow = Timestamp::from_micros(86_400_000_000).expect("a day is in range");
    clock.jump_to(tomorrow);
    assert_eq!(clock.now(), tomorrow);
    assert_eq!(clock.running(), Duration::from_secs(5));
    assert!(futures_poll(&mut sleep).await.is_none());
}

async fn futures_poll(sleep: &mut Sleep) -> Option<()> {
    std::future::poll_fn(|ctx| {
        std::task::Poll::Ready(match sleep.as_mut().poll(ctx) {
            std::task::Poll::Ready(()) => Some(()),
            std::task::Poll::Pending => None,
        })
    })
    .await
}
