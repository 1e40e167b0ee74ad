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
