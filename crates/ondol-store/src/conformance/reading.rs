//! Reading the log: after a position, with filters, in pages, while it grows.

use std::sync::Arc;

use ondol_kernel::{Metadata, Position};

use super::Engine;
use super::given::{
    append, assert_dense, command, data_of, event, event_type, event_with, events, head, log, one,
    outcome, racing, some, soon, tag, tagged, version, void, wanted,
};
use super::rules::is_wanted;
use crate::{Append, Expected, Filter, Page, ReadAll, ReadError, Replica};

async fn page(store: &dyn Replica, read: ReadAll) -> Page {
    soon(store.read_all(read)).await.expect("the log can be read")
}

fn after(position: u64, limit: usize) -> ReadAll {
    ReadAll::after(Position::new(position), limit)
}

fn positions(page: &Page) -> Vec<u64> {
    page.events.iter().map(|event| event.position.get()).collect()
}

/// A log of 60 events of three kinds of streams, four types and two tags, in turn.
async fn mixed<E: Engine>() -> Arc<dyn Replica> {
    let store = E::create().await.store();
    for number in 0..30_u32 {
        let name = ["a.made", "a.moved", "b.made", "b.moved"][number as usize % 4];
        let tags = [&["red"][..], &["blue"], &[], &["red", "blue"], &["blue"]][number as usize % 5];
        let kind = ["apple", "pear", "plum"][number as usize % 3];
        let stream = ondol_kernel::StreamId::new(kind, number % 7).expect("a good name");
        let two = vec![tagged(name, tags), event()];
        append(&*store, Append::to(stream, Expected::Any, two)).await;
    }
    store
}

fn filter(types: &[&str], kinds: &[&str], tags: &[&str]) -> Filter {
    Filter {
        types: types.iter().map(|name| event_type(name)).collect(),
        kinds: kinds.iter().map(ToString::to_string).collect(),
        tags: tags.iter().map(|name| tag(name)).collect(),
    }
}

/// Every kind of question, alone and together.
fn filters() -> Vec<Filter> {
    vec![
        filter(&[], &[], &[]),
        filter(&["a.made"], &[], &[]),
        filter(&["a.made", "b.moved"], &[], &[]),
        filter(&[], &["pear"], &[]),
        filter(&[], &["pear", "plum"], &[]),
        filter(&[], &[], &["red"]),
        filter(&[], &[], &["red", "blue"]),
        filter(&["a.moved"], &["apple"], &[]),
        filter(&["a.moved", "thing.happened"], &[], &["blue"]),
        filter(&[], &["plum"], &["red"]),
        filter(&["a.made", "b.made"], &["apple", "plum"], &["red", "blue"]),
        filter(&["a"], &[], &[]),
        filter(&[], &["app"], &[]),
        filter(&[], &[], &["re"]),
    ]
}

pub async fn a_log_without_events_has_an_empty_page<E: Engine>() {
    let store = E::create().await.store();
    assert_eq!(page(&*store, after(0, 10)).await, Page::default());
}

pub async fn the_log_is_read_in_the_order_of_its_positions<E: Engine>() {
    let store = mixed::<E>().await;
    let page = page(&*store, after(0, 1_000)).await;
    assert_dense(&page.events);
    assert_eq!((page.events.len(), page.seen.get(), page.head.get()), (60, 60, 60));
}

pub async fn the_log_is_read_after_what_was_seen<E: Engine>() {
    let store = mixed::<E>().await;
    assert_eq!(positions(&page(&*store, after(57, 10)).await), [58, 59, 60]);
    assert_eq!(positions(&page(&*store, after(1, 2)).await), [2, 3]);
}

pub async fn nothing_follows_the_head_of_the_log<E: Engine>() {
    let store = mixed::<E>().await;
    let page = page(&*store, after(60, 10)).await;
    assert_eq!((page.events.len(), page.seen.get(), page.head.get()), (0, 60, 60));
}

