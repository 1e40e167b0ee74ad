//! Reading one stream: forward, backward, from a version, with a limit, beyond the end.

use std::sync::Arc;

use ondol_kernel::{StreamId, Version};

use super::Engine;
use super::given::{
    append, assert_dense, data_of, event_with, events, one, racing, some, soon, stream, thing,
    version,
};
use crate::{ReadStream, Replica};

/// A log whose stream `a` has five events, between events of others.
async fn five<E: Engine>() -> Arc<dyn Replica> {
    let store = E::create().await.store();
    for _ in 0..5 {
        append(&*store, one("before")).await;
        append(&*store, one("a")).await;
    }
    store
}

async fn versions(store: &dyn Replica, read: ReadStream) -> Vec<u64> {
    let stream = read.stream.clone();
    let found = soon(store.read_stream(read)).await.expect("the stream can be read");
    assert!(found.iter().all(|event| event.stream == stream), "an event of another stream");
    found.iter().map(|event| event.version.get()).collect()
}

fn forward(limit: usize) -> ReadStream {
    ReadStream::forward(thing("a"), limit)
}

fn backward(limit: usize) -> ReadStream {
    ReadStream::backward(thing("a"), limit)
}

pub async fn a_stream_is_read_forward_from_its_beginning<E: Engine>() {
    assert_eq!(versions(&*five::<E>().await, forward(10)).await, [1, 2, 3, 4, 5]);
}

pub async fn a_stream_is_read_backward_from_its_end<E: Engine>() {
    assert_eq!(versions(&*five::<E>().await, backward(10)).await, [5, 4, 3, 2, 1]);
}

pub async fn a_stream_is_read_forward_from_a_version_on<E: Engine>() {
    let store = five::<E>().await;
    assert_eq!(versions(&*store, forward(10).from(Version::new(3))).await, [3, 4, 5]);
    assert_eq!(versions(&*store, forward(10).from(Version::new(5))).await, [5]);
    assert_eq!(versions(&*store, forward(10).from(Version::new(1))).await, [1, 2, 3, 4, 5]);
}

pub async fn a_stream_is_read_backward_from_a_version_on<E: Engine>() {
    let store = five::<E>().await;
    assert_eq!(versions(&*store, backward(10).from(Version::new(3))).await, [3, 2, 1]);
    assert_eq!(versions(&*store, backward(10).from(Version::new(1))).await, [1]);
    assert_eq!(versions(&*store, backward(10).from(Version::new(5))).await, [5, 4, 3, 2, 1]);
}

pub async fn a_stream_read_forward_from_beyond_its_end_has_no_events<E: Engine>() {
    let store = five::<E>().await;
    for from in [6, 7, 1_000_000, u64::MAX] {
        let found = versions(&*store, forward(10).from(Version::new(from))).await;
        assert_eq!(found, Vec::<u64>::new(), "from {from}");
    }
}

pub async fn a_stream_read_backward_from_beyond_its_end_begins_at_its_end<E: Engine>() {
    let store = five::<E>().await;
    for from in [6, 1_000_000, u64::MAX] {
        assert_eq!(versions(&*store, backward(2).from(Version::new(from))).await, [5, 4]);
    }
}

pub async fn a_stream_read_forward_from_zero_begins_at_its_beginning<E: Engine>() {
    assert_eq!(versions(&*five::<E>().await, forward(2).from(Version::EMPTY)).await, [1, 2]);
}

pub async fn a_stream_read_backward_from_zero_has_no_events<E: Engine>() {
    let found = versions(&*five::<E>().await, backward(2).from(Version::EMPTY)).await;
    assert_eq!(found, Vec::<u64>::new());
}

pub async fn a_limit_ends_a_reading_of_a_stream<E: Engine>() {
    let store = five::<E>().await;
    assert_eq!(versions(&*store, forward(1)).await, [1]);
    assert_eq!(versions(&*store, forward(4)).await, [1, 2, 3, 4]);
    assert_eq!(versions(&*store, forward(5)).await, [1, 2, 3, 4, 5]);
    assert_eq!(versions(&*store, backward(2)).await, [5, 4]);
    assert_eq!(versions(&*store, forward(2).from(Version::new(2))).await, [2, 3]);
    assert_eq!(versions(&*store, backward(2).from(Version::new(3))).await, [3, 2]);
}

pub async fn a_limit_of_zero_reads_no_event_of_a_stream<E: Engine>() {
    let store = five::<E>().await;
    assert_eq!(versions(&*store, forward(0)).await, Vec::<u64>::new());
    assert_eq!(versions(&*store, backward(0)).await, Vec::<u64>::new());
}

