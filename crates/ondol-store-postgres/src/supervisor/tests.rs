//! A task that ends is seen.

use super::*;

fn supervised(
    task: impl Future<Output = Result<(), Unfit>> + Send + 'static,
) -> (Supervisor, watch::Receiver<bool>) {
    let (stop, stopped) = watch::channel(false);
    let mut tasks = JoinSet::new();
    tasks.spawn(task);
    (Supervisor::over(tasks, stop, Arc::default()), stopped)
}

#[tokio::test]
async fn a_task_that_panics_stops_the_store_and_says_why() {
    let (supervisor, _stopped) = supervised(async { panic!("a bug") });
    let why = supervisor.close().await.expect_err("the task panicked");
    assert!(why.to_string().contains("a bug"), "found {why}");
    assert!(supervisor.why().to_string().contains("a bug"));
}

#[tokio::test]
async fn a_task_that_gives_up_stops_the_store_and_says_why() {
    let rewound = Unfit::Rewound { seen: 7, found: 5 };
    let (supervisor, _stopped) = supervised(async { Err(rewound) });
    let why = supervisor.close().await.expect_err("the task gave up");
    assert!(why.to_string().contains("position 7"), "found {why}");
}

#[tokio::test]
async fn closing_waits_for_what_is_under_way_and_may_be_done_twice() {
    let (stop, mut stopped) = watch::channel(false);
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        stopped.wait_for(|stop| *stop).await.expect("the supervisor holds the sender");
        Ok(())
    });
    let supervisor = Supervisor::over(tasks, stop, Arc::default());
    assert!(supervisor.close().await.is_ok());
    assert!(supervisor.close().await.is_ok());
    assert!(matches!(supervisor.stopped(), Some(Stop::Closed)));
}
