//! A page that is read ahead is the page that would have been read.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ondol_kernel::Position;

use super::*;

/// A log that only counts, and how often it was read.
#[derive(Debug, Default)]
struct Counted {
    head: AtomicU64,
    reads: AtomicU64,
}

impl Counted {
    fn of(head: u64) -> Arc<Self> {
        Arc::new(Self { head: AtomicU64::new(head), ..Self::default() })
    }

    fn read(&self, read: &ReadAll) -> Page {
        self.reads.fetch_add(1, Ordering::SeqCst);
        let head = self.head.load(Ordering::SeqCst);
        let seen = (read.after.get() + read.limit as u64).min(head);
        Page { events: Vec::new(), seen: Position::new(seen), head: Position::new(head) }
    }

    fn reads(&self) -> u64 {
        self.reads.load(Ordering::SeqCst)
    }
}

async fn page(ahead: &ReadAhead, log: &Arc<Counted>, after: u64) -> Page {
    let read = ReadAll::after(Position::new(after), 10);
    let start = |into: &mut JoinSet<Outcome>, read: ReadAll| {
        let log = Arc::clone(log);
        into.spawn(async move { Ok(log.read(&read)) });
    };
    ahead.read(read, &Limits::default(), start).await.expect("a log that counts")
}

#[tokio::test]
async fn who_asks_for_two_pages_in_a_row_finds_the_next_two_read() {
    let (ahead, log) = (ReadAhead::default(), Counted::of(100));
    page(&ahead, &log, 0).await;
    assert_eq!(log.reads(), 1, "who asks for one page may want no other");
    page(&ahead, &log, 10).await;
    tokio::task::yield_now().await;
    assert_eq!(log.reads(), 4);
    assert_eq!(page(&ahead, &log, 20).await.seen, Position::new(30));
    assert_eq!(page(&ahead, &log, 30).await.seen, Position::new(40));
    tokio::task::yield_now().await;
    assert_eq!(log.reads(), 6, "two were read already, and two more are read ahead of them");
}

#[tokio::test]
async fn all_of_a_log_is_read_once_and_to_its_end() {
    let (ahead, log) = (ReadAhead::default(), Counted::of(95));
    let mut seen = 0;
    while seen < 95 {
        let page = page(&ahead, &log, seen).await;
        assert!(page.seen.get() > seen && page.seen.get() <= seen + 10);
        seen = page.seen.get();
    }
    assert_eq!(log.reads(), 10);
}

#[tokio::test]
async fn what_was_written_since_a_page_was_read_ahead_is_not_passed_over() {
    let (ahead, log) = (ReadAhead::default(), Counted::of(30));
    page(&ahead, &log, 0).await;
    page(&ahead, &log, 10).await;
    tokio::task::yield_now().await;
    log.head.store(35, Ordering::SeqCst);
    let found = page(&ahead, &log, 20).await;
    assert_eq!(
        found.head,
        Position::new(35),
        "the page that was read ahead says the log ends at 30"
    );
}

#[tokio::test]
async fn near_the_end_of_a_log_nothing_is_read_ahead() {
    let (ahead, log) = (ReadAhead::default(), Counted::of(29));
    page(&ahead, &log, 0).await;
    page(&ahead, &log, 10).await;
    tokio::task::yield_now().await;
    assert_eq!(log.reads(), 2, "a page that is not whole may be whole when it is asked for");
}

#[tokio::test]
async fn no_more_pages_are_read_ahead_than_there_is_room_for() {
    let (ahead, log) = (ReadAhead::default(), Counted::of(1_000_000));
    for reader in 0..50 {
        page(&ahead, &log, reader * 1_000).await;
        page(&ahead, &log, reader * 1_000 + 10).await;
    }
    assert_eq!(ahead.expected().len(), EXPECTED_MAX);
}

#[tokio::test]
async fn a_guess_that_was_wrong_is_not_asked_for_and_nothing_is_passed_over() {
    let ahead = ReadAhead::default();
    // Its pages are shorter than asked for, as if their bytes were over a limit.
    let start = |into: &mut JoinSet<Outcome>, read: ReadAll| {
        let seen = Position::new((read.after.get() + 7).min(100));
        let page = Page { events: Vec::new(), seen, head: Position::new(100) };
        into.spawn(async move { Ok(page) });
    };
    let mut seen = Position::START;
    let mut pages = 0;
    while seen.get() < 100 {
        let read = ReadAll::after(seen, 10);
        let page = ahead.read(read, &Limits::default(), start).await.expect("it counts");
        assert_eq!(page.seen.get(), (seen.get() + 7).min(100));
        (seen, pages) = (page.seen, pages + 1);
    }
    assert_eq!(pages, 15);
}

#[tokio::test]
async fn a_page_that_could_not_be_read_ahead_is_read_when_it_is_asked_for() {
    let (ahead, log) = (ReadAhead::default(), Counted::of(100));
    let fails = Arc::new(AtomicU64::new(0));
    let start = |into: &mut JoinSet<Outcome>, read: ReadAll| {
        let (log, fails) = (Arc::clone(&log), Arc::clone(&fails));
        into.spawn(async move {
            match fails.load(Ordering::SeqCst) {
                0 => Ok(log.read(&read)),
                _ => Err(ReadError::Unavailable("the disk is away".into())),
            }
        });
    };
    let (limits, at) = (Limits::default(), |after| ReadAll::after(Position::new(after), 10));
    ahead.read(at(0), &limits, &start).await.expect("it is there");
    fails.store(1, Ordering::SeqCst);
    ahead.read(at(10), &limits, &start).await.expect_err("the disk is away");
    fails.store(0, Ordering::SeqCst);
    ahead.read(at(10), &limits, &start).await.expect("it is back");
    ahead.read(at(20), &limits, &start).await.expect("it is there");
    fails.store(1, Ordering::SeqCst);
    tokio::task::yield_now().await;
    fails.store(0, Ordering::SeqCst);
    let page = ahead.read(at(30), &limits, &start).await.expect("what failed was not asked for");
    assert_eq!(page.seen, Position::new(40));
}
