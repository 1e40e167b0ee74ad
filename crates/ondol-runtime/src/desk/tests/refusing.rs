//! What is refused stays refused, whoever has forgotten it.

use async_trait::async_trait;
use ondol_kernel::CausationId;
use ondol_views::{KeptRefusal, RefusalError};

use super::*;

/// A request from outside that says something.
fn saying(id: u128, what: &str) -> Request {
    Request { causation: Some(CausationId::named(what)), ..outside(id) }
}

async fn take(desk: &Desk<Purse>, request: &Request) -> Answer<Purse> {
    desk.handle("kim", Command::Take(5), request).await.expect("it is answered")
}

#[tokio::test]
async fn a_refusal_of_a_request_from_outside_outlives_the_process() {
    let bench = Bench::new();
    let first = take(&bench.desk(), &outside(1)).await;
    let nothing = bench.desk().handle("kim", Command::Put(0), &outside(2)).await.expect("answered");
    bench.desk().handle("kim", Command::Put(9), &outside(3)).await.expect("it is answered");
    let again = take(&bench.desk(), &outside(1)).await;
    assert_eq!(refused(&again), refused(&first));
    assert!(again.repeated && again.position == first.position);
    let again = bench.desk().handle("kim", Command::Put(7), &outside(2)).await.expect("answered");
    assert_eq!(accepted(&again), accepted(&nothing), "there was nothing to do, and there is not");
    assert!(again.repeated);
    assert_eq!(bench.log().await.len(), 1, "and the log has not grown");
}

#[tokio::test]
async fn refusals_are_forgotten_after_a_day_and_when_there_are_too_many() {
    let bench = Bench::new();
    let desk = bench.desk();
    for id in 0..=200 {
        take(&desk, &outside(id)).await;
    }
    assert!(take(&desk, &outside(200)).await.repeated, "the newest is remembered");
    assert!(!take(&desk, &outside(0)).await.repeated, "the oldest is not");
    bench.clock.advance(Duration::from_secs(24 * 60 * 60 - 1));
    assert!(take(&desk, &outside(200)).await.repeated, "it is not a day yet");
    bench.clock.advance(Duration::from_secs(1));
    assert!(!take(&desk, &outside(200)).await.repeated, "a day has passed");
}

#[tokio::test]
async fn another_request_under_the_same_id_is_told_also_after_a_restart() {
    let bench = Bench::new();
    bench.desk().handle("kim", Command::Put(1), &saying(1, "one")).await.expect("answered");
    take(&bench.desk(), &saying(2, "five")).await;
    for id in [1, 2] {
        let other = bench.desk().handle("kim", Command::Put(2), &saying(id, "two")).await;
        assert!(matches!(other, Err(HandleError::IdTaken { .. })), "{id}: {other:?}");
    }
    let same = bench.desk().handle("kim", Command::Put(1), &saying(1, "one")).await;
    assert!(same.expect("it is answered").repeated);
    assert!(take(&bench.desk(), &saying(2, "five")).await.repeated);
    assert_eq!(bench.log().await.len(), 1);
}

/// A book that is not to be had.
#[derive(Debug)]
struct Lost;

#[async_trait]
impl RefusalBook for Lost {
    async fn recall(
        &self,
        _command: CommandId,
        _now: Timestamp,
    ) -> Result<Option<KeptRefusal>, RefusalError> {
        Ok(None)
    }

    async fn keep(&self, _refusal: KeptRefusal) -> Result<KeptRefusal, RefusalError> {
        Err(RefusalError::Unavailable(Arc::new(std::io::Error::other("the disk is full"))))
    }
}

#[tokio::test]
async fn a_no_that_cannot_be_kept_is_not_given() {
    let bench = Bench { refusals: Arc::new(Lost), ..Bench::new() };
    let desk = bench.desk();
    let error = desk.handle("kim", Command::Take(5), &outside(1)).await.expect_err("not kept");
    assert!(matches!(error, HandleError::Refusals(_)), "{error:?}");
    let put = desk.handle("kim", Command::Put(9), &outside(2)).await.expect("it is in the log");
    assert_eq!(accepted(&put), [Event::Put(9)]);
}