pub async fn a_stream_that_does_not_exist_has_no_events<E: Engine>() {
    let store = five::<E>().await;
    let absent = |name: &str| StreamId::new("thing", name).expect("a good name");
    for name in ["b", "aa", "A", "befor", "before "] {
        let found = versions(&*store, ReadStream::forward(absent(name), 10)).await;
        assert_eq!(found, Vec::<u64>::new(), "of {name:?}");
        let found = versions(&*store, ReadStream::backward(absent(name), 10)).await;
        assert_eq!(found, Vec::<u64>::new(), "of {name:?}");
    }
}

pub async fn a_page_of_a_stream_has_no_more_events_than_a_page_may<E: Engine>() {
    let store = E::create().await.store();
    let (most, each) = (store.limits().page_events_max, store.limits().events_per_append_max);
    while usize::try_from(version(&*store, "a").await.get()).expect("few events") <= most {
        append(&*store, some("a", events(each))).await;
    }
    let found = versions(&*store, forward(usize::MAX)).await;
    assert_eq!((found.len(), found[0], found[most - 1]), (most, 1, most as u64));
    assert_eq!(versions(&*store, backward(usize::MAX)).await.len(), most);
    let all = stream(&*store, "a").await;
    assert!(all.len() > most, "paging ended early");
    assert_dense(&all);
}

pub async fn a_page_of_a_stream_has_no_more_bytes_than_a_page_may<E: Engine>() {
    let store = E::create().await.store();
    let (most, each) = (store.limits().page_bytes_max, store.limits().event_bytes_max);
    let count = most / each + 3;
    for _ in 0..count {
        append(&*store, some("a", vec![event_with(data_of(each))])).await;
    }
    for read in [forward(usize::MAX), backward(usize::MAX)] {
        let page = soon(store.read_stream(read)).await.expect("the stream can be read");
        let bytes: usize = page.iter().map(|event| event.data.bytes.len()).sum();
        assert!(bytes <= most && !page.is_empty(), "found {} events, {bytes} bytes", page.len());
    }
    assert_eq!(stream(&*store, "a").await.len(), count);
}

pub async fn a_stream_is_read_backward_page_by_page<E: Engine>() {
    let store = five::<E>().await;
    let mut found = versions(&*store, backward(2)).await;
    while let Some(next) = Version::new(found[found.len() - 1]).previous() {
        let page = versions(&*store, backward(2).from(next)).await;
        if page.is_empty() {
            break;
        }
        found.extend(page);
    }
    assert_eq!(found, [5, 4, 3, 2, 1]);
}

pub async fn a_stream_reads_the_same_after_reopening<E: Engine>() {
    let mut engine = E::create().await;
    let store = engine.store();
    for _ in 0..10 {
        append(&*store, some("a", events(3))).await;
        append(&*store, some("b", events(2))).await;
    }
    let before = (stream(&*store, "a").await, stream(&*store, "b").await);
    drop(store);
    engine.reopen().await;
    let store = engine.store();
    assert_eq!((stream(&*store, "a").await, stream(&*store, "b").await), before);
    assert_eq!(versions(&*store, backward(2)).await, [30, 29]);
}

pub async fn a_thousand_streams_are_each_read_alone<E: Engine>() {
    let store = E::create().await.store();
    let per_append = store.limits().streams_per_append_max;
    for round in 0..2_usize {
        for first in (0..1_000).step_by(per_append) {
            let keys = first + 1..first + per_append;
            let whole = keys.fold(some(first, events(1 + round)), |whole, key| {
                whole.and(thing(key), crate::Expected::Any, events(1 + round))
            });
            append(&*store, whole).await;
        }
    }
    for key in 0..1_000 {
        let found = versions(&*store, ReadStream::forward(thing(key), 10)).await;
        assert_eq!(found, [1, 2, 3], "of stream {key}");
    }
}

pub async fn a_reader_of_a_stream_always_sees_a_whole_beginning<E: Engine>() {
    let store = E::create().await.store();
    let writers = racing(4, |_| {
        let store = Arc::clone(&store);
        async move {
            for _ in 0..50 {
                append(&*store, one("a")).await;
                append(&*store, one("b")).await;
            }
        }
    });
    let reader = async {
        let mut before = 0;
        while before < 200 {
            let found = versions(&*store, forward(usize::MAX)).await;
            let expected: Vec<u64> = (1..).take(found.len()).collect();
            assert_eq!(found, expected);
            assert!(found.len() >= before, "an event that was seen is gone");
            before = found.len();
            tokio::task::yield_now().await;
        }
    };
    let _ends = soon(async { tokio::join!(writers, reader) }).await;
}
