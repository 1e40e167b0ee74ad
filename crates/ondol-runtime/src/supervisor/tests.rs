//! Every end is seen.

use super::*;

#[tokio::test]
async fn a_panic_in_a_task_is_seen_named_and_stops_the_others() {
    let supervisor = Supervisor::new();
    supervisor.start("follower", |mut stop| async move {
        drop(stop.wait_for(|stop| *stop).await);
        Ok(())
    });
    supervisor.start("projector", |_stop| async { panic!("the fold has gone wrong") });
    supervisor.stopping().await;
    let failure = supervisor.shut_down().await.expect_err("a task has panicked");
    assert_eq!(failure.task, "projector");
    assert_eq!(failure.ending, Ending::Panicked("the fold has gone wrong".to_owned()));
}

#[tokio::test]
async fn tasks_that_are_held_back_begin_when_all_are_there() {
    let supervisor = Supervisor::new();
    let (first, second) = (supervisor.hold_back(), supervisor.hold_back());
    let begun = Arc::new(watch::Sender::new(false));
    let begins = Arc::clone(&begun);
    supervisor.start("the first to come", move |_stop| async move {
        begins.send_replace(true);
        Ok(())
    });
    drop(first);
    for _turn in 0..20 {
        tokio::task::yield_now().await;
    }
    assert!(!*begun.borrow(), "the second still holds it back");
    drop(second);
    assert!(begun.subscribe().wait_for(|begun| *begun).await.is_ok());
    assert_eq!(supervisor.shut_down().await, Ok(()));
}

#[tokio::test]
async fn a_task_that_gives_up_says_why() {
    let supervisor = Supervisor::new();
    supervisor.start("feed", |_stop| async { Err("the log has stopped".to_owned()) });
    supervisor.stopping().await;
    let failure = supervisor.shut_down().await.expect_err("a task has given up");
    assert_eq!(failure.ending, Ending::Failed("the log has stopped".to_owned()));
}

#[tokio::test]
async fn tasks_that_are_told_to_stop_end_without_failure() {
    let supervisor = Supervisor::new();
    supervisor.start("follower", |mut stop| async move {
        drop(stop.wait_for(|stop| *stop).await);
        Ok(())
    });
    assert_eq!(supervisor.shut_down().await, Ok(()));
}
