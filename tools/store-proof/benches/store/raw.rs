//! The limit: the bytes that the log writes for such events, in frames with a checksum, written
//! and synced in groups, and nothing else. No names, no index, no callers.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use ondol_bench::Stopwatch;
use tokio::runtime::Runtime;

use crate::engines::Engine;
use crate::load::{self, Load};

/// What is before an event's bytes: their length and their checksum.
const FRAME: usize = 8;
const FILE: u64 = 64 << 20;

/// How many bytes the log writes for one event of the load.
pub(crate) fn event_bytes(runtime: &Runtime) -> anyhow::Result<usize> {
    const EVENTS: usize = 4_096;
    let opened = Engine::Disk.open(runtime)?;
    let load = Load::new(EVENTS as u64, EVENTS as u64);
    runtime.block_on(load::append(&opened.stores, load))?;
    let folder = opened.folder.ok_or_else(|| anyhow::anyhow!("a log on a disk has a folder"))?;
    drop(opened.stores);
    let segment = std::fs::read(folder.path().join("00000000000000000001.log"))?;
    let written = segment.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    Ok(written / EVENTS)
}

/// Writes groups of so many events; answers how many a second became durable.
pub(crate) fn write(
    folder: &Path,
    event_bytes: usize,
    events: u64,
    per_group: u64,
) -> anyhow::Result<f64> {
    let payload = vec![b'7'; event_bytes - FRAME];
    let mut group = Vec::new();
    let (mut file, mut offset, mut number) = (new_file(folder, 0)?, 0, 0);
    let watch = Stopwatch::start();
    for _ in 0..events / per_group {
        group.clear();
        for _ in 0..per_group {
            let sum = crc32c::crc32c(&payload);
            group.extend_from_slice(&u32::try_from(payload.len())?.to_le_bytes());
            group.extend_from_slice(&sum.to_le_bytes());
            group.extend_from_slice(&payload);
        }
        if offset + group.len() as u64 > FILE {
            number += 1;
            (file, offset) = (new_file(folder, number)?, 0);
        }
        file.write_all_at(&group, offset)?;
        file.sync_data()?;
        offset += group.len() as u64;
    }
    Ok(watch.rate(events / per_group * per_group))
}

/// Writes as many bytes as one event takes, and syncs, over blocks written before; answers how
/// many microseconds that takes.
pub(crate) fn sync_alone(folder: &Path, event_bytes: usize, rounds: u64) -> anyhow::Result<f64> {
    let file = new_file(folder, 0)?;
    file.write_all_at(&vec![0; usize::try_from(rounds)? * event_bytes], 0)?;
    file.sync_all()?;
    let event = vec![7; event_bytes];
    let watch = Stopwatch::start();
    for nth in 0..rounds {
        file.write_all_at(&event, nth * event_bytes as u64)?;
        file.sync_data()?;
    }
    Ok(1e6 / watch.rate(rounds))
}

fn new_file(folder: &Path, number: u64) -> anyhow::Result<File> {
    Ok(File::create_new(folder.join(format!("raw-{number}")))?)
}