pub async fn a_reader_ahead_of_the_log_is_told_so<E: Engine>() {
    let store = mixed::<E>().await;
    let epoch = soon(store.head()).await.expect("the log can be read").epoch;
    for ahead in [61, 62, 1_000_000, i64::MAX as u64, u64::MAX] {
        let error = soon(store.read_all(after(ahead, 10))).await.expect_err("the log has 60");
        let ReadError::AheadOfLog { asked, head, epoch: found } = error else {
            return assert_eq!(error.to_string(), "ahead of the log");
        };
        assert_eq!((asked.get(), head.get(), found), (ahead, 60, epoch));
    }
}

pub async fn a_reader_with_a_filter_ahead_of_the_log_is_told_so<E: Engine>() {
    let store = mixed::<E>().await;
    for filter in filters() {
        let error = soon(store.read_all(after(61, 0).only(filter))).await.expect_err("it has 60");
        assert!(matches!(error, ReadError::AheadOfLog { .. }), "found {error}");
    }
}

pub async fn a_limit_ends_a_page_of_the_log<E: Engine>() {
    let store = mixed::<E>().await;
    for limit in [1, 2, 59] {
        let page = page(&*store, after(0, limit)).await;
        assert_eq!((page.events.len(), page.head.get()), (limit, 60));
        assert_eq!(page.seen, page.events[limit - 1].position);
    }
}

pub async fn a_limit_of_zero_reads_nothing_and_has_seen_nothing<E: Engine>() {
    let store = mixed::<E>().await;
    let page = page(&*store, after(7, 0)).await;
    assert_eq!((page.events.len(), page.seen.get(), page.head.get()), (0, 7, 60));
}

pub async fn a_page_of_the_log_has_no_more_events_than_a_page_may<E: Engine>() {
    let store = E::create().await.store();
    let (most, each) = (store.limits().page_events_max, store.limits().events_per_append_max);
    for _ in 0..=most / each {
        append(&*store, some("a", events(each))).await;
    }
    let page = page(&*store, after(0, usize::MAX)).await;
    assert_eq!((page.events.len(), page.seen.get()), (most, most as u64));
    assert_eq!(log(&*store).await.len(), (most / each + 1) * each);
}

pub async fn a_page_of_the_log_has_no_more_bytes_than_a_page_may<E: Engine>() {
    let store = E::create().await.store();
    let (most, each) = (store.limits().page_bytes_max, store.limits().event_bytes_max);
    let count = most / each + 3;
    for number in 0..count {
        append(&*store, some(number, vec![event_with(data_of(each))])).await;
    }
    let page = page(&*store, after(0, usize::MAX)).await;
    let bytes: usize = page.events.iter().map(|event| event.data.bytes.len()).sum();
    assert!(bytes <= most && !page.events.is_empty(), "found {bytes} bytes");
    assert_eq!(page.seen, page.events[page.events.len() - 1].position);
    assert_eq!(log(&*store).await.len(), count);
}

pub async fn every_filter_finds_what_it_wants_and_nothing_else<E: Engine>() {
    let store = mixed::<E>().await;
    let all = log(&*store).await;
    for filter in filters() {
        let expected: Vec<_> =
            all.iter().filter(|event| is_wanted(&filter, event)).cloned().collect();
        assert_eq!(wanted(&*store, filter.clone(), 1_000).await, expected, "with {filter:?}");
    }
}

pub async fn every_filter_finds_the_same_in_pages_of_any_size<E: Engine>() {
    let store = mixed::<E>().await;
    for filter in filters() {
        let whole = wanted(&*store, filter.clone(), 1_000).await;
        for limit in [1, 2, 3, 7] {
            let paged = wanted(&*store, filter.clone(), limit).await;
            assert_eq!(paged, whole, "with {filter:?}, {limit} at a time");
        }
    }
}

pub async fn every_filter_finds_the_same_after_reopening<E: Engine>() {
    let mut engine = E::create().await;
    let store = engine.store();
    for number in 0..20 {
        let two = vec![tagged("a.made", &["red"]), tagged("a.moved", &["red", "blue"])];
        append(&*store, some(number % 3, two)).await;
    }
    let mut before = Vec::new();
    for filter in filters() {
        before.push(wanted(&*store, filter, 1_000).await);
    }
    drop(store);
    engine.reopen().await;
    for (filter, before) in filters().into_iter().zip(before) {
        assert_eq!(wanted(&*engine.store(), filter.clone(), 1_000).await, before);
    }
}

