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

#[tokio::test]
async fn it_says_who_wakes_next_and_forgets_who_no_longer_waits() {
    let clock = ManualClock::at(Timestamp::EPOCH);
    assert_eq!(clock.next_due(), None);
    let late = clock.sleep(Duration::from_secs(9));
    let mut early = clock.sleep(Duration::from_secs(2));
    let as_early = clock.sleep(Duration::from_secs(2));
    assert_eq!(clock.next_due(), Some(Duration::from_secs(2)));
    drop(as_early);
    assert_eq!(clock.next_due(), Some(Duration::from_secs(2)), "one of two still waits");
    clock.advance_to(Duration::from_secs(2));
    clock.advance_to(Duration::from_secs(1));
    assert_eq!(clock.running(), Duration::from_secs(2), "it does not go back");
    assert!(futures_poll(&mut early).await.is_some());
    assert_eq!(clock.next_due(), Some(Duration::from_secs(9)));
    drop(late);
    assert_eq!(clock.next_due(), None);
}
