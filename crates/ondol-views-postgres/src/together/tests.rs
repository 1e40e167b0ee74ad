//! Everyone gets their own answer, whoever goes for them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_gets_the_answer_to_their_own_question() {
    let (together, ways) = (Arc::new(Together::default()), Arc::new(AtomicUsize::new(0)));
    let mut tasks = JoinSet::new();
    for number in 0..2_000_u32 {
        let (together, ways) = (Arc::clone(&together), Arc::clone(&ways));
        tasks.spawn(async move {
            let go = |numbers: Vec<u32>| {
                ways.fetch_add(1, Ordering::Relaxed);
                async move {
                    tokio::task::yield_now().await;
                    numbers.into_iter().map(|number| number * 2).collect()
                }
            };
            assert_eq!(together.ask(number, go).await, number * 2);
        });
    }
    tasks.join_all().await;
    assert!(ways.load(Ordering::Relaxed) < 2_000, "nobody went for another");
}

#[tokio::test]
async fn whoever_goes_away_in_the_middle_leaves_nobody_behind() {
    let (together, gone) = (Arc::new(Together::default()), Arc::new(Notify::new()));
    let (leader, never) = (Arc::clone(&together), Arc::clone(&gone));
    let mut tasks = JoinSet::new();
    let first = tasks.spawn(async move {
        let go = |_numbers: Vec<u32>| {
            never.notify_one();
            std::future::pending::<Vec<u32>>()
        };
        leader.ask(1, go).await
    });
    gone.notified().await;
    let second = Arc::clone(&together);
    let mut others = JoinSet::new();
    others.spawn(async move { second.ask(2, std::future::ready::<Vec<u32>>).await });
    first.abort();
    assert_eq!(others.join_all().await, [2]);
}