pub async fn a_filter_that_wants_nothing_sees_the_log_to_its_end<E: Engine>() {
    let store = mixed::<E>().await;
    let mut seen = Position::START;
    loop {
        let read = ReadAll::after(seen, 10).only(filter(&["never.happened"], &[], &[]));
        let page = page(&*store, read).await;
        assert!(page.events.is_empty());
        assert!(page.seen > seen, "a page looked at nothing");
        seen = page.seen;
        if page.seen == page.head {
            return assert_eq!(seen.get(), 60);
        }
    }
}

pub async fn a_page_never_passes_over_what_is_wanted<E: Engine>() {
    let store = mixed::<E>().await;
    let all = log(&*store).await;
    for filter in filters() {
        for from in 0..60 {
            let page = page(&*store, after(from, 2).only(filter.clone())).await;
            let between = |event: &&ondol_kernel::Envelope| {
                event.position.get() > from
                    && event.position <= page.seen
                    && is_wanted(&filter, event)
            };
            let expected: Vec<_> = all.iter().filter(between).cloned().collect();
            assert_eq!(page.events, expected, "after {from} with {filter:?}");
            assert!(page.seen.get() > from && page.seen <= page.head);
        }
    }
}

pub async fn the_houses_own_events_are_read_as_well<E: Engine>() {
    let store = E::create().await.store();
    append(&*store, one("a")).await;
    append(&*store, Append::nothing(command(1), Metadata::default())).await;
    void(&*store, command(2)).await;
    append(&*store, one("a")).await;
    let log = log(&*store).await;
    assert_dense(&log);
    assert_eq!(log.len(), 4);
    let own = wanted(&*store, filter(&[], &["$command"], &[]), 10).await;
    assert_eq!(own.iter().map(|event| event.position.get()).collect::<Vec<_>>(), [2, 3]);
    assert_eq!(wanted(&*store, filter(&["$voided"], &[], &[]), 10).await.len(), 1);
}

pub async fn what_is_acknowledged_can_be_read_at_once<E: Engine>() {
    let store = E::create().await.store();
    racing(8, |number| {
        let store = Arc::clone(&store);
        async move {
            for count in 1..=10 {
                let write = tagged("thing.happened", &[&format!("writer:{number}")]);
                let id = write.id;
                let done =
                    append(&*store, some(number, vec![write]).by(command(number * 100 + count)));
                let last = done.await.outcome.last();
                assert_eq!(version(&*store, number).await.get(), count);
                let previous = last.previous().expect("positions begin at one");
                let page = page(&*store, ReadAll::after(previous, 1)).await;
                assert_eq!(page.events[0].id, id);
                assert!(head(&*store).await >= last);
                let own = filter(&[], &[], &[&format!("writer:{number}")]);
                assert_eq!(wanted(&*store, own, 100).await.len() as u64, count);
                assert!(outcome(&*store, command(number * 100 + count)).await.is_some());
            }
        }
    })
    .await;
}

pub async fn a_reader_of_a_growing_log_misses_nothing<E: Engine>() {
    let store = E::create().await.store();
    let writers = racing(16, |number| {
        let store = Arc::clone(&store);
        async move {
            for _ in 0..25 {
                append(&*store, some(number, events(2))).await;
            }
        }
    });
    let reader = async {
        let mut read = Vec::new();
        while read.len() < 800 {
            let page = page(&*store, after(read.len() as u64, 37)).await;
            assert!(page.seen <= page.head);
            read.extend(page.events);
            tokio::task::yield_now().await;
        }
        read
    };
    let (_, read) = soon(async { tokio::join!(writers, reader) }).await;
    assert_dense(&read);
    assert_eq!(read, log(&*store).await, "what was read has changed since");
}
