//! Two processes of the same services over one PostgreSQL: both take commands and answer queries,
//! one of them does what only one may do. It is killed, and it is paused: the other takes over in
//! time, one that wakes up writes nothing, and whatever is done is done once.

#[path = "flow/client.rs"]
mod client;
#[path = "pair/pair.rs"]
mod pair;

use std::time::Duration;

use pair::{Pair, TAKEN_OVER_WITHIN};

const ORDERS: u32 = 20;

#[tokio::test(flavor = "multi_thread")]
async fn trap_33_a_killed_owner_is_taken_over_and_everything_follows_once() {
    let pair = Pair::start().await;
    let (mut owner, mut other) = (&pair.one, &pair.two);
    pair.fill("plums").await;
    for round in 0..3 {
        let placing = pair.place([owner, other], "plums", round * ORDERS, ORDERS);
        let killing = async {
            let took = pair.taken_over(owner.kill(), other).await;
            assert!(took <= TAKEN_OVER_WITHIN, "taken over after {took:?}");
            owner.begin().await;
        };
        tokio::join!(placing, killing);
        pair.settled(other, (round + 1) * ORDERS).await;
        std::mem::swap(&mut owner, &mut other);
    }
    pair.books_are_right("plums", 3 * ORDERS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn trap_33_a_paused_owner_that_wakes_up_writes_nothing_and_serves_commands() {
    let pair = Pair::start().await;
    let (owner, other) = (&pair.one, &pair.two);
    pair.fill("plums").await;
    pair.watch_who_writes();
    pair.place([owner, other], "plums", 0, ORDERS).await;
    pair.settled(owner, ORDERS).await;
    assert!(pair.writes_of(owner) > 0, "the owner writes");
    assert_eq!(pair.writes_of(other), 0, "the other does not");
    // It is in the middle of its work.
    let placing = pair.place([other, other], "plums", ORDERS, 5 * ORDERS);
    let pausing = async {
        let took = pair.taken_over(owner.signal("-STOP"), other).await;
        assert!(took <= TAKEN_OVER_WITHIN, "taken over after {took:?}");
    };
    tokio::join!(placing, pausing);
    pair.settled(other, 6 * ORDERS).await;
    let (written, posted) = (pair.writes_of(owner), pair.posted_by(owner));
    owner.signal("-CONT").await;
    owner.is_off_duty().await;
    pair.place([owner, owner], "plums", 6 * ORDERS, ORDERS).await;
    pair.settled(owner, 7 * ORDERS).await;
    assert_eq!(pair.writes_of(owner), written, "one who was overtaken writes nothing");
    assert_eq!(pair.posted_by(owner), posted, "and posts nothing");
    pair.books_are_right("plums", 7 * ORDERS).await;
    // It stands by, and takes over in its turn.
    let took = pair.taken_over(other.kill(), owner).await;
    assert!(took <= TAKEN_OVER_WITHIN, "taken over after {took:?}");
    pair.place([owner, owner], "plums", 7 * ORDERS, ORDERS).await;
    pair.settled(owner, 8 * ORDERS).await;
    pair.books_are_right("plums", 8 * ORDERS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_process_is_refused_where_nobody_else_sees_its_views() {
    let pair = Pair::before("sqlite", "");
    pair.one.begin().await;
    let said = pair.two.is_refused().await;
    assert!(said.contains("service-held"), "{said}");
    // Once the first one has gone, it is the first.
    pair.one.stop().await;
    pair.two.begin().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_that_is_told_to_stop_hands_over_at_once() {
    let pair = Pair::start_with("term_ms = 600000").await;
    pair.fill("plums").await;
    let took = pair.taken_over(pair.one.stop(), &pair.two).await;
    // It does not wait for the end of the term.
    assert!(took < Duration::from_secs(60), "taken over after {took:?}");
    pair.place([&pair.two, &pair.two], "plums", 0, ORDERS).await;
    pair.settled(&pair.two, ORDERS).await;
    pair.books_are_right("plums", ORDERS).await;
}
