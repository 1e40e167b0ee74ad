//! What was refused is remembered for a time, within limits, and once for each command.

use std::time::Duration;

use ondol_kernel::{CausationId, CommandId, Position, Timestamp};

use super::Stage;
use crate::KeptRefusal;

/// A day, the limit of the stage.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn at(seconds: u64) -> Timestamp {
    let time = Timestamp::EPOCH.checked_add(Duration::from_secs(seconds));
    time.expect("it is in range")
}

fn command(number: u128) -> CommandId {
    CommandId::from_u128(number)
}

fn said(number: u128, what: &str) -> KeptRefusal {
    KeptRefusal {
        command: command(number),
        stream: "account:kim".parse().expect("a stream"),
        causation: Some(CausationId::from_u128(number + 1_000)),
        refusal: Some(format!("{{\"why\":\"{what}\"}}")),
        which: 3,
        position: Position::new(7),
        kept_at: at(1),
    }
}

pub async fn a_refusal_is_recalled_as_it_was_kept(stage: Stage) {
    let book = stage.store.as_ref();
    let plain = KeptRefusal { causation: None, refusal: None, ..said(2, "") };
    for refusal in [said(1, "'); DROP TABLE x; -- \u{ac00}"), plain] {
        let kept = book.keep(refusal.clone()).await.expect("it is kept");
        assert_eq!(kept, refusal);
        let found = book.recall(refusal.command, at(2)).await.expect("it can be asked");
        assert_eq!(found, Some(refusal));
    }
    assert_eq!(book.recall(command(3), at(2)).await.expect("it can be asked"), None);
}

pub async fn the_first_refusal_of_a_command_is_the_one_that_stays(stage: Stage) {
    let book = stage.store.as_ref();
    book.keep(said(1, "first")).await.expect("it is kept");
    let second = KeptRefusal { kept_at: at(5), ..said(1, "second") };
    assert_eq!(book.keep(second).await.expect("it is answered"), said(1, "first"));
    let found = book.recall(command(1), at(6)).await.expect("it can be asked");
    assert_eq!(found, Some(said(1, "first")));
}

pub async fn a_refusal_is_forgotten_after_its_time(stage: Stage) {
    let book = stage.store.as_ref();
    book.keep(said(1, "first")).await.expect("it is kept");
    let last = at(DAY.as_secs());
    assert!(book.recall(command(1), last).await.expect("it can be asked").is_some());
    let after = at(DAY.as_secs() + 1);
    assert_eq!(book.recall(command(1), after).await.expect("it can be asked"), None);
    let second = KeptRefusal { kept_at: after, ..said(1, "second") };
    assert_eq!(book.keep(second.clone()).await.expect("it is kept"), second);
    let found = book.recall(command(1), after).await.expect("it can be asked");
    assert_eq!(found, Some(second), "a day later it is another request");
}

pub async fn the_oldest_make_room_for_the_newest(stage: Stage) {
    let book = stage.store.as_ref();
    let most = stage.store.limits().refusals.refusals_max as u128;
    for number in 0..most + 3 {
        book.keep(said(number, "no")).await.expect("it is kept");
    }
    for number in 0..most + 3 {
        let found = book.recall(command(number), at(2)).await.expect("it can be asked");
        assert_eq!(found.is_some(), number >= 3, "{number} of {most}");
    }
}

pub async fn large_refusals_make_room_for_each_other(stage: Stage) {
    let book = stage.store.as_ref();
    let half = "x".repeat(stage.store.limits().refusals.bytes_max / 2);
    for number in 0..4 {
        book.keep(said(number, &half)).await.expect("it is kept");
    }
    let mut left = Vec::new();
    for number in 0..4 {
        let found = book.recall(command(number), at(2)).await.expect("it can be asked");
        left.extend(found.map(|_refusal| number));
    }
    assert_eq!(left, [3], "two do not go into it");
}

pub async fn many_refused_at_once_are_each_remembered(stage: Stage) {
    let book = &stage.store;
    let kept = (0..50).flat_map(|number| [number, number]).map(|number| {
        let book = std::sync::Arc::clone(book);
        async move { book.keep(said(number, "no")).await.expect("it is kept") }
    });
    let mut tasks = tokio::task::JoinSet::new();
    for one in kept {
        tasks.spawn(one);
    }
    assert_eq!(tasks.join_all().await.len(), 100);
    for number in 0..50 {
        let found = book.recall(command(number), at(2)).await.expect("it can be asked");
        assert_eq!(found, Some(said(number, "no")));
    }
}
