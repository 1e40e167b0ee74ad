//! Reading what was written.

use ondol_bench::Stopwatch;
use ondol_kernel::{Position, StreamId};
use ondol_store::{EventStore, ReadAll, ReadStream};

use crate::load::spread;

/// Reads the whole log; answers how many events a second.
pub(crate) async fn replay(store: &dyn EventStore) -> anyhow::Result<f64> {
    let (mut after, mut count) = (Position::START, 0);
    let watch = Stopwatch::start();
    loop {
        let page = store.read_all(ReadAll::after(after, 4096)).await?;
        count += page.events.len() as u64;
        if page.seen >= page.head {
            return Ok(watch.rate(count));
        }
        after = page.seen;
    }
}

/// Reads streams here and there, each twice; answers how many microseconds the second takes.
pub(crate) async fn streams(store: &dyn EventStore, streams: u64) -> anyhow::Result<f64> {
    const READ: u64 = 1_000;
    let (mut took, mut found) = (std::time::Duration::ZERO, 0);
    for nth in 1..=READ {
        let stream = StreamId::new("account", format!("{:08}", spread(nth) % streams))?;
        store.read_stream(ReadStream::forward(stream.clone(), 100)).await?;
        let watch = Stopwatch::start();
        found += store.read_stream(ReadStream::forward(stream, 100)).await?.len();
        took += watch.elapsed();
    }
    anyhow::ensure!(found > 0, "the streams that are read have events");
    Ok(took.as_secs_f64() * 1e6 / 1_000.0)
}
